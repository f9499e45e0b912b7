"""Which feed runs when, where workers do the work: one of all services leads, and puts what is due into the queue.

The others stand by. The lead is a claim in the state that ends by itself, so that a service that dies or hangs is
followed within half a minute; one that wakes up late finds that it does not lead any more, and what it might still
put into the queue stands there already.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from feedpub.config import Config
from feedpub.errors import FeedpubError
from feedpub.logs import event
from feedpub.queue import Line
from feedpub.scheduler.agenda import spread
from feedpub.service.chores import Chore
from feedpub.tools import Tools

LEAD = "lead"  # the name of the claim
TERM = 30.0  # seconds that the lead lasts, unless it is renewed
RENEW = 5.0  # seconds between two renewals, and between two tries to get it
TURN = 1.0  # seconds between two looks at what is due
MOST = 500  # feeds that are put into the queue at once
ALIVE = 120.0  # seconds without a turn after which only a new process helps


class SharedJobs:
    """The feeds of a config, each put into the queue when it is due. Thread-safe.

    Args:
        config: whose feeds.
        tools: with the state that all nodes share.
        line: where feeds wait for workers.
        changed: told that workers have published something.

    Attributes:
        hung: empty: what hangs is a worker's.
    """

    def __init__(self, config: Config, tools: Tools, line: Line, changed: Callable[[], object]) -> None:
        self._config = config
        self._tools = tools
        self._line = line
        self._changed = changed
        self._me = f"{socket.gethostname()} {os.getpid()}"
        self._leads_until = float("-inf")
        self._asked = float("-inf")
        self._changes = (0, 0)  # the last run that wrote something, and how many did
        self._turned = time.monotonic()
        self.hung: dict[str, datetime] = {}
        self.heartbeat = tools.clock()
        self._chore = Chore("queue", TURN, self._turn)

    @property
    def leading(self) -> bool:
        """Whether this service decides now."""
        return time.monotonic() < self._leads_until

    @property
    def alive(self) -> bool:
        """True while turns come to an end, well or badly."""
        return time.monotonic() - self._turned < ALIVE

    @property
    def exhausted(self) -> bool:
        """Never: nothing runs here."""
        return False

    @property
    def left_behind(self) -> bool:
        """Never: nothing runs here."""
        return False

    @property
    def busy(self) -> Mapping[str, datetime]:
        """Feed → since when a worker has been running it. Raises StoreError."""
        return self._line.busy()

    def start(self) -> None:
        """Stand by, and lead as soon as nobody else does."""
        self._chore.start()

    def apply(self, config: Config, tools: Tools) -> Mapping[str, Sequence[str]]:
        """Take another config: feeds that are new or changed run anew. Tells which are new, changed, gone."""
        before = {feed.name: feed for feed in self._config.feed}
        now = {feed.name: feed for feed in config.feed}
        self._config, self._tools = config, tools
        changed = [name for name in now if name in before and now[name] != before[name]]
        if self.leading:
            for name in changed:
                tools.store.schedule.look_again(name)
            self._plan(anew=changed)
        return {
            "added": [name for name in now if name not in before],
            "changed": changed,
            "removed": [name for name in before if name not in now],
        }

    def run_now(self, name: str) -> bool:
        """Look at all sources of a feed before anything else; False where it is unknown, or waits for that already."""
        return name in {feed.name for feed in self._config.feed} and self._line.put_first(name)

    def tick(self) -> None:
        """Nothing: turns have a thread of their own, which may wait for the database."""

    def clock_jumped(self, by: timedelta) -> None:
        """The schedule is kept; what is due is looked up anew each second."""
        event("clock", level=logging.WARNING, jumped=f"{by.total_seconds():+.0f} s")

    def stop(self, seconds: float) -> Sequence[str]:
        """Put nothing more into the queue, and let another service lead at once."""
        self._chore.stop(min(seconds, RENEW))
        if self.leading:
            self._leads_until = float("-inf")
            try:
                self._tools.store.claims.let_go(LEAD, self._me)
            except FeedpubError as error:
                event("lead", level=logging.WARNING, outcome="kept until it ends by itself", reason=str(error))
        return ()

    # --- a turn ---

    def _turn(self) -> None:
        try:
            self._campaign()
            if self.leading:
                self._hand_over()
                self._notice()
        finally:
            self._turned, self.heartbeat = time.monotonic(), self._tools.clock()

    def _campaign(self) -> None:
        """Get the lead where it is to be had, or keep it."""
        began = time.monotonic()
        if began - self._asked < RENEW:
            return
        self._asked = began
        led = self.leading
        if self._tools.store.claims.take(LEAD, self._me, TERM):
            self._leads_until = float("-inf")
            if led:
                event("lead", level=logging.WARNING, outcome="another service leads now")
            return
        self._leads_until = began + TERM - RENEW  # counted from before it was asked for: ours ends first
        if not led:
            event("lead", level=logging.INFO, outcome="this service leads")
            self._plan()

    def _plan(self, anew: Sequence[str] = ()) -> None:
        """Plan the feeds that were never planned, or have changed; what was planned stays; of other feeds nothing."""
        schedule = self._tools.store.schedule
        names = [feed.name for feed in self._config.feed]
        schedule.keep_only(names)
        known = schedule.moments()
        fresh = spread({name: None for name in names if name not in known or name in anew}, self._tools.clock())
        if fresh:
            schedule.put_off(fresh, "not looked at yet")

    def _hand_over(self) -> None:
        """Put what is due into the queue."""
        schedule = self._tools.store.schedule
        while self.leading and len(schedule.hand_over(self._tools.clock(), MOST, self._line.put)) == MOST:
            pass

    def _notice(self) -> None:
        """Tell when a worker has published something."""
        changes = self._tools.store.figures.changes(self._changes[0])
        if changes != self._changes:
            self._changes = changes
            self._changed()
