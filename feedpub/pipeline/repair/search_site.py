"""Search a site for a listing that moved, with a few requests to that site only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

from feedpub.config import PageSource
from feedpub.core.errors import SourceError
from feedpub.core.models import Page
from feedpub.core.urls import site_domain
from feedpub.pipeline.repair import candidates
from feedpub.pipeline.repair.candidates import FoundList, NearbyPages
from feedpub.pipeline.repair.similarity import KnownArticles
from feedpub.sources.documents import CachedDocuments

MAX_PAGES = 5  # that are requested, including the front page
MAX_FEEDS = 2  # that are requested
GOOD_SCORE = 0.8  # of a list: the search ends


@dataclass(frozen=True, slots=True)
class MovedListing:
    """The new address of a list, and its kind of source."""

    url: str
    kind: Literal["page", "feed"]
    found: FoundList


class SiteSearch:
    """The search for the listing of one source.

    Args:
        source: the source whose page no longer has the list.
        documents: the documents of the source; its request options are used again.
        known: the articles that it listed before.
    """

    def __init__(
        self, source: PageSource, documents: CachedDocuments, known: KnownArticles
    ) -> None:
        self._source = source
        self._documents = documents
        self._known = known
        self._requested: set[str] = {source.url}

    def search(self) -> MovedListing | None:
        """Return the list on another page, or else in a feed; None if it is not found."""
        starts = self._read_start_pages()
        pages = [MovedListing(url, "page", page.lists) for url, page in starts if page.lists]
        links = [link for _, page in starts for link in page.links]
        for url in dict.fromkeys(links):
            if len(self._requested) > MAX_PAGES or _has_good_list(pages):
                break
            nearby = self._request_page(url)
            if nearby and nearby.lists:
                pages.append(MovedListing(url, "page", nearby.lists))
        if pages:
            return max(pages, key=lambda page: page.found.likeness.score)
        return self._search_feeds(feed for _, page in starts for feed in page.feeds)

    def _read_start_pages(self) -> list[tuple[str, NearbyPages]]:
        """Return the source's page, which lacks the list, and the site's front page, by address."""
        starts: list[tuple[str, NearbyPages]] = []
        first = self._documents.refetch_first(self._source.url)
        if first and (nearby := self._inspect(first)):
            starts.append((first.url, NearbyPages(None, nearby.links, nearby.feeds)))
        home = urljoin(self._source.url, "/")
        if home != self._source.url and (nearby := self._request_page(home)):
            starts.append((home, nearby))
        return starts

    def _inspect(self, page: Page) -> NearbyPages | None:
        try:
            return self._documents.executor.call(
                page.url, candidates.nearby_pages, page, self._source.url, self._known
            )
        except SourceError:  # the failure of the source reports it
            return None

    def _request_page(self, url: str) -> NearbyPages | None:
        """Return a page that was not requested yet; None if it cannot be read."""
        if url in self._requested:
            return None
        self._requested.add(url)
        try:
            return self._documents.read(url, candidates.nearby_pages, self._source.url, self._known)
        except SourceError:
            return None

    def _search_feeds(self, feeds: Iterable[str]) -> MovedListing | None:
        """Return the first feed of the site that has the list."""
        site = site_domain(self._source.url)
        own = [url for url in dict.fromkeys(feeds) if site_domain(url) == site]
        for url in own[:MAX_FEEDS]:
            try:
                found = self._documents.read(url, candidates.lists_of_feed, self._known)
            except SourceError:
                continue
            if found:
                return MovedListing(url, "feed", found)
        return None


def _has_good_list(pages: Iterable[MovedListing]) -> bool:
    return any(page.found.likeness.score >= GOOD_SCORE for page in pages)
