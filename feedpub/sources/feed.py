"""A feed → its entries.

RSS, RDF, Atom, JSON Feed or a WordPress's posts as JSON, whatever its header calls it.
"""

from collections.abc import Sequence
from contextlib import suppress

from feedpub.config import FeedSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.field_limits import limit_fields
from feedpub.core.models import Item, Page
from feedpub.core.text import pluralize
from feedpub.sources import json_feed, rss_atom, wordpress
from feedpub.sources.base import DocumentReader
from feedpub.sources.document import parse_document
from feedpub.sources.sniff import EMPTY, FEED, HTML, JSON, SITEMAP, TEXT, detect_type, is_html


def read_feed(source: FeedSource, documents: DocumentReader, *, limit: int) -> tuple[Item, ...]:
    """A feed's entries, the newest first where all have dates, else in the feed's order.

    Raises:
        FetchError: the feed cannot be had.
        ExtractError: it is no feed; as NoContentError: it has no entries, or none with an address.
    """
    return documents.read(source.url, parse_items, limit=limit)


def parse_items(page: Page, *, limit: int) -> tuple[Item, ...]:
    """The entries of a fetched feed that lead to an article. Raises ExtractError."""
    entries = _entries(page)
    if not entries:
        raise NoContentError("the feed has no entries", page.url)
    items = [
        limit_fields(item)
        for item in entries
        if item.url or item.html or item.summary or item.enclosures
    ]
    if not items:
        number = pluralize(len(entries), "entry", "entries")
        raise NoContentError(f"none of the feed's {number} has a link or a text", page.url)
    return newest_first(items)[:limit]


def newest_first(items: Sequence[Item]) -> tuple[Item, ...]:
    """By date where all have one; else as they come."""
    dated = [(item.published or item.updated, item) for item in items]
    if not all(date for date, _ in dated):
        return tuple(items)
    return tuple(
        item
        for _, item in sorted(
            dated, key=lambda pair: pair[0].timestamp() if pair[0] else 0, reverse=True
        )
    )


def _entries(page: Page) -> Sequence[Item]:
    what = detect_type(page)
    if what == JSON:
        return (
            wordpress.wordpress_entries(page)
            if page.body.lstrip().startswith(b"[")
            else json_feed.json_feed_entries(page)
        )
    if what in (FEED, TEXT):
        return rss_atom.feed_entries(page)
    if what == EMPTY:
        raise NoContentError("the feed is empty", page.url)
    if what == HTML and not is_html(page):
        with suppress(ExtractError):  # it is no feed, and what it is said below
            if entries := rss_atom.feed_entries(page):
                return entries
    raise ExtractError(f"expected a feed, found {what}{_hint(page, what)}", page.url)


def _hint(page: Page, what: str) -> str:
    if what == SITEMAP:
        return '; use type = "sitemap"'
    if what != HTML:
        return ""
    feeds = parse_document(page).feeds
    return (
        f"; it names {' and '.join(feeds[:5])} as its feeds"
        if feeds
        else '; use type = "page" to find its articles'
    )
