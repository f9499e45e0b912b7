"""Where articles come from: what a source lists, as items, the newest or most prominent first.

One module a kind of source. Each asks `Documents` for what it needs and knows nothing of the network behind it, of
what was listed before, and of how an article's own page is read.
"""

from typing import assert_never

from feedpub.config import FeedSource, FolderSource, PageSource, SitemapSource, Source
from feedpub.limits import limit_fields
from feedpub.model import Item
from feedpub.sources import feed, folder, page, sitemap
from feedpub.sources.folder import digest
from feedpub.sources.pace import pace_of
from feedpub.sources.protocol import Documents

__all__ = ["Documents", "digest", "pace_of", "read"]


def read(source: Source, documents: Documents, *, limit: int) -> tuple[Item, ...]:
    """What a source lists now, at most `limit` articles.

    Raises:
        FetchError: a document cannot be had.
        ExtractError: it was had and cannot be used; as NothingFound: it lists nothing.
    """
    return tuple(map(limit_fields, _read(source, documents, limit)))


def _read(source: Source, documents: Documents, limit: int) -> tuple[Item, ...]:
    match source:
        case PageSource():
            return page.read(source, documents)[:limit]
        case FeedSource():
            return feed.read(source, documents, limit=limit)
        case SitemapSource():
            return sitemap.read(source, documents, limit=limit)
        case FolderSource():
            return folder.read(source, limit=limit)
        case _:
            assert_never(source)
