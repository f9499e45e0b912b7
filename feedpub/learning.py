"""What is learned of the sites that a run reads: out of the store, more with every page, and back into it.

A site is a host, "www." aside: blogs that share a domain share no template. Two runs that learn about one site at the
same time each keep what they saw; the one that ends last is believed, and the other's pages are learned another time.
"""

from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from feedpub.cleaner import Sighting, SiteMemory, sight
from feedpub.decode import decode_html
from feedpub.errors import ExtractError, OverrunError
from feedpub.isolation import InProcess, Isolation
from feedpub.model import Page
from feedpub.store import Store


def site_of(url: str) -> str:
    """The name that a site's memory is stored under."""
    return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")


class Site:
    """A site's memory during a run.

    Args:
        name: the site's.
        store: where it is kept between runs.
        isolation: what looks at pages.
    """

    def __init__(self, name: str, store: Store, isolation: Isolation | None = None) -> None:
        self._name = name
        self._store = store
        self._isolation = isolation or InProcess()
        self._stored = store.memory(name) or b""
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
            OverrunError: it is too much to be looked at even once.
        """
        if self._memory.knows(page.url):
            return
        try:
            seen = self._isolation.call(page.url, _sighting, page)
        except OverrunError:
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


def _sighting(page: Page) -> Sighting:
    return sight(decode_html(page.body, page.charset), page.url)


@lru_cache(maxsize=4)
def remembered(memory: bytes) -> SiteMemory:
    """A memory as a site gives it; the pages of a site follow each other, and it is the same for many of them."""
    return SiteMemory.from_bytes(memory)
