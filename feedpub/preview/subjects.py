"""What can be looked at: pages of which the original is at hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from feedpub import articles, fronts
from feedpub.config import FeedConfig
from feedpub.errors import ExtractError
from feedpub.model import Page
from feedpub.paging import HTML
from feedpub.store import KeptPage, unpacked
from feedpub.tools import Tools
from feedpub.trial import SUFFIXES


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A page to look at.

    Attributes:
        title: for people who choose one.
        url: where it was found; "" for a saved file that does not say.
        source: the page itself, or what is kept of it.
        feed: whose article it is; None where it is no feed's.
    """

    title: str
    url: str
    source: Page | KeptPage
    feed: FeedConfig | None = None

    def page(self) -> Page:
        """The page. Raises ExtractError where what is kept is damaged."""
        return self.source if isinstance(self.source, Page) else unpacked(self.source)


def of_feed(feed: FeedConfig, tools: Tools) -> list[Subject]:
    """The pages that are kept of a feed's entries, newest first. Raises StoreError."""
    kept = tools.store.pages.of(feed.name)
    entries = ((entry, kept.get(entry.id)) for entry in fronts.live_feed(feed, tools).entries)
    return [
        Subject(entry.title, page.final_url, page, feed)
        for entry, page in entries
        if page is not None and page.form == "page" and page.content_type in HTML
    ]


def of_site(url: str, feeds: Iterable[FeedConfig], tools: Tools) -> list[Subject]:
    """The kept pages of all feeds that one file of rules would be about, as about an address. Raises StoreError."""
    host = tools.rules.named_for(url)
    if not host:
        return []
    return [each for feed in feeds for each in of_feed(feed, tools) if tools.rules.named_for(each.url) == host]


def from_address(url: str, tools: Tools) -> Subject:
    """The page at an address, which is fetched. Raises SourceError."""
    page = articles.page_at(url, tools.fetcher, tools.rules)
    return Subject(url, page.url, page)


def from_file(path: Path, tools: Tools) -> Subject:
    """A saved page; where it is from, it says itself. Raises SourceError."""
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise ExtractError(
            f"only pages ({known}) have an original to show; `feedpub clean --explain` tells the same of a text",
            str(path),
        )
    try:
        page = Page("", path.read_bytes(), "text/html")
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    said = tools.isolation.call(str(path), articles.from_page, page)
    return Subject(path.name, said.url or "", Page(said.url or "", page.body, page.content_type))
