"""Which feed runs when, where workers do the work: one of all services leads, and puts what is due into the queue.

The others stand by. The lead is a claim in the state that ends by itself, so that a service that
dies or hangs is followed within 40 seconds; one that wakes up late finds that it does not lead any
more, and what it might still put into the queue stands there already.
"""

import logging
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
from feedpub.scheduler.next_check import is_credible
from feedpub.scheduler.periodic import PeriodicTask
from feedpub.scheduler.timer import spread_overdue

_log = logging.getLogger(__name__)

if TYPE_CHECKING:  # an extra, for several machines
    from feedpub.scheduler.queue import FeedQueue

LEADER = "lead"  # the name of the claim
LAST_TURN = 5.0  # seconds that the turn under way may take at the end
MOST = 500  # feeds that are put into the queue at once
SETTLED = timedelta(seconds=5)  # after a change of the config workers have read it, too
SURE = timedelta(
    seconds=30
)  # after which the queue has what was put into it, by whichever node's clock


@dataclass(frozen=True, slots=True)
class LeaderTimings:
    """How fast one leads after another; in seconds.

    Attributes:
        lead: lasts so long, unless it is renewed.
        renew: between two renewals, and between two tries to get it.
        turn: between two looks at what is due.
        count: between two looks at whether something was lost in the queue.
        alive: without a turn after which only a new process helps.
    """

    lead: float = 30.0
    renew: float = 5.0
    turn: float = 1.0
    count: float = 60.0
    alive: float = 120.0


class ClusterScheduler:
    """The feeds of a config, each put into the queue when it is due. Thread-safe.

    Args:
        config: whose feeds.
        tools: with the state that all nodes share.
        line: where feeds wait for workers.
        changed: told that workers have published something.
        terms: of the lead.

    Attributes:
        hung: empty: what hangs is a worker's.
    """

    def __init__(
        self,
        config: Config,
        tools: RunContext,
        line: "FeedQueue",
        changed: Callable[[], object],
        terms: LeaderTimings = LeaderTimings(),
    ) -> None:
        self._config = config
        self._tools = tools
        self._line = line
        self._changed = changed
        self._terms = terms
        self._me = new_owner_name()
        self._leads_until = float("-inf")
        self._asked = self._counted = float("-inf")
        self._jumped_back = False
        self._changes = (0, 0)  # the last run that wrote something, and how many did
        self._turned = time.monotonic()
        self.hung: dict[str, datetime] = {}
        self.heartbeat = tools.clock()
        # A turn that takes long has waited for the database: the next one is as urgent as ever.
        self._chore = PeriodicTask("queue", terms.turn, self._turn, longest=terms.turn)

    @property
    def is_leader(self) -> bool:
        """Whether this service decides now."""
        return time.monotonic() < self._leads_until

    @property
    def is_alive(self) -> bool:
        """True while turns come to an end, well or badly."""
        return time.monotonic() - self._turned < self._terms.alive

    @property
    def too_many_stuck_threads(self) -> bool:
        """Never: nothing runs here."""
        return False

    @property
    def has_stuck_threads(self) -> bool:
        """Never: nothing runs here."""
        return False

    @property
    def running_feeds(self) -> Mapping[str, datetime]:
        """Feed → since when a worker has been running it. Raises StoreError."""
        return self._line.running_feeds()

    def start(self) -> None:
        """Stand by, and lead as soon as nobody else does."""
        self._chore.start()

    def apply(self, config: Config, tools: RunContext) -> Mapping[str, Sequence[str]]:
        """Take another config.

        Feeds that are new or changed run anew. Tells which are new, changed, gone.
        """
        changes = changed_feeds(self._config, config)
        self._config, self._tools = config, tools
        if self.is_leader:
            tools.store.schedule.mark_due(changes["changed"])
            self._plan(anew=frozenset(changes["changed"]), after=SETTLED)
        return changes

    def run_now(self, name: str) -> bool:
        """Look at all sources of a feed before anything else.

        False where it is unknown, or waits for that already.
        """
        return name in self._config.feed.names and self._line.enqueue_urgent(name)

    def tick(self) -> None:
        """Nothing: turns have a thread of their own, which may wait for the database."""

    def on_clock_jump(self, by: timedelta) -> None:
        """Keep the schedule, but for what a clock that was ahead has planned.

        Who leads plans that anew.
        """
        _log.warning("clock_jump", extra=fields(jumped=f"{by.total_seconds():+.0f} s"))
        self._jumped_back = self._jumped_back or by < timedelta(0)

    def stop(self, seconds: float) -> Sequence[str]:
        """Put nothing more into the queue, and let another service lead at once."""
        self._chore.stop(min(seconds, LAST_TURN))
        if self.is_leader:
            self._leads_until = float("-inf")
            try:
                self._tools.store.leases.release(LEADER, self._me)
            except FeedpubError as error:
                _log.warning(
                    "leader",
                    extra=fields(outcome="not released; the lease expires", reason=str(error)),
                )
        return ()

    # --- a turn ---

    def _turn(self) -> None:
        try:
            self._campaign()
            if self.is_leader:
                if self._jumped_back:
                    self._plan()
                self._count()
                self._hand_over()
                self._notice()
        finally:
            self._turned, self.heartbeat = time.monotonic(), self._tools.clock()

    def _campaign(self) -> None:
        """Get the lead where it is to be had, or keep it."""
        began = time.monotonic()
        if began - self._asked < self._terms.renew:
            return
        self._asked = began
        led = self.is_leader
        if self._tools.store.leases.acquire(LEADER, self._me, self._terms.lead):
            self._leads_until = float("-inf")
            if led:
                _log.warning("leader", extra=fields(outcome="another service is the leader now"))
            return
        # Counted from before it was asked for: ours ends first.
        self._leads_until = began + self._terms.lead - self._terms.renew
        if not led:
            _log.info("leader", extra=fields(outcome="this service is the leader"))
            self._counted = float("-inf")
            self._plan()

    def _plan(self, anew: Collection[str] = (), after: timedelta = timedelta()) -> None:
        """Plan the feeds that were never planned, or by a wrong clock, or have changed.

        Drop the plans of others.
        """
        schedule = self._tools.store.schedule
        self._jumped_back = False
        schedule.keep_only(self._config.feed.names)
        known = is_credible(self._config.feed, schedule.next_times(), self._tools)
        self._tools.store.incidents.limit_to_now(self._tools.clock())
        unplanned = {name: None for name, moment in known.items() if moment is None or name in anew}
        fresh = spread_overdue(unplanned, self._tools.clock() + after)
        if fresh:
            schedule.reschedule(fresh, "not looked at yet")

    def _count(self) -> None:
        """Look whether the queue still has what was put into it.

        What it has not is put in again.
        """
        if time.monotonic() - self._counted < self._terms.count:
            return
        self._line.create_tables()
        before = self._tools.clock() - SURE
        if lost := self._tools.store.schedule.requeue_lost(before, self._line.queued_feeds()):
            _log.warning(
                "queue_repaired",
                extra=fields(outcome="lost runs are queued again", feeds=len(lost)),
            )
        self._counted = time.monotonic()

    def _hand_over(self) -> None:
        """Put what is due into the queue."""
        schedule = self._tools.store.schedule
        while (
            self.is_leader
            and len(schedule.dispatch_due(self._tools.clock(), MOST, self._line.enqueue)) == MOST
        ):
            pass

    def _notice(self) -> None:
        """Tell when a worker has published something."""
        changes = self._tools.store.stats.changed_counts(self._changes[0])
        if changes != self._changes:
            self._changes = changes
            self._changed()
