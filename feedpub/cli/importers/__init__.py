"""Coming from elsewhere: the files of other programs → feeds for the config, rules for sites, and what is lost.

    detect      which program a file is of
    opml, freshrss, html2rss, rsspls, rssbridge     one format each: bytes → drafts and losses
    selectors   what points at links elsewhere → the one selector of a page source
    documents   XML, YAML and TOML, with lines
    checking    only what the config takes
    arriving    what is there already, and what is new

Pure functions of bytes: nothing is fetched, read from disk or written here.
"""

from collections.abc import Callable, Mapping
from functools import partial

from feedpub.cli.importers import html2rss, opml, rssbridge, rsspls
from feedpub.cli.importers.detect import FORMATS, detect_format
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    Unsupported,
    join_url,
)
from feedpub.cli.importers.plan import ImportPlan, check_import, plan_import
from feedpub.config.edit import Track, track_silently
from feedpub.core.urls import bare_host_from_url

__all__ = [
    "FORMATS",
    "ImportPlan",
    "Imported",
    "ImportedFeed",
    "ImportedSite",
    "Unsupported",
    "join_url",
    "parse_import",
    "parse_import_address",
    "plan_import",
]

_READERS: Mapping[str, Callable[[bytes, str], Imported]] = {
    "opml": partial(opml.parse_opml, scraping=False),
    "html2rss": html2rss.parse_html2rss,
    "rsspls": rsspls.parse_rsspls,
    "rss-bridge": rssbridge.parse_rssbridge,
    "freshrss": opml.parse_opml,
}


def parse_import(
    body: bytes, name: str, kind: str | None = None, track: Track = track_silently
) -> Imported:
    """What is in a file of a kind, one of KINDS.

    Without one, its content says. Raises ImportFileError.
    """
    return check_import(_READERS[kind or detect_format(body, name)](body, name), track)


def parse_import_address(address: str) -> Imported:
    """What an address of RSS-Bridge says; nothing is fetched. Raises ImportFileError."""
    return check_import(
        rssbridge.parse_rssbridge_url(address, bare_host_from_url(address) or address)
    )
