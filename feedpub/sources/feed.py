"""Read the entries of a feed: RSS, RDF, Atom, JSON Feed, or posts of a WordPress site as JSON.

The format is detected from the content, whatever the Content-Type header states.
"""

from collections.abc import Sequence
from contextlib import suppress
from operator import itemgetter

from feedpub.config import FeedSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.field_limits import limit_fields
from feedpub.core.models import Item, Page
from feedpub.core.text import pluralize
from feedpub.sources.document import (
    EMPTY,
    FEED,
    HTML,
    JSON,
    SITEMAP,
    TEXT,
    DocumentReader,
    detect_type,
    is_html,
    parse_document,
)

_MAX_FEEDS_SHOWN = 5


def read_feed(source: FeedSource, documents: DocumentReader, *, limit: int) -> tuple[Item, ...]:
    """Return a feed's entries, the newest first if all have dates, else in the feed's order.

    Raises:
        FetchError: the feed cannot be fetched.
        ExtractError: it is not a feed.
        NoContentError: it has no entries, or none with a link, a title or a text.
    """
    return documents.read(source.url, parse_items, limit=limit)


def parse_items(page: Page, *, limit: int) -> tuple[Item, ...]:
    """Return the entries of a fetched feed that have any content. Raises ExtractError."""
    entries = _entries(page)
    if not entries:
        raise NoContentError("the feed has no entries", page.url)
    items = [limit_fields(item) for item in entries if _has_content(item)]
    if not items:
        number = pluralize(len(entries), "entry", "entries")
        raise NoContentError(f"none of the feed's {number} has a link, a title or a text", page.url)
    return newest_first(items)[:limit]


def _has_content(item: Item) -> bool:
    return any((item.url, item.title, item.html, item.summary, item.image, item.enclosures))


def newest_first(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return items by date, the newest first; in the given order if one has no date."""
    dated: list[tuple[float, Item]] = []
    for item in items:
        date = item.published or item.updated
        if date is None:
            return tuple(items)
        dated.append((date.timestamp(), item))
    dated.sort(key=itemgetter(0), reverse=True)
    return tuple(item for _, item in dated)


def _entries(page: Page) -> Sequence[Item]:
    from feedpub.sources import json_feed, rss_atom, wordpress

    found = detect_type(page)
    if found == JSON and page.body.lstrip().startswith(b"["):
        return wordpress.wordpress_entries(page)
    if found == JSON:
        return json_feed.json_feed_entries(page)
    if found in (FEED, TEXT):
        return rss_atom.feed_entries(page)
    if found == EMPTY:
        raise NoContentError("the feed is empty", page.url)
    if found == HTML and not is_html(page):
        with suppress(ExtractError):  # the error below states what was found instead
            if entries := rss_atom.feed_entries(page):
                return entries
    raise ExtractError(f"expected a feed, found {found}{_hint(page, found)}", page.url)


def _hint(page: Page, found: str) -> str:
    if found == SITEMAP:
        return '; use type = "sitemap"'
    if found != HTML:
        return ""
    feeds = parse_document(page).feeds
    if feeds:
        return f"; it names {' and '.join(feeds[:_MAX_FEEDS_SHOWN])} as its feeds"
    return '; use type = "page" to find its articles'
