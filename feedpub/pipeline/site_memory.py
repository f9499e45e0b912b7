"""Add every page that a run reads to the memory of its site.

A site is a host without "www.": blogs on one domain do not share a template. If two runs learn
about a site at the same time, the one that ends last is saved; the other's pages are learned in a
later run.
"""

from urllib.parse import urlsplit

from feedpub.cleaner.site_memory import SiteMemory, fingerprint_fetched_page
from feedpub.core.errors import ExtractError, ResourceLimitError
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.core.urls import bare_netloc


def memory_key(url: str) -> str:
    """Return the name that the memory of a URL's site is stored under."""
    return bare_netloc(urlsplit(url).netloc)


class LearningSite:
    """The memory of one site during a run.

    Args:
        stored: the memory as it is stored; b"" if there is none.
        executor: parses the pages.
    """

    def __init__(self, stored: bytes = b"", executor: Executor | None = None) -> None:
        self._executor = executor or InlineExecutor()
        self._stored = stored
        self._memory = SiteMemory.from_bytes(self._stored) if self._stored else SiteMemory()
        self._serialized: bytes | None = None

    @property
    def memory(self) -> bytes:
        """Return the memory as bytes, to be passed to the cleaner with each page."""
        if self._serialized is None:
            self._serialized = self._memory.to_bytes()
        return self._serialized

    def learn(self, page: Page) -> None:
        """Add a page to the memory.

        A page that cannot be parsed is ignored: extracting its article reports the reason.

        Raises:
            ResourceLimitError: the page exceeds a limit.
        """
        if self._memory.knows(page.url):
            return
        try:
            fingerprint = self._executor.call(page.url, fingerprint_fetched_page, page)
        except ResourceLimitError:
            raise
        except ExtractError:
            return
        self._memory.remember(fingerprint)
        self._serialized = None

    def changed_memory(self) -> bytes | None:
        """Return the memory to store for the next run; None if it has not changed."""
        if self._memory.pages and self.memory != self._stored:
            return self.memory
        return None
