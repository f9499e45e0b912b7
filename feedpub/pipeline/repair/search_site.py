"""Where a listing moved to: the same site is asked, within a few requests, and nobody else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

from feedpub.config import PageSource
from feedpub.core.errors import SourceError
from feedpub.core.urls import site_domain
from feedpub.pipeline.repair import candidates
from feedpub.pipeline.repair.candidates import FoundList, NearbyPages
from feedpub.pipeline.repair.similarity import KnownArticles
from feedpub.sources.documents import CachedDocuments

PAGES, FEEDS = 5, 2  # that are asked for, the front page among them
SURE = 0.8  # score: nothing better is looked for


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a list is now, and as which kind of source."""

    url: str
    kind: Literal["page", "feed"]
    found: FoundList


class SiteSearch:
    """The search for one source's listing.

    Args:
        source: whose page does not have the list any more, or is gone.
        documents: of the source: what it sends to its own host is sent again.
        known: what it used to list.
    """

    def __init__(
        self, source: PageSource, documents: CachedDocuments, known: KnownArticles
    ) -> None:
        self._source = source
        self._documents = documents
        self._known = known
        self._asked: set[str] = {source.url}

    def search(self) -> Moved | None:
        """The list that was: on another page, else in a feed; None where neither is found."""
        starts = list(self._starts())
        pages = [Moved(url, "page", seen.lists) for url, seen in starts if seen.lists]
        for url in dict.fromkeys(link for _, seen in starts for link in seen.links):
            if len(self._asked) > PAGES or any(page.found.likeness.score >= SURE for page in pages):
                break
            if (seen := self._around(url)) and seen.lists:
                pages.append(Moved(url, "page", seen.lists))
        best = max(pages, key=lambda page: page.found.likeness.score, default=None)
        return best or self._feed([feed for _, seen in starts for feed in seen.feeds])

    def _starts(self) -> Iterator[tuple[str, NearbyPages]]:
        """The page that came, which has no such list; and the site's front page."""
        first = self._documents.refetch_first(self._source.url)
        if first and (seen := self._read(first.url)):
            yield first.url, NearbyPages(None, seen.links, seen.feeds)
        home = urljoin(self._source.url, "/")
        if home != self._source.url and (seen := self._around(home)):
            yield home, seen

    def _read(self, url: str) -> NearbyPages | None:
        """What the page that the source fetched says, which is not fetched again."""
        first = self._documents.refetch_first(self._source.url)
        assert first is not None  # noqa: S101 -- asked for only where there is one
        try:
            return self._documents.executor.call(
                url, candidates.nearby_pages, first, self._source.url, self._known
            )
        except SourceError:  # the source itself has failed on it, and said so
            return None

    def _around(self, url: str) -> NearbyPages | None:
        """What a page says.

        None where it cannot be had: that it is not where the list is says enough.
        """
        if url in self._asked:
            return None
        self._asked.add(url)
        try:
            return self._documents.read(url, candidates.nearby_pages, self._source.url, self._known)
        except SourceError:
            return None

    def _feed(self, named: Sequence[str]) -> Moved | None:
        """The first of the feeds that the site names for itself that has the list."""
        own = [
            url for url in dict.fromkeys(named) if site_domain(url) == site_domain(self._source.url)
        ]
        for url in own[:FEEDS]:
            try:
                found = self._documents.read(url, candidates.lists_of_feed, self._known)
            except SourceError:  # a feed that cannot be had is not where the list is
                continue
            if found:
                return Moved(url, "feed", found)
        return None
