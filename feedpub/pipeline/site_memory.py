"""What is learned of the sites that a run reads: out of the store, more with every page, and back into it.

A site is a host, "www." aside: blogs that share a domain share no template. Two runs that learn
about one site at the same time each keep what they saw; the one that ends last is believed, and the
other's pages are learned another time.
"""

from datetime import datetime
from urllib.parse import urlsplit

from feedpub.cleaner import PageFingerprint, SiteMemory, fingerprint_page
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, ResourceLimitError
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor, InlineExecutor
from feedpub.store import Store


def memory_key(url: str) -> str:
    """The name that a site's memory is stored under."""
    return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")


class LearningSite:
    """A site's memory during a run.

    Args:
        name: the site's.
        store: where it is kept between runs.
        isolation: what looks at pages.
    """

    def __init__(self, name: str, store: Store, isolation: Executor | None = None) -> None:
        self._name = name
        self._store = store
        self._isolation = isolation or InlineExecutor()
        self._stored = store.site_memory(name) or b""
        self._memory = SiteMemory.from_bytes(self._stored) if self._stored else SiteMemory()
        self._written: bytes | None = None

    @property
    def memory(self) -> bytes:
        """What was learned so far, as `remembered` reads it: it has to be sent with every page."""
        if self._written is None:
            self._written = self._memory.to_bytes()
        return self._written

    def learn(self, page: Page) -> None:
        """Remember a page. One that cannot be read is passed over: reading its article names the reason.

        Raises:
            ResourceLimitError: it is too much to be looked at even once.
        """
        if self._memory.knows(page.url):
            return
        try:
            seen = self._isolation.call(page.url, _sighting, page)
        except ResourceLimitError:
            raise
        except ExtractError:
            return
        self._memory.remember(seen)
        self._written = None

    def save(self, now: datetime) -> None:
        """Keep the memory for the next run, where there is something in it."""
        if self._memory.pages and self.memory != self._stored:
            self._store.save_memory(self._name, self.memory, now)
            self._stored = self.memory
        elif self._stored:
            self._store.use_memory(self._name, now)


def _sighting(page: Page) -> PageFingerprint:
    return fingerprint_page(decode_html(page.body, page.charset), page.url)
