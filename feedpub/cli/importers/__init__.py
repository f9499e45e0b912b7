"""Import feeds and site rules from the files of other programs.

    opml, html2rss, rsspls, rssbridge     one module for each format; FreshRSS is part of OPML
    selectors   combine selectors into the one of a page source
    documents   detect which program a file is from; parse XML, YAML and TOML with line numbers
    plan        drop what the config refuses, and find the feeds that are new

All functions work on bytes: nothing is fetched, read from disk or written here.
"""

from collections.abc import Callable, Mapping
from functools import partial

from feedpub.cli.importers import html2rss, opml, rssbridge, rsspls
from feedpub.cli.importers.documents import FORMATS, detect_format
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    Unsupported,
    combine_imports,
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
    "combine_imports",
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
    """Parse a file of another program.

    Args:
        body: its content.
        name: its name, for messages.
        kind: one of FORMATS; None to detect it.
        track: wraps loops to show progress.

    Raises:
        ImportFileError: the file cannot be used.
    """
    return check_import(_READERS[kind or detect_format(body, name)](body, name), track)


def parse_import_address(address: str) -> Imported:
    """Import an address of RSS-Bridge without fetching it. Raises ImportFileError."""
    return check_import(
        rssbridge.parse_rssbridge_url(address, bare_host_from_url(address) or address)
    )
