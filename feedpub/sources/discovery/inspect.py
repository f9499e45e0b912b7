"""Inspect one document of a site: its type, its articles, the feeds that it names, and its name.

The functions run in other processes: arguments and results are plain data.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from feedpub.cleaner import articles
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Article, Item, Page
from feedpub.core.text import pluralize
from feedpub.core.urls import bare_host_from_url
from feedpub.sources import feed, rss_atom
from feedpub.sources import listing_page as listing
from feedpub.sources.document import (
    FEED,
    GZIP,
    HTML,
    JSON,
    SITEMAP,
    TEXT,
    HtmlDocument,
    detect_type,
    parse_document,
)
from feedpub.sources.items.read import ItemSelectors, items_on_page
from feedpub.sources.listing.embedded_json import items_in_jsonld, items_in_state
from feedpub.sources.listing.text import count_text_words, element_text
from feedpub.sources.markup import clean_text, to_text

MIN_HOST_CHARS = 4  # of a name that a host may contain

_STATED = ("og:site_name", "application-name", "apple-mobile-web-app-title")
_SEPARATOR = re.compile(
    r"(?<!\s)\s++[|\uff5c·•»\u203a~\N{EN DASH}\N{EM DASH}-]+\s+"
    r"|[|\uff5c]\s*|(?<!\s):\s+|(?<!\s)\s*+\N{EM DASH}\s*"
)
_WELCOME = re.compile(r"^welcome to (?:the )?", re.IGNORECASE)
_START_PAGES = frozenset(
    (
        *("home", "home page", "homepage", "start", "startseite", "accueil", "inicio", "welcome"),
        *(
            "forside",
            "hem",
            "etusivu",
            "strona główna",
            "главная",
            "ホーム",
            "トップページ",
            "首页",
        ),
    )
)
MIN_FULL_TEXT_CHARS = 1000  # a shorter text in a feed is mostly a teaser
_CUT_OFF = ("…", "...", "[…]", "[...]", "[&#8230;]", "…]")
_API_RELATION = "https://api.w.org/"
_FILE = re.compile(r"\.(?:pdf|epub|docx|odt)(?:$|[?#])", re.IGNORECASE)
_NOT_FREE = re.compile(
    r'"isAccessibleForFree"\s*:\s*"?(?:https?://schema\.org/)?false', re.IGNORECASE
)


def find_site_name(document: HtmlDocument) -> str:
    """Return the name of a page's site; "" if the page has no title."""
    for name in _STATED:
        for meta in document.tree.iter("meta"):
            is_name = name in (meta.get("property"), meta.get("name"))
            if is_name and (text := clean_text(meta.get("content", ""))):
                return without_tagline(text, document.url)
    is_front = not urlsplit(document.url).path.strip("/")
    return without_tagline(document.title, document.url, name_is_last=not is_front)


def without_tagline(title: str, url: str, *, name_is_last: bool = False) -> str:
    """Return the part of a site's or page's title that is the site's name.

    Args:
        title: the title, such as "Harbour Times – News from the coast".
        url: of the site; the part that its host contains is the name.
        name_is_last: the title begins with the name of a page, as "Sport | Harbour Times".
    """
    parts = list(filter(None, map(str.strip, _SEPARATOR.split(title))))
    parts = [part for part in parts if part.lower() not in _START_PAGES] or parts
    parts = [_WELCOME.sub("", part) or part for part in parts]
    if not parts:
        return ""
    for is_name in (_is_in_host, _begins_like_host):
        named = [part for part in parts if is_name(part, url)]
        if named:
            return max(named, key=len)
    return parts[-1] if name_is_last else parts[0]


def _is_in_host(part: str, url: str) -> bool:
    host = re.sub(r"\W", "", bare_host_from_url(url))
    compact = re.sub(r"\W", "", part.lower())
    name = compact if compact in host else compact.removeprefix("the")
    return len(name) >= MIN_HOST_CHARS and name in host


def _begins_like_host(part: str, url: str) -> bool:
    """Return True for "BBC Technology" at bbc.com."""
    first = re.split(r"\W", part.lower(), maxsplit=1)[0]
    return len(first) > 1 and first in bare_host_from_url(url).split(".")


@dataclass(frozen=True, slots=True)
class ListingPreview:
    """The articles that a document lists.

    Attributes:
        title: the document's own title.
        found_by: how the articles were found, as in "by the page's structure".
        full_text_items: the number of items with their full text.
        why_empty: the reason for an empty list; "" if it is not empty.
    """

    title: str = ""
    found_by: str = ""
    items: tuple[Item, ...] = ()
    full_text_items: int = 0
    why_empty: str = ""


