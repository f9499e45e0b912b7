"""A sitemap, or an index of sitemaps → the addresses in it, the newest first."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

from feedpub.config import SitemapSource
from feedpub.counting import counted
from feedpub.errors import NothingFound, SourceError
from feedpub.model import Item
from feedpub.patterns import matches_url
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.protocol import Documents
from feedpub.sources.sitemapfile import Child, parse

MOST_FILES = 50  # that one look reads
MOST_ADDRESSES = 200_000  # that one look considers
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
    newest = _Newest(source, limit)
    failures = _read_files(source, documents, newest)
    if not newest.listed:
        raise failures[0] if failures else NothingFound("the sitemap has no entries", source.url)
    if not newest.items:
        raise NothingFound(
            f"`include` and `exclude` leave none of the sitemap's {counted(newest.listed, 'address', 'addresses')}",
            source.url,
        )
    for failure in failures:
        _log.info("left out of %s: %s", source.url, failure)
    return newest.items


@dataclass
class _Newest:
    """The newest addresses that a source asks for, of all that it was shown.

    Attributes:
        listed: how many it was shown.
        articles: those that may be articles; all that are asked for by `include`.
        others: archives by tag, sign-in and the like: taken where a site has nothing else.
    """

    source: SitemapSource
    limit: int
    listed: int = 0
    articles: tuple[Item, ...] = ()
    others: tuple[Item, ...] = ()

    def show(self, items: Sequence[Item]) -> None:
        """Consider what stands in one more file."""
        self.listed += len(items)
        asked_for = [item for item in items if _is_asked_for(item.url or "", self.source)]
        articles = [item for item in asked_for if self.source.include or may_be_article(item.url or "")]
        taken = {item.url for item in articles}
        self.articles = _newest_first([*self.articles, *articles], self.limit)
        self.others = _newest_first([*self.others, *(i for i in asked_for if i.url not in taken)], self.limit)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.articles or self.others

    def is_final(self, next_file: Child) -> bool:
        """True where nothing in a further file can be newer than what we have."""
        if len(self.items) < self.limit:
            return False
        oldest = _date(self.items[-1])
        return oldest == _UNDATED or (next_file.modified is not None and oldest >= next_file.modified)


def _read_files(source: SitemapSource, documents: Documents, newest: _Newest) -> list[SourceError]:
    """Read as many files as it takes; what failed is returned, but for the first file's failure, which is raised."""
    first = documents.read(source.url, parse)
    newest.show(first.items)
    failures, waiting, seen = list[SourceError](), _by_change(first.children), {source.url}
    while waiting and len(seen) < MOST_FILES and newest.listed < MOST_ADDRESSES and not newest.is_final(waiting[0]):
        child = waiting.pop(0)
        if child.url in seen:
            continue
        seen.add(child.url)
        try:
            part = documents.read(child.url, parse)
        except SourceError as error:
            failures.append(error)
            continue
        newest.show(part.items)
        waiting = _by_change([*waiting, *part.children])
    return failures


def _is_asked_for(url: str, source: SitemapSource) -> bool:
    """True for what the patterns take; never for a home page."""
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return False
    included = not source.include or any(matches_url(pattern, url) for pattern in source.include)
    return included and not any(matches_url(pattern, url) for pattern in source.exclude)


def _newest_first(items: Iterable[Item], limit: int) -> tuple[Item, ...]:
    unique: dict[str | None, Item] = {}
    for item in sorted(items, key=_date, reverse=True):
        unique.setdefault(item.url, item)
    return tuple(islice(unique.values(), limit))


def _by_change(children: Iterable[Child]) -> list[Child]:
    return sorted(children, key=lambda child: child.modified or _UNDATED, reverse=True)


def _date(item: Item) -> datetime:
    return item.published or item.updated or _UNDATED
