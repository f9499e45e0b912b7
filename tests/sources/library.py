"""Documents for sources to read in tests.

An in-memory network, and pages written for the purpose.
"""

from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.fetch import Mailbox
from feedpub.sources import DocumentReader

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Library(DocumentReader):
    """An in-memory network: documents by address.

    `requested` lists the fetched addresses. A missing document raises a fetch error.
    """

    pages: dict[str, Page] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    executor: Executor = field(default_factory=InlineExecutor)

    def add(
        self, url: str, body: bytes | str, content_type: str = "", charset: str | None = None
    ) -> "Library":
        body = body.encode() if isinstance(body, str) else body
        self.pages[url] = Page(url, body, content_type, charset)
        return self

    def open_mailbox(self, url: str) -> Mailbox:
        raise FetchError("there are no mailboxes in a library", url)

    def get(self, url: str) -> Page:
        self.requested.append(url)
        if url not in self.pages:
            raise FetchError("HTTP status 404 Not Found", url, status=404)
        return self.pages[url]
