"""A source's documents: asked for conditionally, had again from the store when they did not change, and read apart.

What a source lists is read anew at each look, also when the server says 304: an article that could
not be read last
time is still listed then. New validators are handed over (`fresh`) and stored only after the feed
has been published, so that a run that was cut short asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.fetch import Fetcher, RequestOptions, Validators
from feedpub.fetch.browser import Browser
from feedpub.store import CachedDocument, Store

_MAX_REMEMBERED_BYTES = (
    20_000_000  # of a source's documents, until its feed is published; others are asked for anew
)

FetchedDocument: TypeAlias = Page | NotModified | FetchError
"""What a server says to a request."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class CachedDocuments:
    """The documents of one source.

    Attributes:
        digest: of the source's settings; a document stored under other settings is not used.
        fresh: what has to be stored once the feed is published.
        requests: how many were sent.
        first: the document that was asked for first, the source's own.
        fresh_for: seconds for which its server calls it fresh; None where it does not say.
        browser: runs the scripts of the documents; None where they are taken as they are sent.
        answers: what servers said already, by the address that they were asked for; each is taken
            once.
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

    def read(
        self, url: str, parse: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function makes of the document as it is now. Raises SourceError."""
        page = self.get(url)
        return self.executor.call(page.url, parse, page, *args, **kwargs)

    def get(self, url: str) -> Page:
        """The document as it is now. Raises FetchError."""
        page, fresh_for = self._get(url)
        if self.first is None:
            self.first, self.fresh_for = page, fresh_for
        return page

    def drop_body(self) -> None:
        """Free the memory that the source's own document takes.

        `first_again` finds its body elsewhere.
        """
        if (
            self.first and self.browser is None
        ):  # what scripts have made of a page is kept nowhere else
            self.first = replace(self.first, body=b"", place=None)

    def refetch_first(self, url: str) -> Page | None:
        """Return the document that was asked for first, whole; None if there is none any more.

        Args:
            url: where it was asked for.
        """
        if self.first is None or self.first.body:
            return self.first
        kept = next((each for each in self.fresh if each.url == url), None)
        kept = kept or self.store.cached_document(url, self.digest)
        return _page(kept) if kept else None

    def _get(self, url: str) -> tuple[Page, float | None]:
        """The document, and for how long its server calls it fresh."""
        self.budget.check_time_left(url)
        self.requests += 1
        if self.browser:
            page = self.browser.render(
                url, self.fetcher, self.options, seconds=self.budget.remaining()
            )
            return page, page.expires
        stored = self.store.cached_document(url, self.digest)
        validators = Validators(stored.etag, stored.last_modified) if stored else None
        answer = self.answers.pop(url, None) or self.fetcher.get(
            url, validators=validators, options=self.options
        )
        if isinstance(answer, FetchError):
            raise answer
        if isinstance(answer, NotModified):
            if stored is None:  # it was asked for what is gone since
                return self._get(url)
            return _page(stored), answer.expires
        if (
            sum(len(document.body) for document in self.fresh) + len(answer.body)
            <= _MAX_REMEMBERED_BYTES
        ):
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
