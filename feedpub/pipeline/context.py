"""The services that a run uses. A command creates them once and passes them in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from feedpub.cleaner.rules import SiteRuleSet
from feedpub.config import GlobalSettings
from feedpub.core.budget import RunBudget
from feedpub.core.clock import utc_now
from feedpub.core.process_pool import Executor, InlineExecutor, ProcessPool
from feedpub.fetch import Fetcher
from feedpub.fetch.browser import Browser
from feedpub.publisher import Output
from feedpub.store import Store


class ProgressCallback(Protocol):
    """Receives how many articles of a feed have been read."""

    def __call__(self, feed: str, done: int, total: int) -> None:
        """Report that `done` of `total` articles have been read."""


def no_progress(feed: str, done: int, total: int) -> None:
    """Ignore the progress."""


def open_fetcher(settings: GlobalSettings, store: Store | None = None) -> Fetcher:
    """Return an HTTP client with the given settings.

    If there is a store, the client caches robots.txt files in it. With a queue, it also shares
    rate limits with the other workers through it.
    """
    return Fetcher(
        contact=settings.contact,
        delay=settings.request_delay.total_seconds(),
        allow_private=settings.allow_private,
        robots=store.robots_cache if store else None,
        leases=store.leases if store and settings.queue else None,
    )


def open_pool() -> ProcessPool:
    """Return the process pool that parses what was fetched.

    Its modules include those that functions import while they run, so that workers share them.
    """
    return ProcessPool(
        (
            "feedparser",
            "feedpub.cleaner.articles",
            "feedpub.cleaner.extract",
            "feedpub.cleaner.mail",
            "feedpub.cleaner.next_page",
            "feedpub.sources.feed",
            "feedpub.sources.items.read",
            "feedpub.sources.json_api",
            "feedpub.sources.rss_atom",
            "feedpub.sources.sitemap",
            "feedpub.sources.watch",
            "nh3",
            "sentencex",
        )
    )


@dataclass(frozen=True, slots=True)
class RunContext:
    """The services that a run uses.

    Attributes:
        settings: the global settings.
        store: the state.
        fetcher: the HTTP client.
        output: the place that feeds are written to.
        clock: returns the current time.
        progress: receives how many articles have been read.
        budget: the time that the run has left, and its cancellation.
        executor: parses what was fetched.
        browser: renders the pages of sources with `render`.
        site_rules: the extraction rules of sites.
        retry: request pages that could not be read now, even if their next try is later.
    """

    settings: GlobalSettings
    store: Store
    fetcher: Fetcher
    output: Output
    clock: Callable[[], datetime] = utc_now
    progress: ProgressCallback = no_progress
    budget: RunBudget = field(default_factory=RunBudget)
    executor: Executor = field(default_factory=InlineExecutor)
    browser: Browser = field(default_factory=Browser)
    site_rules: SiteRuleSet = field(default_factory=SiteRuleSet)
    retry: bool = False
