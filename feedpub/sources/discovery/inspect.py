"""Inspect one document of a site: its type, its articles, and the feeds that it names.

The functions run in other processes: arguments and results are plain data.
"""

from dataclasses import dataclass

from feedpub.core.errors import NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources import feed, rss_atom
from feedpub.sources import listing_page as listing
from feedpub.sources.document import HtmlDocument, parse_document
from feedpub.sources.listing.embedded_json import items_in_jsonld, items_in_state
from feedpub.sources.markup import to_text
from feedpub.sources.sniff import FEED, GZIP, HTML, JSON, SITEMAP, TEXT, detect_type

MIN_FULL_TEXT_CHARS = 1000  # a shorter text in a feed is mostly a teaser
_CUT_OFF = ("…", "...", "[…]", "[...]", "[&#8230;]", "…]")
_API_RELATION = "https://api.w.org/"


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
        listing: its articles, if it is a page.
        feeds: the feeds that it names.
        api: the URL of its site's WordPress API; None if it names none.
    """

    url: str
    document_type: str
    title: str = ""
    listing: ListingPreview = ListingPreview()
    feeds: tuple[str, ...] = ()
    api: str | None = None

    @property
    def is_feed(self) -> bool:
        return self.document_type in (FEED, JSON)

    @property
    def is_sitemap(self) -> bool:
        return self.document_type in (SITEMAP, GZIP, TEXT)


def inspect_page(page: Page) -> PageInspection:
    """Inspect a document.

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
        listing=_page_listing(document),
        feeds=document.feeds,
        api=_wordpress_api(document),
    )


def feed_listing(page: Page, *, limit: int) -> ListingPreview:
    """Return the entries of a feed. Raises ExtractError."""
    items = feed.parse_items(page, limit=limit)
    return ListingPreview(rss_atom.feed_title(page), "", items, sum(map(_has_full_text, items)))


def _page_listing(document: HtmlDocument) -> ListingPreview:
    try:
        items = listing.listing_items(document)
    except NoContentError as error:
        return ListingPreview(document.title, why_empty=error.reason)
    return ListingPreview(document.title, _found_by(items, document), items)


def _found_by(items: tuple[Item, ...], document: HtmlDocument) -> str:
    data = items_in_jsonld(document.data, document.base)
    if items == tuple(data.values()):
        return "in the page's JSON-LD"
    if items == items_in_state(document.state, document.base):
        return "in the page's JSON state"
    in_data = sum(item.url in data for item in items)
    also = " and its JSON-LD" if in_data * 2 > len(items) else ""
    return f"by the page's structure{also}"


def _has_full_text(item: Item) -> bool:
    text = to_text(item.html) if item.html else ""
    return len(text) >= MIN_FULL_TEXT_CHARS and not text.endswith(_CUT_OFF)


def _wordpress_api(document: HtmlDocument) -> str | None:
    for link in document.tree.iter("link"):
        if link.get("rel") == _API_RELATION and link.get("href"):
            return str(link.get("href"))
    return None