@dataclass(frozen=True, slots=True)
class PageInspection:
    """The document at the given address.

    Attributes:
        url: its URL after redirects.
        document_type: as `detect_type` returns it.
        title: its own title.
        site_name: the name of its site, without a tagline; "" if it is unknown.
        listing: the articles that it links to, if it is a page.
        items: the items on it, if it is a page.
        feeds: the feeds that it names.
        api: the URL of its site's WordPress API; None if it names none.
        needs_scripts: it shows nothing before its scripts run.
        is_rendered: its scripts were run in a browser.
    """

    url: str
    document_type: str
    title: str = ""
    site_name: str = ""
    listing: ListingPreview = ListingPreview()
    items: ListingPreview = ListingPreview()
    feeds: tuple[str, ...] = ()
    api: str | None = None
    needs_scripts: bool = False
    is_rendered: bool = False

    @property
    def is_feed(self) -> bool:
        return self.document_type == FEED

    @property
    def is_json(self) -> bool:
        return self.document_type == JSON

    @property
    def is_page(self) -> bool:
        return self.document_type == HTML

    @property
    def is_sitemap(self) -> bool:
        return self.document_type in (SITEMAP, GZIP, TEXT)


def inspect_page(page: Page, links: str | None = None, item: str | None = None) -> PageInspection:
    """Inspect a document.

    Args:
        page: the document.
        links: the selector of its article links; None finds them by its structure.
        item: the selector of its items; None finds them by its structure.

    Raises:
        ExtractError: it is a page that cannot be read.
    """
    found = detect_type(page)
    if found != HTML:
        return PageInspection(page.url, found)
    document = parse_document(page)
    return PageInspection(
        url=page.url,
        document_type=found,
        title=document.title,
        site_name=find_site_name(document),
        listing=_selected_listing(page, links) if links else _page_listing(document),
        items=_items_on_page(page, item),
        feeds=document.feeds,
        api=_wordpress_api(document),
        needs_scripts=_needs_scripts(document),
    )


@dataclass(frozen=True, slots=True)
class PageSample:
    """An article as its page has it, and if the page states that it is not free."""

    article: Article
    is_paid: bool


def sample_page(page: Page, item: Item, *, listed_first: bool) -> PageSample:
    """Return the article of a page, as a build would read it. Raises ExtractError."""
    article = articles.first_page(page, item, listed_first=listed_first)
    return PageSample(article, is_paid(page))


def is_paid(page: Page) -> bool:
    """Return True if a page's JSON-LD states that it is not accessible for free."""
    if b"isAccessibleForFree" not in page.body:
        return False
    tree = parse_html(decode_html(page.body, page.charset), page.url)
    for script in tree.iter("script"):
        if "ld+json" in script.get("type", "") and _NOT_FREE.search(script.text or ""):
            return True
    return False


def feed_listing(page: Page, *, limit: int) -> ListingPreview:
    """Return the entries of a feed. Raises ExtractError."""
    items = feed.parse_items(page, limit=limit)
    return ListingPreview(rss_atom.feed_title(page), "", items, sum(map(has_full_text, items)))


def _page_listing(document: HtmlDocument) -> ListingPreview:
    try:
        items = listing.listing_items(document)
    except NoContentError as error:
        return ListingPreview(document.title, why_empty=error.reason)
    return ListingPreview(document.title, _found_by(items, document), items)


def _selected_listing(page: Page, links: str) -> ListingPreview:
    try:
        items = listing.items_in(page, links)
    except ExtractError as error:
        return ListingPreview(why_empty=error.reason)
    return ListingPreview("", f"selected by {links}", items)


def _items_on_page(page: Page, item: str | None) -> ListingPreview:
    try:
        items = items_on_page(page, ItemSelectors(item=item))
    except ExtractError as error:
        return ListingPreview(why_empty=error.reason)
    found_by = f"selected by {item}" if item else "entries on the page itself"
    return ListingPreview("", found_by, items, sum(map(has_full_text, items)))


def _needs_scripts(document: HtmlDocument) -> bool:
    body = document.tree.find("body")
    words = 0 if body is None else count_text_words(element_text(body))
    return document.scripts > 0 and words < listing.MIN_VISIBLE_WORDS


def _found_by(items: tuple[Item, ...], document: HtmlDocument) -> str:
    data = items_in_jsonld(document.data, document.base)
    if items == tuple(data.values()):
        return "in the page's JSON-LD"
    if items == items_in_state(document.state, document.base):
        return "in the page's JSON state"
    urls = [item.url or "" for item in items]
    files = list(filter(_FILE.search, urls))
    if len(files) * 2 > len(items):
        return f"{pluralize(len(files), 'file')} such as PDFs, by the page's structure"
    in_data = [url for url in urls if url in data]
    also = " and its JSON-LD" if len(in_data) * 2 > len(items) else ""
    return f"by the page's structure{also}"


def has_full_text(item: Item) -> bool:
    """Return True if a source has the text of an item, and not only a teaser."""
    text = to_text(item.html) if item.html else ""
    return len(text) >= MIN_FULL_TEXT_CHARS and not text.endswith(_CUT_OFF)


def _wordpress_api(document: HtmlDocument) -> str | None:
    for link in document.tree.iter("link"):
        if link.get("rel") == _API_RELATION and link.get("href"):
            return str(link.get("href"))
    return None
