"""Load the memory of each site that a run reads, add every page to it, and save it.

A site is a host without "www.": blogs on one domain do not share a template. If two runs learn
about a site at the same time, the one that ends last is saved; the other's pages are learned in a
later run.
"""

from datetime import datetime
from urllib.parse import urlsplit

from feedpub.cleaner.site_memory import SiteMemory, fingerprint_fetched_page
from feedpub.core.errors import ExtractError, ResourceLimitError
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.core.urls import bare_netloc
from feedpub.store import Store


def memory_key(url: str) -> str:
    """Return the name that the memory of a URL's site is stored under."""
    return bare_netloc(urlsplit(url).netloc)


class LearningSite:
    """The memory of one site during a run.

    Args:
        name: the name from `memory_key`.
        store: keeps the memory between runs.
        executor: parses the pages.
    """

    def __init__(self, name: str, store: Store, executor: Executor | None = None) -> None:
        self._name = name
        self._store = store
        self._executor = executor or InlineExecutor()
        self._stored = store.site_memory(name) or b""
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

    def save(self, now: datetime) -> None:
        """Save the memory for the next run, unless it is empty."""
        if self._memory.pages and self.memory != self._stored:
            self._store.save_memory(self._name, self.memory, now)
            self._stored = self.memory
        elif self._stored:
            self._store.use_memory(self._name, now)
