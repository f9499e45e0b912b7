"""What can be looked at: pages of which the original is at hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from feedpub.cleaner import articles
from feedpub.cleaner.pagination import HTML_TYPES
from feedpub.cleaner.rules.testing import PAGE_SUFFIXES
from feedpub.config import FeedConfig
from feedpub.core.errors import ExtractError
from feedpub.core.models import Page
from feedpub.pipeline import index
from feedpub.pipeline.context import RunContext
from feedpub.store import PageSnapshot, unpack_body


@dataclass(frozen=True, slots=True, eq=False)
class PreviewPage:
    """A page to look at.

    Attributes:
        title: for people who choose one.
        url: where it was found; "" for a saved file that does not say.
        source: the page itself, or what is kept of it.
        feed: whose article it is; None where it is no feed's.
    """

    title: str
    url: str
    source: Page | PageSnapshot
    feed: FeedConfig | None = None

    def page(self) -> Page:
        """The page. Raises ExtractError where what is kept is damaged."""
        return self.source if isinstance(self.source, Page) else unpack_body(self.source)


def pages_of_feed(feed: FeedConfig, tools: RunContext) -> list[PreviewPage]:
    """The pages that are kept of a feed's entries, newest first. Raises StoreError."""
    kept = tools.store.snapshots.for_feed(feed.name)
    entries = ((entry, kept.get(entry.id)) for entry in index.current_feed(feed, tools).entries)
    return [
        PreviewPage(entry.title, page.final_url, page, feed)
        for entry, page in entries
        if page is not None and page.form == "page" and page.content_type in HTML_TYPES
    ]


def pages_of_site(url: str, feeds: Iterable[FeedConfig], tools: RunContext) -> list[PreviewPage]:
    """The kept pages of all feeds that one file of rules would be about, as about an address.

    Raises StoreError.
    """
    host = tools.site_rules.file_for(url)
    if not host:
        return []
    return [
        each
        for feed in feeds
        for each in pages_of_feed(feed, tools)
        if tools.site_rules.file_for(each.url) == host
    ]


def page_from_address(url: str, tools: RunContext) -> PreviewPage:
    """The page at an address, which is fetched. Raises SourceError."""
    page = articles.fetch_page(url, tools.fetcher, tools.site_rules)
    return PreviewPage(url, page.url, page)


def page_from_file(path: Path, tools: RunContext) -> PreviewPage:
    """A saved page; where it is from, it says itself. Raises SourceError."""
    if path.suffix.lower() not in PAGE_SUFFIXES:
        known = ", ".join(sorted(PAGE_SUFFIXES))
        raise ExtractError(
            f"only pages ({known}) have an original to show; `feedpub clean --explain` tells the same of a text",
            str(path),
        )
    try:
        page = Page("", path.read_bytes(), "text/html")
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    said = tools.executor.call(str(path), articles.article_from_page, page)
    return PreviewPage(
        path.name, said.url or "", Page(said.url or "", page.body, page.content_type)
    )
