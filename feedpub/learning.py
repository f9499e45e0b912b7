"""What is learned of the sites that a run reads: out of the store, more with every page, and back into it.

A site is a host, "www." aside: blogs that share a domain share no template. Two runs that learn about one site at the
same time each keep what they saw; the one that ends last is believed, and the other's pages are learned another time.
"""

from contextlib import suppress
from urllib.parse import urlsplit

from feedpub.cleaner import SiteMemory
from feedpub.decode import decode_html
from feedpub.errors import ExtractError
from feedpub.model import Page
from feedpub.store import Store


def site_of(url: str) -> str:
    """The name that a site's memory is stored under."""
    return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")


class Site:
    """A site's memory during a run.

    Attributes:
        memory: what was learned so far.
    """

    def __init__(self, name: str, store: Store) -> None:
        self._name = name
        self._store = store
        self._stored = store.memory(name) or b""
        self.memory = SiteMemory.from_bytes(self._stored) if self._stored else SiteMemory()

    def learn(self, page: Page) -> None:
        """Remember a page. One that cannot be read is passed over: reading its article names the reason."""
        with suppress(ExtractError):
            self.memory.learn(decode_html(page.body, page.charset), page.url)

    def save(self) -> None:
        """Keep the memory for the next run, where there is something new in it."""
        content = self.memory.to_bytes()
        if self.memory.pages and content != self._stored:
            self._store.save_memory(self._name, content)
            self._stored = content
