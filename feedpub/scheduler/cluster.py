"""Schedule feeds for several workers: one service is the leader and queues due feeds in batches.

The other services stand by. Leadership is a lease in the state. If the leader dies or hangs, the
lease expires and another service takes over within 40 seconds. A leader that resumes late sees that
its lease has expired. A feed that it still queues is already in the queue.
"""

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from feedpub.config import Config
from feedpub.config.load import changed_feeds
from feedpub.core.budget import new_owner_name
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.feed_runner import feed_hosts, load_plans
from feedpub.scheduler.periodic import PeriodicTask
from feedpub.scheduler.timer import spread_overdue

if TYPE_CHECKING:  # an extra, for several machines
    from feedpub.scheduler.queue import FeedQueue

_log = logging.getLogger(__name__)

LEADER = "lead"  # the lease's name
SHUTDOWN_SECONDS = 5.0  # for the cycle in progress
MAX_DISPATCHED_FEEDS = 500  # at once
# Feeds that are due together become this number of batches, within the limits of a batch.
SHARES = 8
MIN_BATCH_FEEDS = 10
MAX_BATCH_FEEDS = 100
CONFIG_RELOAD_DELAY = timedelta(seconds=5)  # until workers have loaded a changed config
# A run dispatched longer ago is in the queue, even if the nodes' clocks differ.
ENQUEUE_DELAY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class LeaderTimings:
    """Times of leader election and dispatch, in seconds.

    Attributes:
        lease: Duration of the lease, unless it is renewed.
        renew: Interval between attempts to acquire or renew it.
        poll: Interval between checks for due feeds.
        repair: Interval between searches for feeds that the queue has lost.
        alive: Time without a cycle after which only a new process helps.
    """

    lease: float = 30.0
    renew: float = 5.0
    poll: float = 1.0
    repair: float = 60.0
    alive: float = 120.0


