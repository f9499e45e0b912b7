"""A sitemap, or an index of sitemaps → the addresses in it, the newest first."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from feedpub.config import SitemapSource
from feedpub.errors import NothingFound, SourceError
from feedpub.model import Item
from feedpub.patterns import matches_url
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.protocol import Documents
from feedpub.sources.sitemapfile import Child, parse

MOST_FILES = 50  # that one look reads
_UNDATED = datetime.min.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


def read(source: SitemapSource, documents: Documents, *, limit: int) -> tuple[Item, ...]:
    """The articles of a sitemap and of those that it names: by news date or lastmod, undated ones last, in their order.

    Of an index only as many sitemaps are read, those with the newest lastmod first, as it takes to be sure of `limit`
    articles. One that fails does not lose the others.

    Raises:
        FetchError, ExtractError: the sitemap, or every one that an index names, cannot be had or read; as
            NothingFound: there are no articles in it, or none that `include` and `exclude` leave.
    """
    listed, failures = _listed(source, documents, limit)
    if not listed and failures:
        raise failures[0]
    if not listed:
        raise NothingFound("the sitemap has no entries", source.url)
    items = wanted(listed, source)
    if not items:
        raise NothingFound(f"`include` and `exclude` leave none of the sitemap's {len(listed)} addresses", source.url)
    for failure in failures:
        _log.info("left out of %s: %s", source.url, failure)
    return items[:limit]


def wanted(items: Iterable[Item], source: SitemapSource) -> tuple[Item, ...]:
    """The items that a source asks for, each address once, the newest first.

    Home pages are never articles. Archives by tag, sign-in and the like are left out where the source does not say
    what it includes and something else is left.
    """
    unique = {item.url: item for item in reversed(list(items)) if item.url and _is_asked_for(item.url, source)}
    kept = list(reversed(unique.values()))
    if not source.include:
        kept = [item for item in kept if may_be_article(item.url or "")] or kept
    return tuple(sorted(kept, key=_date, reverse=True))


def _is_asked_for(url: str, source: SitemapSource) -> bool:
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return False
    included = not source.include or any(matches_url(pattern, url) for pattern in source.include)
    return included and not any(matches_url(pattern, url) for pattern in source.exclude)


def _listed(source: SitemapSource, documents: Documents, limit: int) -> tuple[list[Item], list[SourceError]]:
    """The entries of as many files as it takes, and what failed; only the first file's failure is raised."""
    first = parse(documents.get(source.url))
    items, failures = list(first.items), list[SourceError]()
    waiting, seen = _newest_first(first.children), {source.url}
    while waiting and len(seen) < MOST_FILES and not _is_enough(wanted(items, source), waiting[0], limit):
        child = waiting.pop(0)
        if child.url in seen:
            continue
        seen.add(child.url)
        try:
            part = parse(documents.get(child.url))
        except SourceError as error:
            failures.append(error)
            continue
        items += part.items
        waiting = _newest_first([*waiting, *part.children])
    return items, failures


def _is_enough(items: tuple[Item, ...], next_file: Child, limit: int) -> bool:
    """True where nothing in the next file can be newer than the `limit` newest that we have."""
    if len(items) < limit:
        return False
    oldest = _date(items[limit - 1])
    return oldest == _UNDATED or (next_file.modified is not None and oldest >= next_file.modified)


def _newest_first(children: Iterable[Child]) -> list[Child]:
    return sorted(children, key=lambda child: child.modified or _UNDATED, reverse=True)


def _date(item: Item) -> datetime:
    return item.published or item.updated or _UNDATED
