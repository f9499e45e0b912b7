"""The requests of a discovery.

Counted, bounded, told of, each address asked for once; what failed is named.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError, SourceError
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor
from feedpub.core.redact import redact
from feedpub.fetch import Fetcher

P = ParamSpec("P")
T = TypeVar("T")

MOST = 36  # addresses that one discovery asks for, redirects and robots.txt aside
_KEPT = 20_000_000  # bytes of documents that are held for a second reading


@dataclass
class DiscoverySession:
    """Documents for finders and for sources, as both ask for them.

    Attributes:
        isolation: reads what was fetched.
        lease: how long all of it may take.
        tell: told of each address before it is asked for.
        most: how many addresses may be asked for.
        asked: the addresses asked for so far.
        failures: address → what went wrong there.
    """

    fetcher: Fetcher
    executor: Executor
    budget: RunBudget
    on_progress: Callable[[str], None] = lambda _: None
    max_requests: int = MOST
    requested: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    _held: dict[str, Page] = field(default_factory=dict)

    def read(
        self, url: str, parse: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function makes of the document at an address. Raises SourceError."""
        page = self.get(url)
        return self.executor.call(page.url, parse, page, *args, **kwargs)

    def get(self, url: str) -> Page:
        """The document at an address. Raises FetchError."""
        if url in self._held:
            return self._held[url]
        self.budget.check_time_left(url)
        if len(self.requested) >= self.max_requests:
            raise FetchError(f"not asked: {self.max_requests} addresses were enough", url)
        self.requested.append(url)
        self.on_progress(redact(url))
        page = self.fetcher.get(url)
        assert isinstance(page, Page)  # noqa: S101 -- nothing was asked conditionally
        if sum(len(held.body) for held in self._held.values()) + len(page.body) <= _KEPT:
            self._held[url] = page
        return page

    @contextmanager
    def expect(self, requests: int) -> Iterator[None]:
        """No more than so many requests for what is done in here.

        One way must not use up what the others need.
        """
        before, self.max_requests = (
            self.max_requests,
            min(self.max_requests, len(self.requested) + requests),
        )
        try:
            yield
        finally:
            self.max_requests = before

    def fetch_all(self, urls: Iterable[str], read: Callable[[str], T]) -> Iterator[T]:
        """What comes of each address, one after another; one that fails is noted."""
        for url in urls:
            try:
                yield read(url)
            except SourceError as error:
                self.failures[url] = error.reason
