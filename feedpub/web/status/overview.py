"""Define the few values of each feed that decide which feeds a page shows, and the metrics.

A process keeps them in memory for all feeds, so they are small: times are seconds since 1970.
"""

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice
from typing import Self

from feedpub.config import Config
from feedpub.store import Store
from feedpub.web.status.collect import collect_status
from feedpub.web.status.health import GRACE_PERIOD
from feedpub.web.status.records import FeedStatus, Health, ProcessStatus, SourceStatus

PAGE_FEEDS = 200  # shown at once
_WORST_FIRST = {health: number for number, health in enumerate(Health)}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the metrics. The attributes are those of `SourceStatus`, in seconds."""

    address: str
    health: Health
    failures: int
    items: int
    last_look: int | None
    last_success: int | None
    next_look: int | None

    @classmethod
    def from_status(cls, source: SourceStatus) -> Self:
        """Return the row of a source."""
        return cls(
            source.address,
            source.health,
            source.failures,
            source.items,
            _seconds(source.last_look),
            _seconds(source.last_success),
            _seconds(source.next_look),
        )


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed on the status page and in the metrics.

    Attributes:
        is_busy, is_stuck: A run is active; a run is stuck.
        is_overdue: It should have run by now.
        changes_at: When a run or a check is overdue if there is none until then; None for never.
        seconds: Duration of the last run.
        failed: Articles that the last run could not read.
        unread: Listed items that are missing in the feed or incomplete in it.
    """

    name: str
    title: str
    health: Health
    is_busy: bool
    is_stuck: bool
    is_overdue: bool
    changes_at: float | None
    last_run: int | None
    last_success: int | None
    next_run: int | None
    seconds: float | None
    failed: int | None
    unread: int | None
    sources: tuple[SourceRow, ...]

    @classmethod
    def from_status(cls, feed: FeedStatus, now: datetime, started: datetime | None = None) -> Self:
        """Return the row of a feed.

        Args:
            feed: The feed's status.
            now: The time of that status.
            started: Start of the service, which runs new feeds at once.
        """
        due = [feed.next_run or (None if feed.last_run else started)]
        due += [source.next_look for source in feed.sources]
        deadlines = [time + GRACE_PERIOD for time in due if time]
        changes = [deadline.timestamp() for deadline in deadlines if deadline >= now]
        result = feed.outcome
        return cls(
            feed.name,
            feed.title,
            feed.health,
            feed.busy is not None,
            feed.hung is not None,
            feed.overdue,
            min(changes, default=None),
            _seconds(feed.last_run),
            _seconds(feed.last_success),
            _seconds(feed.next_run),
            result.seconds if result else None,
            result.failed if result else None,
            len(result.unread) if result else None,
            tuple(map(SourceRow.from_status, feed.sources)),
        )

    @property
    def trouble(self) -> tuple[int, bool, str]:
        """Return the sort key by trouble: failing, stuck, late, partial; then by name."""
        return _WORST_FIRST[self.health], self.is_stuck, self.name

    def matches(self, text: str) -> bool:
        """Return True if the name, the title or an address contains a text in lower case."""
        if text in self.name or text in self.title.casefold():
            return True
        return any(text in source.address.casefold() for source in self.sources)


def _seconds(time: datetime | None) -> int | None:
    return int(time.timestamp()) if time else None


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """The feeds that a client requests.

    Attributes:
        state: Only feeds of this health; None for all.
        text: Only feeds whose name, title or addresses contain it; "" for all.
        page: The number of the page, from 1.
    """

    state: Health | None = None
    text: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class FeedSelection:
    """The feeds that a page shows.

    Attributes:
        query: The query, with the number of an existing page.
        names: The feeds, the worst first.
        counts: The number of all feeds by health.
        matching: The number of feeds by health that match the query, on all pages.
    """

    query: FeedQuery
    names: tuple[str, ...]
    counts: Mapping[Health, int]
    matching: Mapping[Health, int]

    @property
    def pages(self) -> int:
        """Return the number of pages, at least 1."""
        return _count_pages(self.matching)

    @property
    def first(self) -> int:
        """Return the number of the page's first feed among those that match, from 1."""
        return (self.query.page - 1) * PAGE_FEEDS + 1


