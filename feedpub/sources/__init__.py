"""List the articles of a source as items, the newest or most prominent first.

There is one module for each type of source. Sources get documents through a `DocumentReader`; they
do not know the network, what was listed before, or how an article's own page is read.
"""

import threading
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, assert_never

from feedpub.config import (
    FeedSource,
    FolderSource,
    ItemsSource,
    JsonSource,
    ListedSource,
    MailSource,
    PageSource,
    SitemapSource,
)
from feedpub.core.field_limits import limit_fields
from feedpub.core.loading import lazy_exports
from feedpub.core.models import Item

if TYPE_CHECKING:
    from feedpub.sources.document import DocumentReader
    from feedpub.sources.feed_extensions import FeedHead, read_feed_head
    from feedpub.sources.folder import file_digest
    from feedpub.sources.mail import read_local_message
    from feedpub.sources.watch import WatchedPage, describe_change, digest_lines, read_watched_page

__all__ = [
    "DocumentReader",
    "FeedHead",
    "WatchedPage",
    "describe_change",
    "digest_lines",
    "file_digest",
    "read_feed_head",
    "read_local_message",
    "read_source",
    "read_watched_page",
]


__getattr__ = lazy_exports(
    __name__,
    {
        "document": ("DocumentReader",),
        "feed_extensions": ("FeedHead", "read_feed_head"),
        "folder": ("file_digest",),
        "mail": ("read_local_message",),
        "watch": ("WatchedPage", "describe_change", "digest_lines", "read_watched_page"),
    },
)


# Modules that import each other must not be imported in several threads at once.
_IMPORTING = threading.Lock()
_READERS: Mapping[type[object], str] = {
    PageSource: "listing_page",
    FeedSource: "feed",
    SitemapSource: "sitemap",
    ItemsSource: "items.read",
    JsonSource: "json_api",
    FolderSource: "folder",
    MailSource: "mail",
}


def read_source(
    source: ListedSource, documents: "DocumentReader", *, limit: int, pages: int = 1
) -> tuple[Item, ...]:
    """Return the articles that a source lists now.

    Args:
        source: the source.
        documents: gets its documents.
        limit: of the articles of one page.
        pages: how many pages of a listing to read at most.

    Raises:
        FetchError: a document cannot be fetched.
        ExtractError: a document cannot be used.
        NoContentError: the source lists nothing.
    """
    with _IMPORTING:
        import_module(f"{__name__}.{_READERS[type(source)]}")
    match source:
        case PageSource():
            from feedpub.sources.listing_page import read_listing

            items = read_listing(source, documents, pages)[: limit * pages]
        case FeedSource():
            from feedpub.sources.feed import read_feed

            items = read_feed(source, documents, limit=limit)
        case SitemapSource():
            from feedpub.sources.sitemap import read_sitemap

            items = read_sitemap(source, documents, limit=limit)
        case ItemsSource():
            from feedpub.sources.items.read import read_items_page

            items = read_items_page(source, documents, limit=limit, pages=pages)
        case JsonSource():
            from feedpub.sources.json_api import read_json

            items = read_json(source, documents, limit=limit, pages=pages)
        case FolderSource():
            from feedpub.sources.folder import read_folder

            items = read_folder(source, documents, limit=limit)
        case MailSource():
            from feedpub.sources.mail import read_mail

            items = read_mail(source, documents, limit=limit)
        case _:
            assert_never(source)
    return tuple(map(limit_fields, items))
