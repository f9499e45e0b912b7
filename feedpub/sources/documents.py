"""Fetch a source's documents with conditional requests, and parse them in another process.

The listing is parsed in each run, even if the server answers 304 Not Modified: an article that
could not be read in the last run is still listed then. New validators (`fresh`) are stored only
after the feed is published, so that an interrupted run fetches the documents again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.fetch import Fetcher, RequestOptions, Validators
from feedpub.fetch.browser import Browser
from feedpub.sources.document import DocumentReader
from feedpub.store import CachedDocument, Store

if TYPE_CHECKING:
    from feedpub.fetch import Mailbox

_MAX_FRESH_BYTES = 20_000_000  # of one source; documents beyond it are fetched again next time

FetchedDocument: TypeAlias = Page | NotModified | FetchError
"""A server's response to one request."""


@dataclass
class CachedDocuments(DocumentReader):
    """The documents of one source.

    Attributes:
        digest: of the source's settings; a document stored under other settings is not used.
        fresh: documents to store after the feed is published.
        requests: the number of requests so far.
        first: the document that was fetched first: the source's own.
        fresh_for: the seconds for which its server calls it fresh; None if it does not say.
        browser: runs the scripts of the documents; None to take them as they are sent.
        answers: responses that were received before, by URL; each is used once.
        headers: pairs of name, in lower case, and value: sent for the documents, not for articles.
        request_body: JSON to send with POST; None sends GET.
    """

    fetcher: Fetcher
    store: Store
    options: RequestOptions
    digest: str
    clock: Callable[[], datetime]
    budget: RunBudget = field(default_factory=RunBudget)
    executor: Executor = field(default_factory=InlineExecutor)
    fresh: list[CachedDocument] = field(default_factory=list)
    requests: int = 0
    first: Page | None = None
    fresh_for: float | None = None
    browser: Browser | None = None
    answers: dict[str, FetchedDocument] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes | None = None

    def open_mailbox(self, url: str) -> "Mailbox":
        """Open a mailbox read-only. Raises FetchError."""
        self.budget.check_time_left(url)
        return self.fetcher.open_mailbox(url, self.options)

    def get(self, url: str) -> Page:
        """Return a document as it is now. Raises FetchError."""
        page, fresh_for = self._get(url)
        if self.first is None:
            self.first, self.fresh_for = page, fresh_for
        return page

    def drop_body(self) -> None:
        """Free the memory of the source's own document; `refetch_first` restores it."""
        if self.first and self.browser is None:  # a rendered page is stored nowhere else
            self.first = replace(self.first, body=b"", place=None)

    def refetch_first(self, url: str) -> Page | None:
        """Return the document that was fetched first with its body; None if it is gone.

        Args:
            url: the address of the request.
        """
        if self.first is None or self.first.body:
            return self.first
        kept = next((each for each in self.fresh if each.url == url), None)
        kept = kept or self.store.cached_document(url, self.digest)
        return _page(kept) if kept else None

    def _get(self, url: str) -> tuple[Page, float | None]:
        """Return a document, and the seconds for which its server calls it fresh."""
        self.budget.check_time_left(url)
        self.requests += 1
        if self.browser:
            page = self.browser.render(
                url, self.fetcher, self.options, seconds=self.budget.remaining()
            )
            return page, page.expires
        options = self.options.for_url(url, self.headers)
        if self.request_body is not None:
            page = self.fetcher.post(url, self.request_body, options=options)
            return page, page.expires
        stored = self.store.cached_document(url, self.digest)
        validators = Validators(stored.etag, stored.last_modified) if stored else None
        answer = self.answers.pop(url, None) or self.fetcher.get(
            url, validators=validators, options=options
        )
        if isinstance(answer, FetchError):
            raise answer
        if isinstance(answer, NotModified):
            if stored is None:  # it was deleted after the request
                return self._get(url)
            return _page(stored), answer.expires
        size = sum(len(document.body) for document in self.fresh)
        if size + len(answer.body) <= _MAX_FRESH_BYTES:
            self.fresh.append(self._document(url, answer))
        return answer, answer.expires

    def _document(self, url: str, page: Page) -> CachedDocument:
        return CachedDocument(
            url=url,
            config_digest=self.digest,
            final_url=page.url,
            body=page.body,
            content_type=page.content_type,
            charset=page.charset,
            etag=page.etag,
            last_modified=page.last_modified,
            fetched=self.clock(),
        )


def _page(document: CachedDocument) -> Page:
    return Page(
        url=document.final_url,
        body=document.body,
        content_type=document.content_type,
        charset=document.charset,
        etag=document.etag,
        last_modified=document.last_modified,
    )