def _count_pages(matching: Mapping[Health, int]) -> int:
    return max(1, -(-sum(matching.values()) // PAGE_FEEDS))


@dataclass(frozen=True, slots=True)
class Overview:
    """The health of all feeds at one moment.

    Attributes:
        running: The service's process; None if there is none.
        rows: The feeds by name, in the config's order. Their values may become newer.
        counts: The number of feeds by health.
        troubled: The feeds that are not healthy.
        overdue: The feeds that should have run by now.
    """

    now: datetime
    running: ProcessStatus | None
    rows: Mapping[str, FeedRow]
    counts: Mapping[Health, int]
    troubled: Collection[str]
    overdue: Collection[str] = field(default=())

    @classmethod
    def from_rows(
        cls, now: datetime, running: ProcessStatus | None, rows: Iterable[FeedRow]
    ) -> Self:
        """Return the overview of some feeds."""
        by_name = {row.name: row for row in rows}
        return cls(
            now,
            running,
            by_name,
            Counter([row.health for row in by_name.values()]),
            {name for name, row in by_name.items() if row.health is not Health.HEALTHY},
            {name for name, row in by_name.items() if row.is_overdue},
        )

    @property
    def is_healthy(self) -> bool:
        """Return True if the scheduler is alive and no feed is overdue."""
        is_alive = self.running is None or self.running.alive(self.now)
        return is_alive and not self.overdue

    def worst_feeds(self, limit: int) -> list[str]:
        """Return feeds that are not healthy, the worst first; all feeds if they are that few."""
        shown = self.rows if len(self.rows) <= limit else self.troubled
        return sorted(shown, key=lambda name: self.rows[name].trouble)[:limit]

    def select(self, query: FeedQuery) -> FeedSelection:
        """Return the feeds on a page, the worst first.

        A feed with exactly the name that is searched for comes before all others. The last page is
        shown instead of one that does not exist.
        """
        text = query.text.strip().casefold()
        found: dict[Health, list[FeedRow]] = {health: [] for health in Health}
        for row in self.rows.values():
            if query.state in (None, row.health) and (not text or row.matches(text)):
                found[row.health].append(row)
        matching = {health: len(rows) for health, rows in found.items()}
        page = min(max(query.page, 1), _count_pages(matching))
        groups = list(found.values())
        if (exact := self.rows.get(text)) and exact in found[exact.health]:
            found[exact.health].remove(exact)
            groups.insert(0, [exact])
        return FeedSelection(
            FeedQuery(query.state, query.text.strip(), page),
            tuple(_take_page(groups, page)),
            self.counts,
            matching,
        )


def _take_page(groups: Iterable[list[FeedRow]], page: int) -> list[str]:
    """Return the names of a page's feeds. Only the groups on that page are sorted."""
    shown: list[str] = []
    skipped = (page - 1) * PAGE_FEEDS
    for group in groups:
        if len(group) > skipped and len(shown) < PAGE_FEEDS:
            group.sort(key=lambda row: row.trouble)
            end = skipped + PAGE_FEEDS - len(shown)
            shown += [row.name for row in group[skipped:end]]
        skipped = max(0, skipped - len(group))
    return shown


_READ_FEEDS = 500  # at once, which limits the memory
_MAX_CLOCK_STEP = timedelta(seconds=10)  # backwards, between overviews of concurrent requests


class StatusBoard:
    """The rows of all feeds. Thread-safe.

    Args:
        config: The config with the feeds.
        store: The state.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self._store = store
        self._changed_lock = threading.Lock()
        self._changed: set[str] = set()
        self._lock = threading.Lock()
        self.apply(config)

    def apply(self, config: Config) -> None:
        """Use another config, and read the status of all feeds again."""
        with self._lock:
            self._config = config
            self._rows: dict[str, FeedRow] = {}
            self._outdated = dict.fromkeys(config.feed.names)  # to be read, in this order
            self._counts: Counter[Health] = Counter()
            self._troubled: set[str] = set()
            self._overdue: set[str] = set()
            self._deadlines: list[tuple[float, str]] = []  # a heap of the rows' `changes_at`
            self._active: Collection[str] = ()  # feeds that were running or stuck
            self._digests: Mapping[str, int] = {}
            self._incidents: Mapping[tuple[str, str], object] = {}
            self._suspects: Mapping[str, int] = {}
            self._last_comparison = float("-inf")
            self._last_time = datetime.min.replace(tzinfo=UTC)

    def mark_changed(self, feed: str) -> None:
        """Read a feed again before the next overview: this process has run it."""
        with self._changed_lock:
            self._changed.add(feed)

    def overview(
        self, now: datetime, running: ProcessStatus | None, *, max_age_seconds: float
    ) -> Overview:
        """Return the current overview.

        Args:
            now: Aware.
            running: The service's process; None if there is none.
            max_age_seconds: The age of changes by other processes that may be missing.

        Raises:
            StoreError: The state cannot be read.
        """
        with self._lock:
            self._find_outdated(now, running)
            if time.monotonic() - self._last_comparison > max_age_seconds:
                self._compare_state()
            self._read_outdated(now, running)
            return Overview(
                now,
                running,
                self._rows,
                +self._counts,  # without zeros
                frozenset(self._troubled),
                frozenset(self._overdue),
            )

    def _find_outdated(self, now: datetime, running: ProcessStatus | None) -> None:
        """Find the feeds whose status this process or the time has changed."""
        active = {*running.busy, *running.hung} if running else set()
        with self._changed_lock:
            changed, self._changed = self._changed, set()
        outdated = {*changed, *active, *self._active, *self._pass_deadlines(now)}
        # A check without news is not marked, but it ends the delay of an overdue feed.
        outdated.update(islice(self._overdue, _READ_FEEDS))
        if now + _MAX_CLOCK_STEP < self._last_time:
            outdated.update(self._rows)
        self._outdated.update(dict.fromkeys(outdated))
        self._active, self._last_time = active, now

    def _compare_state(self) -> None:
        """Find the feeds that any process has checked since the last comparison."""
        started = time.monotonic()
        digests = self._store.stats.check_digests()
        incidents = self._store.stats.open_incidents()
        suspects = self._store.run_marks.suspects()
        changed = {feed for feed, _ in dict(incidents.items() ^ self._incidents.items())}
        changed |= dict(suspects.items() ^ self._suspects.items()).keys()
        changed |= dict(digests.items() ^ self._digests.items()).keys()
        self._outdated.update(dict.fromkeys(changed))
        self._digests, self._incidents, self._suspects = digests, incidents, suspects
        self._last_comparison = started

    def _pass_deadlines(self, now: datetime) -> Iterable[str]:
        """Remove the deadlines that have passed, and return their feeds."""
        passed = []
        while self._deadlines and self._deadlines[0][0] < now.timestamp():
            passed.append(heappop(self._deadlines)[1])
        return passed

    def _read_outdated(self, now: datetime, running: ProcessStatus | None) -> None:
        names = [name for name in self._outdated if name in self._config.feed.names]
        started = running.started if running else None
        for first in range(0, len(names), _READ_FEEDS):
            some = names[first : first + _READ_FEEDS]
            status = collect_status(self._config, self._store, now, running, feeds=some, brief=True)
            for feed in status.feeds:
                self._replace(FeedRow.from_status(feed, now, started))
        self._outdated.clear()

    def _replace(self, row: FeedRow) -> None:
        name, before = row.name, self._rows.get(row.name)
        self._rows[name] = row
        if before:
            self._counts[before.health] -= 1
        self._counts[row.health] += 1
        _update(self._troubled, name, is_member=row.health is not Health.HEALTHY)
        _update(self._overdue, name, is_member=row.is_overdue)
        if row.changes_at and (before is None or before.changes_at != row.changes_at):
            heappush(self._deadlines, (row.changes_at, name))


def _update(members: set[str], name: str, *, is_member: bool) -> None:
    if is_member:
        members.add(name)
    else:
        members.discard(name)
