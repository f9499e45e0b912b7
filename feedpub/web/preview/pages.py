"""Find pages for the preview: the stored pages of a feed, a page at a URL, or a saved file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from feedpub.builder.titles import display_title
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
    """A page for the preview.

    Attributes:
        title: Shown in the list of pages.
        url: Its URL; "" for a saved file that does not name one.
        source: The page, or its stored snapshot.
        feed: The feed that it belongs to; None if it belongs to none.
        content_reason: Why its entry has this content; "" if there was no choice.
    """

    title: str
    url: str
    source: Page | PageSnapshot
    feed: FeedConfig | None = None
    content_reason: str = ""

    def page(self) -> Page:
        """Return the page. Raises ExtractError if the snapshot is corrupt."""
        return self.source if isinstance(self.source, Page) else unpack_body(self.source)


def pages_of_feed(feed: FeedConfig, context: RunContext) -> list[PreviewPage]:
    """Return the stored pages of a feed's entries, newest first. Raises StoreError."""
    snapshots = context.store.snapshots.for_feed(feed.name)
    pages = []
    for entry in index.current_feed(feed, context).entries:
        snapshot = snapshots.get(entry.id)
        if snapshot is None or snapshot.form != "page":
            continue
        if snapshot.content_type in HTML_TYPES:
            title, reason = display_title(entry), entry.content_reason
            pages.append(PreviewPage(title, snapshot.final_url, snapshot, feed, reason))
    return pages


def pages_of_site(url: str, feeds: Iterable[FeedConfig], context: RunContext) -> list[PreviewPage]:
    """Return the stored pages of all feeds that share a rule file with a URL.

    Raises:
        StoreError: The state cannot be read.
    """
    host = context.site_rules.file_for(url)
    if not host:
        return []
    pages: list[PreviewPage] = []
    for feed in feeds:
        pages += pages_of_feed(feed, context)
    return [page for page in pages if context.site_rules.file_for(page.url) == host]


def page_from_address(url: str, context: RunContext) -> PreviewPage:
    """Fetch the page at a URL. Raises SourceError."""
    page = articles.fetch_page(url, context.fetcher, context.site_rules)
    return PreviewPage(url, page.url, page)


def page_from_file(path: Path, context: RunContext) -> PreviewPage:
    """Read a saved page. Its URL is taken from its own metadata. Raises SourceError."""
    if path.suffix.lower() not in PAGE_SUFFIXES:
        suffixes = ", ".join(sorted(PAGE_SUFFIXES))
        raise ExtractError(
            f"the preview only shows HTML pages ({suffixes}); "
            "use `feedpub clean --explain` for a text file",
            str(path),
        )
    try:
        page = Page("", path.read_bytes(), "text/html")
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    article = context.executor.call(str(path), articles.article_from_page, page)
    url = article.url or ""
    return PreviewPage(path.name, url, Page(url, page.body, page.content_type))
