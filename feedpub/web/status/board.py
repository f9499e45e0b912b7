"""Keep the health of all feeds up to date in memory.

At the start the status of each feed is read from the state. After that a feed is read again if this
process has run it, if it is running, if it is overdue or a check of it becomes overdue, or if its
checks in the state have changed since the last comparison. So an overview costs about as much as
the few feeds that have changed.
"""

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice

from feedpub.config import Config
from feedpub.store import Store
from feedpub.web.status.collect import collect_status
from feedpub.web.status.overview import FeedRow, Overview
from feedpub.web.status.records import Health, ProcessStatus

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
