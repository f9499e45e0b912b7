"""Coming from elsewhere: the files of other programs → feeds for the config, rules for sites, and what is lost.

    detect      which program a file is of
    opml, freshrss, html2rss, rsspls, rssbridge     one format each: bytes → drafts and losses
    selectors, xpath    what points at links elsewhere → the one selector of a page source
    documents   XML, YAML and TOML, with lines
    checking    only what the config takes
    arriving    what is there already, and what is new

Pure functions of bytes: nothing is fetched, read from disk or written here.
"""

from collections.abc import Callable, Mapping
from functools import partial

from feedpub.config.writing import Track, untracked
from feedpub.importing import html2rss, opml, rssbridge, rsspls
from feedpub.importing.arriving import Arrivals, arrivals
from feedpub.importing.checking import checked
from feedpub.importing.detect import KINDS, kind_of
from feedpub.importing.model import FeedDraft, Imported, Loss, SiteDraft, host_of, joined

__all__ = [
    "KINDS",
    "Arrivals",
    "FeedDraft",
    "Imported",
    "Loss",
    "SiteDraft",
    "arrivals",
    "joined",
    "read",
    "read_address",
]

_READERS: Mapping[str, Callable[[bytes, str], Imported]] = {
    "opml": partial(opml.read, scraping=False),
    "html2rss": html2rss.read,
    "rsspls": rsspls.read,
    "rss-bridge": rssbridge.read,
    "freshrss": opml.read,
}


def read(body: bytes, name: str, kind: str | None = None, track: Track = untracked) -> Imported:
    """What is in a file of a kind, one of KINDS; without one, its content says. Raises ForeignError."""
    return checked(_READERS[kind or kind_of(body, name)](body, name), track)


def read_address(address: str) -> Imported:
    """What an address of RSS-Bridge says; nothing is fetched. Raises ForeignError."""
    return checked(rssbridge.read_address(address, host_of(address)))
