"""Where articles come from: what a source lists, as items, the newest or most prominent first.

One module a kind of source. Each asks `Documents` for what it needs and knows nothing of the
network behind it, of what was listed before, and of how an article's own page is read.
"""

from typing import assert_never

from feedpub.config import FeedSource, FolderSource, PageSource, SitemapSource, Source
from feedpub.core.field_limits import limit_fields
from feedpub.core.models import Item
from feedpub.sources import feed, folder, listing_page, sitemap
from feedpub.sources.base import DocumentReader
from feedpub.sources.folder import file_digest
from feedpub.sources.polling_hints import polling_hints

__all__ = ["DocumentReader", "file_digest", "polling_hints", "read_source"]


def read_source(source: Source, documents: DocumentReader, *, limit: int) -> tuple[Item, ...]:
    """What a source lists now, at most `limit` articles.

    Raises:
        FetchError: a document cannot be had.
        ExtractError: it was had and cannot be used; as NoContentError: it lists nothing.
    """
    return tuple(map(limit_fields, _read(source, documents, limit)))


def _read(source: Source, documents: DocumentReader, limit: int) -> tuple[Item, ...]:
    match source:
        case PageSource():
            return listing_page.read_listing(source, documents)[:limit]
        case FeedSource():
            return feed.read_feed(source, documents, limit=limit)
        case SitemapSource():
            return sitemap.read_sitemap(source, documents, limit=limit)
        case FolderSource():
            return folder.read_folder(source, limit=limit)
        case _:
            assert_never(source)
