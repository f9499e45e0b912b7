"""What all pages for people share: the frame, the style, the icon, and what a page may load.

A style is one constant text, so that its digest in the page's Content-Security-Policy (and in a
server's) holds for every page of a kind.
"""

import base64
import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import unquote, urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedpub.builder.rss_atom_text import prepare_feed, to_single_line
from feedpub.core.i18n import Translations, translations_for
from feedpub.core.languages import text_direction
from feedpub.core.models import Entry, Feed, FeedSummary
from feedpub.core.text import shorten

OWN = "feedpub.builder"
ICON = (  # inline, or browsers would ask for /favicon.ico
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect width='24' height='24' "
    "rx='5' fill='%23c2410c'/%3E%3Ccircle cx='7' cy='17' r='2' fill='white'/%3E%3Cpath d='M5 11a8 8 0 0 1 8 8M5 6a13 "
    "13 0 0 1 13 13' fill='none' stroke='white' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)


def jinja_environment(package: str = OWN, sheets: Sequence[str] = ()) -> Environment:
    """Templates that may use the shared frame, `base.html`.

    Args:
        package: whose templates come first.
        sheets: its style sheets, beyond the shared one.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(OWN)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.globals.update(icon=ICON, style=Markup(load_stylesheet(package, *sheets)))  # noqa: S704 -- ours
    return made


@cache
def load_stylesheet(package: str = OWN, *sheets: str) -> str:
    """The shared style, and what a package's own sheets add to it."""
    return _text(OWN, "style.css") + "".join(_text(package, sheet) for sheet in sheets)


def content_security_policy(style: str, *, images: bool = False, forms: bool = False) -> str:
    """What a page may load and send, as the value of Content-Security-Policy.

    Args:
        style: the text of its style element.
        images: images and sounds from wherever they lie, besides what stands in the page itself.
        forms: forms that go to the page's own server.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures = "img-src http: https: data:; media-src http: https:" if images else "img-src data:"
    target = "'self'" if forms else "'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; {pictures}; base-uri 'none'; form-action {target}"


def _text(package: str, sheet: str) -> str:
    return files(package).joinpath("templates", sheet).read_text(encoding="utf-8")


# SECTION: The pages for people: of a feed, of a saved article, of all feeds. HTML without
# scripts, whole in itself.
#
# An article's body is put in as it is: the cleaner has sanitised it.

_LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
_MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
_SUMMARY_LENGTH = 300


def render_page(feed: Feed) -> bytes:
    """The page of a feed: what it is, how to subscribe in each format, its latest articles."""
    feed = prepare_feed(feed)
    host = urlsplit(feed.link).hostname
    site = host if host and host != urlsplit(feed.base_url).hostname else ""

    def page_of(entry: Entry) -> str:
        return entry.url or f"{feed.name}/{entry.slug}.html"

    return _render(
        "feed.html", translations_for(feed.language), feed=feed, site=site, page_of=page_of
    )


def render_article(feed: Feed, entry: Entry) -> bytes:
    """The own page of a saved article, under feeds/<name>/.

    Its pictures are found wherever the folder is served.
    """
    feed = prepare_feed(replace(feed, entries=(entry,)))
    entry = feed.entries[0]
    return _render(
        "article.html",
        translations_for(entry.language or feed.language),
        images=True,
        feed=feed,
        entry=entry,
        lead_image=_lead_image(entry),
        body=Markup(entry.html.replace(f'src="{feed.base_url}', 'src="../')),  # noqa: S704 -- sanitised by the cleaner
    )


def render_index(headlines: Sequence[FeedSummary]) -> bytes:
    """The page of all feeds, in the given order."""
    headlines = [
        replace(headline, feed=prepare_feed(replace(headline.feed, entries=())))
        for headline in headlines
    ]
    languages = {headline.feed.language for headline in headlines}
    words = translations_for(languages.pop() if len(languages) == 1 else None)
    return _render("index.html", words, headlines=headlines)


def _lead_image(entry: Entry) -> str:
    """The image to show above the text.

    None where the text shows it itself, in whatever spelling.
    """
    image = entry.image or ""
    spellings = {
        spelling for plain in (image, unquote(image)) for spelling in (plain, escape(plain))
    }
    return "" if any(spelling in entry.html for spelling in spellings) else image


def _render(
    template: str, words: Translations, *, images: bool = False, **context: object
) -> bytes:
    page = _environment().get_template(template)
    html = page.render(context, words=words, say=words.texts, policy=_policy(images=images))
    return html.encode()


@cache
def _environment() -> Environment:
    environment = jinja_environment()
    environment.globals.update(
        label=_LABELS.get, media_type=_MEDIA_TYPES.get, direction=text_direction
    )
    environment.filters.update(file_name=_file_name, beginning=_beginning)
    return environment


@cache
def _policy(*, images: bool) -> str:
    return content_security_policy(load_stylesheet(), images=images)


def _file_name(address: str) -> str:
    return unquote(posixpath.basename(urlsplit(address).path)) or address


def _beginning(text: str) -> str:
    return shorten(to_single_line(text), _SUMMARY_LENGTH)
