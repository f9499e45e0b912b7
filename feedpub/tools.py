"""What a run works with: the collaborators, made once by a command and passed in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from feedpub.config import Settings
from feedpub.fetch import Fetcher
from feedpub.isolation import InProcess, Isolation, Workers
from feedpub.lease import Lease
from feedpub.publisher import Publisher
from feedpub.render import Browser
from feedpub.rules import RuleBook
from feedpub.store import Store


class Progress(Protocol):
    """Told how far the articles of a feed are."""

    def __call__(self, feed: str, done: int, total: int) -> None:
        """`done` of `total` articles have been read."""


def silent(feed: str, done: int, total: int) -> None:
    """No progress is shown."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def fetcher_for(settings: Settings, store: Store | None = None) -> Fetcher:
    """The gate to the network as the settings want it; robots.txt files are kept in the store where there is one."""
    return Fetcher(
        contact=settings.contact,
        delay=settings.request_delay.total_seconds(),
        allow_private=settings.allow_private,
        robots=store.robots if store else None,
        turns=store.claims if store and settings.queue else None,
    )


def workers() -> Workers:
    """The processes that fetched pages are read in."""
    return Workers(("feedpub.articles", "feedpub.paging", "feedpub.sources"))


@dataclass(frozen=True, slots=True)
class Tools:
    """The collaborators of a regeneration.

    Attributes:
        isolation: reads what was fetched.
        browser: runs the scripts of pages whose sources want that.
        rules: what is known of sites.
    """

    settings: Settings
    store: Store
    fetcher: Fetcher
    publisher: Publisher
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent
    lease: Lease = field(default_factory=Lease)
    isolation: Isolation = field(default_factory=InProcess)
    browser: Browser = field(default_factory=Browser)
    rules: RuleBook = field(default_factory=RuleBook)
