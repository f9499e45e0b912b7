"""The pages for people: of a feed, of a saved article, of all feeds. HTML without scripts, whole in itself.

An article's body is put in as it is: the cleaner has sanitised it.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html import escape
from urllib.parse import unquote, urlsplit

from jinja2 import Environment
from markupsafe import Markup

from feedpub.builder import look
from feedpub.builder.language import direction
from feedpub.builder.prepare import line, prepare
from feedpub.builder.words import Words, words_for
from feedpub.characters import shorten
from feedpub.model import Entry, Feed, Headline

_LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
_MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
_SUMMARY_LENGTH = 300


def render_page(feed: Feed) -> bytes:
    """The page of a feed: what it is, how to subscribe in each format, its latest articles."""
    feed = prepare(feed)
    host = urlsplit(feed.link).hostname
    site = host if host and host != urlsplit(feed.base_url).hostname else ""

    def page_of(entry: Entry) -> str:
        return entry.url or f"{feed.name}/{entry.slug}.html"

    return _render("feed.html", words_for(feed.language), feed=feed, site=site, page_of=page_of)


def render_article(feed: Feed, entry: Entry) -> bytes:
    """The own page of a saved article, under feeds/<name>/; its pictures are found wherever the folder is served."""
    feed = prepare(replace(feed, entries=(entry,)))
    entry = feed.entries[0]
    return _render(
        "article.html",
        words_for(entry.language or feed.language),
        images=True,
        feed=feed,
        entry=entry,
        lead_image=_lead_image(entry),
        body=Markup(entry.html.replace(f'src="{feed.base_url}', 'src="../')),  # noqa: S704 -- sanitised by the cleaner
    )


def render_index(headlines: Sequence[Headline]) -> bytes:
    """The page of all feeds, in the given order."""
    headlines = [replace(headline, feed=prepare(replace(headline.feed, entries=()))) for headline in headlines]
    languages = {headline.feed.language for headline in headlines}
    words = words_for(languages.pop() if len(languages) == 1 else None)
    return _render("index.html", words, headlines=headlines)


def _lead_image(entry: Entry) -> str:
    """The image to show above the text: none where the text shows it itself, in whatever spelling."""
    image = entry.image or ""
    spellings = {spelling for plain in (image, unquote(image)) for spelling in (plain, escape(plain))}
    return "" if any(spelling in entry.html for spelling in spellings) else image


def _render(template: str, words: Words, *, images: bool = False, **context: object) -> bytes:
    page = _environment().get_template(template)
    html = page.render(context, words=words, say=words.texts, policy=_policy(images=images))
    return html.encode()


@cache
def _environment() -> Environment:
    environment = look.environment()
    environment.globals.update(label=_LABELS.get, media_type=_MEDIA_TYPES.get, direction=direction)
    environment.filters.update(file_name=_file_name, beginning=_beginning)
    return environment


@cache
def _policy(*, images: bool) -> str:
    return look.policy(look.style(), images=images)


def _file_name(address: str) -> str:
    return unquote(posixpath.basename(urlsplit(address).path)) or address


def _beginning(text: str) -> str:
    return shorten(line(text), _SUMMARY_LENGTH)