class ClusterScheduler:
    """Queue the feeds of a config when they are due. Thread-safe.

    Args:
        config: The config with the feeds.
        context: With the state that all nodes share.
        queue: The queue that workers consume.
        on_change: Called after workers have published something.
        timings: Times of the election and the dispatch.

    Attributes:
        stuck_runs: Always empty, because runs happen in the workers.
    """

    def __init__(
        self,
        config: Config,
        context: RunContext,
        queue: "FeedQueue",
        on_change: Callable[[], object],
        timings: LeaderTimings = LeaderTimings(),
    ) -> None:
        self._config = config
        self._context = context
        self._queue = queue
        self._on_change = on_change
        self._timings = timings
        self._me = new_owner_name()
        self._leader_until = float("-inf")
        self._last_renewal = self._last_repair = float("-inf")
        self._jumped_back = False
        self._changes = (0, 0)  # the last run that wrote something, and the number of such runs
        self._last_cycle = time.monotonic()
        self.stuck_runs: dict[str, datetime] = {}
        self.heartbeat = context.clock()
        # A slow cycle waited for the database. The next one is as urgent as before.
        self._task = PeriodicTask(
            "queue", timings.poll, self._cycle, max_pause_seconds=timings.poll
        )

    @property
    def is_leader(self) -> bool:
        """Return True while this service is the leader."""
        return time.monotonic() < self._leader_until

    @property
    def is_alive(self) -> bool:
        """Return True while cycles end, with or without an error."""
        return time.monotonic() - self._last_cycle < self._timings.alive

    @property
    def too_many_stuck_threads(self) -> bool:
        """Return False: this process runs no feeds."""
        return False

    @property
    def has_stuck_threads(self) -> bool:
        """Return False: this process runs no feeds."""
        return False

    @property
    def running_feeds(self) -> Mapping[str, datetime]:
        """Return since when each feed has been running. Raises StoreError."""
        return self._queue.running_feeds()

    def start(self) -> None:
        """Stand by, and become the leader as soon as there is none."""
        self._task.start()

    def apply(self, config: Config, context: RunContext) -> Mapping[str, Sequence[str]]:
        """Use another config. Only new and changed feeds are scheduled again.

        Returns:
            The names of feeds under "added", "changed" and "removed".
        """
        changes = changed_feeds(self._config, config)
        self._config, self._context = config, context
        if self.is_leader:
            context.store.schedule.mark_due(changes["changed"])
            self._plan(changed=frozenset(changes["changed"]), delay=CONFIG_RELOAD_DELAY)
        return changes

    def run_now(self, name: str) -> bool:
        """Queue a feed before all others, with all its sources.

        Returns:
            False if the feed is unknown or is already queued like that.
        """
        return name in self._config.feed.names and self._queue.enqueue_urgent(name)

    def save_checks(self) -> None:
        """Do nothing: workers save what they have checked."""

    def tick(self) -> None:
        """Do nothing: cycles have their own thread, because they may wait for the database."""

    def on_clock_jump(self, by: timedelta) -> None:
        """Keep the schedule, but correct times that are too far ahead after a jump back."""
        _log.warning("clock_jump", extra=fields(jumped=f"{by.total_seconds():+.0f} s"))
        self._jumped_back = self._jumped_back or by < timedelta(0)

    def stop(self, seconds: float) -> Sequence[str]:
        """Queue nothing more, and release the lease so that another service can lead at once."""
        self._task.stop(min(seconds, SHUTDOWN_SECONDS))
        if self.is_leader:
            self._leader_until = float("-inf")
            try:
                self._context.store.leases.release(LEADER, self._me)
            except FeedpubError as error:
                _log.warning(
                    "leader",
                    extra=fields(outcome="not released; the lease expires", reason=str(error)),
                )
        return ()

    def _cycle(self) -> None:
        try:
            self._renew_leadership()
            if self.is_leader:
                if self._jumped_back:
                    self._plan()
                self._requeue_lost()
                self._dispatch_due()
                self._detect_publications()
        finally:
            self._last_cycle, self.heartbeat = time.monotonic(), self._context.clock()

    def _renew_leadership(self) -> None:
        """Acquire or renew the lease if it is time."""
        began = time.monotonic()
        if began - self._last_renewal < self._timings.renew:
            return
        self._last_renewal = began
        was_leader = self.is_leader
        if self._context.store.leases.acquire(LEADER, self._me, self._timings.lease):
            self._leader_until = float("-inf")
            if was_leader:
                _log.warning("leader", extra=fields(outcome="another service is the leader now"))
            return
        # Counted from before the request, so that this service stops before the lease expires.
        self._leader_until = began + self._timings.lease - self._timings.renew
        if not was_leader:
            _log.info("leader", extra=fields(outcome="this service is the leader"))
            self._last_repair = float("-inf")
            self._plan()

    def _plan(self, changed: Collection[str] = (), delay: timedelta = timedelta()) -> None:
        """Plan feeds that changed, were never planned, or were planned by a wrong clock.

        The plans of removed feeds are deleted.
        """
        schedule = self._context.store.schedule
        self._jumped_back = False
        schedule.keep_only(self._config.feed.names)
        plans = load_plans(self._config, self._context)
        unplanned = [name for name, time in plans.items() if time is None or name in changed]
        times = spread_overdue(dict.fromkeys(unplanned), self._context.clock() + delay)
        if times:
            schedule.reschedule(times, "not checked yet")

    def _requeue_lost(self) -> None:
        """Queue again what was dispatched but is no longer in the queue."""
        if time.monotonic() - self._last_repair < self._timings.repair:
            return
        self._queue.create_tables()
        before = self._context.clock() - ENQUEUE_DELAY
        lost = self._context.store.schedule.requeue_lost(before, self._queue.queued_feeds())
        if lost:
            _log.warning(
                "queue_repaired",
                extra=fields(outcome="lost runs are queued again", feeds=len(lost)),
            )
        self._last_repair = time.monotonic()

    def _dispatch_due(self) -> None:
        """Queue all due feeds, in batches."""
        schedule = self._context.store.schedule
        while self.is_leader:
            now = self._context.clock()
            feeds = schedule.dispatch_due(now, MAX_DISPATCHED_FEEDS, self._enqueue)
            if len(feeds) < MAX_DISPATCHED_FEEDS:
                return

    def _enqueue(self, connection: object, feeds: Sequence[str]) -> None:
        hosts: dict[str, frozenset[str]] = {}
        for name in feeds:
            feed = self._config.feed.get(name)
            hosts[name] = feed_hosts(feed) if feed else frozenset()
        self._queue.enqueue(connection, group_by_host(hosts))

    def _detect_publications(self) -> None:
        """Call `on_change` if a worker has published something."""
        changes = self._context.store.stats.changed_counts(self._changes[0])
        if changes != self._changes:
            self._changes = changes
            self._on_change()


def group_by_host(hosts: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Return feeds in batches for several workers. Those with the same first host stay together.

    Args:
        hosts: Feed → its hosts, in the order in which the feeds are due.
    """
    by_host: dict[str, list[str]] = {}
    for feed, own in hosts.items():
        by_host.setdefault(min(own, default=""), []).append(feed)
    share = min(max(math.ceil(len(hosts) / SHARES), MIN_BATCH_FEEDS), MAX_BATCH_FEEDS)
    batches: list[list[str]] = [[]]
    for feeds in by_host.values():
        for start in range(0, len(feeds), MAX_BATCH_FEEDS):
            part = feeds[start : start + MAX_BATCH_FEEDS]
            if batches[-1] and len(batches[-1]) + len(part) > share:
                batches.append([])
            batches[-1] += part
    return batches
