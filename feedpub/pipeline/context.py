"""What a run works with: the collaborators, made once by a command and passed in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from feedpub.cleaner.rules import SiteRuleSet
from feedpub.config import GlobalSettings
from feedpub.core.budget import RunBudget
from feedpub.core.process_pool import Executor, InlineExecutor, ProcessPool
from feedpub.fetch import Fetcher
from feedpub.fetch.browser import Browser
from feedpub.publisher import Output
from feedpub.store import Store


class ProgressCallback(Protocol):
    """Told how far the articles of a feed are."""

    def __call__(self, feed: str, done: int, total: int) -> None:
        """`done` of `total` articles have been read."""


def no_progress(feed: str, done: int, total: int) -> None:
    """No progress is shown."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def open_fetcher(settings: GlobalSettings, store: Store | None = None) -> Fetcher:
    """The gate to the network as the settings want it.

    Robots.txt files are kept in the store where there is one.
    """
    return Fetcher(
        contact=settings.contact,
        delay=settings.request_delay.total_seconds(),
        allow_private=settings.allow_private,
        robots=store.robots_cache if store else None,
        turns=store.leases if store and settings.queue else None,
    )


def open_pool() -> ProcessPool:
    """The processes that fetched pages are read in."""
    return ProcessPool(
        ("feedpub.cleaner.articles", "feedpub.cleaner.pagination", "feedpub.sources")
    )


@dataclass(frozen=True, slots=True)
class RunContext:
    """The collaborators of a regeneration.

    Attributes:
        isolation: reads what was fetched.
        browser: runs the scripts of pages whose sources want that.
        rules: what is known of sites.
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
