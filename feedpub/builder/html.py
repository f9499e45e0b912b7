"""Render HTML pages for human readers: of a feed, of a saved article, of all feeds.

The pages are self-contained and have no scripts. Other packages use the same frame, style and
Content-Security-Policy. A style sheet is a constant text, so its digest in the policy is the same
on all pages of a kind. The body of an article is inserted unchanged: the cleaner has sanitised it.
"""

import base64
import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from feedpub.builder.documents import Document, PreparedFeed, prepare, split_document
from feedpub.builder.rss_atom_text import prepare_feed, to_single_line
from feedpub.core.languages import Translations, text_direction, translations_for
from feedpub.core.models import Entry, Feed, FeedSummary
from feedpub.core.text import shorten
from feedpub.core.urls import host_from_url

if TYPE_CHECKING:
    from jinja2 import Environment

OWN_PACKAGE = "feedpub.builder"
ICON = (  # inline; otherwise browsers would request /favicon.ico
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect "
    "width='24' height='24' rx='5' fill='%23c2410c'/%3E%3Ccircle cx='7' cy='17' r='2' "
    "fill='white'/%3E%3Cpath d='M5 11a8 8 0 0 1 8 8M5 6a13 13 0 0 1 13 13' fill='none' "
    "stroke='white' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)
_FORMAT_LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
_MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
_MAX_SUMMARY_CHARS = 300


# --- the pages ---


def render_page(feed: Feed) -> bytes:
    """Render the page of a feed: how to subscribe in each format, and its latest articles."""
    return render_page_parts(prepare(feed)).join()


def render_page_parts(prepared: PreparedFeed) -> Document:
    """Render the page of a feed, with the selected entries only."""
    feed = prepared.feed
    host = host_from_url(feed.link)
    site = host if host != host_from_url(feed.base_url) else ""

    def page_of(entry: Entry) -> str:
        return entry.url or f"{feed.name}/{entry.slug}.html"

    page = _render(
        "feed.html",
        translations_for(feed.language),
        feed=feed,
        entries=prepared.entries.values(),
        is_empty=prepared.is_empty,
        site=site,
        page_of=page_of,
    )
    return split_document(page, b"<article", b"</section>\n</main>")


def render_article(feed: Feed, entry: Entry) -> bytes:
    """Render the page of a saved article, published under feeds/<name>/.

    Its images have relative addresses, so that they work wherever the folder is served.
    """
    from markupsafe import Markup  # noqa: PLC0415 -- slow to import

    feed = prepare_feed(replace(feed, entries=(entry,)))
    entry = feed.entries[0]
    body = entry.html.replace(f'src="{feed.base_url}', 'src="../')
    return _render(
        "article.html",
        translations_for(entry.language or feed.language),
        images=True,
        feed=feed,
        entry=entry,
        lead_image=_missing_lead_image(entry),
        body=Markup(body),  # noqa: S704 -- sanitised by the cleaner
    )


def render_index(headlines: Sequence[FeedSummary]) -> bytes:
    """Render the page of all feeds, in the given order."""
    headlines = [
        replace(headline, feed=prepare_feed(replace(headline.feed, entries=())))
        for headline in headlines
    ]
    languages = {headline.feed.language for headline in headlines}
    translations = translations_for(languages.pop() if len(languages) == 1 else None)
    return _render("index.html", translations, headlines=headlines)


def _missing_lead_image(entry: Entry) -> str:
    """Return the lead image, or "" if the text shows it already, however its URL is encoded."""
    image = entry.image or ""
    for address in (image, unquote(image)):
        if address in entry.html or escape(address) in entry.html:
            return ""
    return image


def _render(
    template: str, translations: Translations, *, images: bool = False, **context: object
) -> bytes:
    page = _environment().get_template(template)
    policy = _page_policy(images=images)
    html = page.render(context, words=translations, say=translations.texts, policy=policy)
    return html.encode()


@cache
def _environment() -> "Environment":
    environment = jinja_environment()
    environment.globals.update(
        label=_FORMAT_LABELS.get, media_type=_MEDIA_TYPES.get, direction=text_direction
    )
    environment.filters.update(file_name=_file_name, beginning=_beginning)
    return environment


@cache
def _page_policy(*, images: bool) -> str:
    return content_security_policy(load_stylesheet(), images=images)


def _file_name(address: str) -> str:
    return unquote(posixpath.basename(urlsplit(address).path)) or address


def _beginning(text: str) -> str:
    return shorten(to_single_line(text), _MAX_SUMMARY_CHARS)


# --- the shared frame ---


def jinja_environment(package: str = OWN_PACKAGE, sheets: Sequence[str] = ()) -> "Environment":
    """Return an environment for templates that extend the shared frame, `base.html`.

    Args:
        package: its templates take precedence over the shared ones.
        sheets: its style sheets, in addition to the shared one.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 -- slow to import
    from markupsafe import Markup  # noqa: PLC0415 -- slow to import

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(OWN_PACKAGE)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    style = Markup(load_stylesheet(package, *sheets))  # noqa: S704 -- ours
    environment.globals.update(icon=ICON, style=style)
    return environment


@cache
def load_stylesheet(package: str = OWN_PACKAGE, *sheets: str) -> str:
    """Return the shared style sheet followed by a package's own sheets."""
    own = [_read_sheet(package, sheet) for sheet in sheets]
    return "".join([_read_sheet(OWN_PACKAGE, "style.css"), *own])


def _read_sheet(package: str, sheet: str) -> str:
    return files(package).joinpath("templates", sheet).read_text(encoding="utf-8")


def content_security_policy(style: str, *, images: bool = False, forms: bool = False) -> str:
    """Return the Content-Security-Policy of a page.

    Args:
        style: the text of its style element.
        images: allow images and media from any server, in addition to inline ones.
        forms: allow forms that are sent to the page's own server.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    media = "img-src http: https: data:; media-src http: https:" if images else "img-src data:"
    target = "'self'" if forms else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; {media}; base-uri 'none'; "
        f"form-action {target}"
    )
