"""The names that a site adds to its pages' titles, as its other pages show. Changes no title itself."""

from collections.abc import Iterator

from feedpub.cleaner.fingerprints import title_ends
from feedpub.cleaner.memory import SiteMemory

LEAST = 2  # other pages whose titles begin or end alike
SHARE = 0.6  # of all other pages


def site_names(memory: SiteMemory, title: str, url: str | None) -> Iterator[str]:
    """What a page's title element begins or ends with as most others do."""
    pages = memory.besides(url)
    for part, mark in title_ends(title):
        if (memory.seen(mark) & pages).bit_count() >= max(LEAST, SHARE * pages.bit_count()):
            yield part
