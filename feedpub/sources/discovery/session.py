"""Send the requests of a discovery: limited in number, each URL once, failures recorded."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError, SourceError, forget_frames
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor
from feedpub.core.redact import redact
from feedpub.fetch import Fetcher, Mailbox, RequestOptions
from feedpub.fetch.browser import Browser
from feedpub.sources.document import DocumentReader

T = TypeVar("T")

MAX_REQUESTS = 36  # of one discovery, without redirects and robots.txt
_MAX_HELD_BYTES = 20_000_000  # of documents that may be parsed again


@dataclass
class DiscoverySession(DocumentReader):
    """A document reader for probes and sources.

    Attributes:
        executor: parses the documents.
        budget: the time for all of it.
        on_progress: called with each URL before it is requested.
        max_requests: the limit of requests.
        browser: renders pages; None if there is none.
        is_rendering: documents are rendered in the browser.
        requested: the URLs so far.
        failures: URL → the reason of the failure.
    """

    fetcher: Fetcher
    executor: Executor
    budget: RunBudget
    on_progress: Callable[[str], None] = lambda _: None
    max_requests: int = MAX_REQUESTS
    browser: Browser | None = None
    is_rendering: bool = False
    requested: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    _held: dict[tuple[str, bool], Page | FetchError] = field(default_factory=dict)

    def open_mailbox(self, url: str) -> Mailbox:
        """Open a mailbox without a login. Raises FetchError."""
        return self.fetcher.open_mailbox(url, RequestOptions())

    def get(self, url: str) -> Page:
        """Return the document at a URL. Raises FetchError."""
        held = self._held.get((url, self.is_rendering))
        if isinstance(held, FetchError):
            raise forget_frames(held)
        if held:
            return held
        self.budget.check_time_left(url)
        if len(self.requested) >= self.max_requests:
            raise FetchError(f"not asked: {self.max_requests} addresses were enough", url)
        self.requested.append(url)
        self.on_progress(redact(url))
        try:
            page = self._fetch(url)
        except FetchError as error:
            self._held[url, self.is_rendering] = forget_frames(error)
            raise
        held_bytes = sum(len(each.body) for each in self._held.values() if isinstance(each, Page))
        if held_bytes + len(page.body) <= _MAX_HELD_BYTES:
            self._held[url, self.is_rendering] = page
        return page

    def _fetch(self, url: str) -> Page:
        if self.is_rendering and self.browser:
            seconds = self.budget.remaining()
            return self.browser.render(url, self.fetcher, RequestOptions(), seconds=seconds)
        page = self.fetcher.get(url)
        assert isinstance(page, Page)  # noqa: S101 -- the request is not conditional
        return page

    @contextmanager
    def rendering(self, *, is_on: bool = True) -> Iterator[None]:
        """Render the documents within the context in a browser, if `is_on`."""
        before = self.is_rendering
        self.is_rendering = is_on
        try:
            yield
        finally:
            self.is_rendering = before

    @contextmanager
    def expect(self, requests: int) -> Iterator[None]:
        """Limit the requests within the context, so that one probe leaves some for the others."""
        before = self.max_requests
        self.max_requests = min(before, len(self.requested) + requests)
        try:
            yield
        finally:
            self.max_requests = before

    def fetch_all(self, urls: Iterable[str], read: Callable[[str], T]) -> Iterator[T]:
        """Yield the result of `read` for each URL; failures are recorded and skipped."""
        for url in urls:
            try:
                yield read(url)
            except SourceError as error:
                self.failures[url] = error.reason
