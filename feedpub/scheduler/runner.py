"""Runs of feeds in threads of their own: so many at once, one at a time for each host, none for longer than it may.

A run that takes long no longer counts among those at once, so that sources that hang never hold up
others. A run past its deadline is given up: its lease is revoked, so that nothing it still brings
counts, and its thread is left behind.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FeedpubError

AT_ONCE = 8  # runs that work
MOST = 64  # threads, those included that wait for slow servers
SLOW_AFTER = 10.0  # seconds; a run that takes longer mostly waits
MAX_ALONE_WAIT = (
    300.0  # seconds that a run that is to be alone waits for all others to have had their turn
)
GRACE = 60.0  # seconds between the end of a run's time and its being given up
_log = logging.getLogger(__name__)

ActiveRun = Callable[[str, RunBudget], None]
"""Runs a feed to its end; an exception of it is a bug, and is logged, unless it is one of ours."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A run under way."""

    feed: str
    hosts: frozenset[str]
    lease: RunBudget
    alone: bool = False
    started: float = field(default_factory=time.monotonic)

    def duration(self) -> float:
        return time.monotonic() - self.started

    @property
    def is_quick(self) -> bool:
        """True as long as it counts among those at once."""
        return self.duration() < SLOW_AFTER


class RunExecutor:
    """Whose turn it is among feeds that are due. Thread-safe.

    Args:
        run: runs one feed.
        hosts: the hosts that a feed's sources are on.
        deadline: seconds after which a run fetches nothing more.
        lost: told of a feed whose run was given up.
        failed: told of a feed whose run ended with an exception.
        grace: seconds after the deadline after which it is given up.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and limits, all named
        self,
        run: ActiveRun,
        *,
        hosts: Callable[[str], frozenset[str]],
        deadline: Callable[[], float],
        lost: Callable[[str], None],
        failed: Callable[[str, BaseException], None],
        grace: float = GRACE,
    ) -> None:
        self._run = run
        self._hosts = hosts
        self._deadline = deadline
        self._lost = lost
        self._failed = failed
        self._grace = grace
        self._lock = threading.Lock()
        self._waiting: dict[
            str, frozenset[str]
        ] = {}  # feed → its hosts, in the order in which they came
        self._alone: dict[str, float] = {}  # feed to be run alone → since when it waits
        self._working: dict[str, _Work] = {}
        self._given_up: dict[threading.Thread, str] = {}
        self._idle = threading.Condition(self._lock)
        self._closed = False

    def submit(self, feed: str, *, alone: bool = False) -> bool:
        """Run a feed as soon as it is its turn; False where it waits or runs already, or nothing runs any more.

        Args:
            feed: its name.
            alone: run it when no other feed waits, and none beside it, as long as it does not take
                long.
        """
        with self._lock:
            if (
                self._closed
                or feed in self._waiting
                or feed in self._working
                or feed in self._alone
            ):
                return False
            if alone:
                self._alone[feed] = time.monotonic()
            else:
                self._waiting[feed] = self._hosts(feed)
            self._start_what_may()
            return True

    def tick(self) -> None:
        """Give up what is past its time, and start what may start.

        To be called every second or so.
        """
        with self._lock:
            late = [
                work
                for work in self._working.values()
                if work.duration() > self._deadline() + self._grace
            ]
            for work in late:
                self._give_up(work)
            self._given_up = {
                thread: feed for thread, feed in self._given_up.items() if thread.is_alive()
            }
            self._start_what_may()
        for work in late:
            self._lost(work.feed)

    @property
    def running_feeds(self) -> Mapping[str, float]:
        """Feed → for how many seconds it has been running."""
        with self._lock:
            return {feed: work.duration() for feed, work in self._working.items()}

    @property
    def stuck_runs(self) -> tuple[str, ...]:
        """The feeds whose runs were given up and whose threads are still there."""
        with self._lock:
            return tuple(feed for thread, feed in self._given_up.items() if thread.is_alive())

    def drain(self, seconds: float) -> tuple[str, ...]:
        """Start nothing more, and wait so long for what runs; the rest is given up, and named."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._alone.clear()
            self._idle.wait_for(lambda: not self._working, timeout=seconds)
            rest = list(self._working.values())
            for work in rest:
                self._give_up(work)
            return tuple(work.feed for work in rest)

    def _start_what_may(self) -> None:
        room = self._room()
        if not room or self._is_one_alone():
            return
        if self._is_turn_of_alone():
            if not any(work.is_quick for work in self._working.values()):
                feed = next(iter(self._alone))
                del self._alone[feed]
                self._start(_Work(feed, self._hosts(feed), RunBudget(self._deadline()), alone=True))
            return
        taken = frozenset().union(*(work.hosts for work in self._working.values()))
        chosen: list[str] = []
        for feed, hosts in self._waiting.items():  # thousands may wait for one host
            if hosts.isdisjoint(taken):
                chosen.append(feed)
                taken |= hosts
            if len(chosen) == room:
                break
        for feed in chosen:
            self._start(_Work(feed, self._waiting.pop(feed), RunBudget(self._deadline())))

    def _is_one_alone(self) -> bool:
        return any(work.alone and work.is_quick for work in self._working.values())

    def _is_turn_of_alone(self) -> bool:
        """Return True if nobody else waits, or has made those wait that are to be alone for too long."""
        longest = max((time.monotonic() - since for since in self._alone.values()), default=0.0)
        return bool(self._alone) and (not self._waiting or longest > MAX_ALONE_WAIT)

    def _room(self) -> int:
        """How many runs may start now."""
        quick = sum(work.is_quick for work in self._working.values())
        return max(0, min(AT_ONCE - quick, MOST - len(self._working) - len(self._given_up)))

    def _start(self, work: _Work) -> None:
        self._working[work.feed] = work
        # A daemon: a thread that hangs in a system call must not keep the process from ending.
        threading.Thread(
            target=self._work, args=(work,), name=f"feed {work.feed}", daemon=True
        ).start()

    def _work(self, work: _Work) -> None:
        try:
            self._run(work.feed, work.lease)
        except BaseException as error:  # noqa: BLE001 -- SystemExit too: it ends this thread and must not go unseen
            if not isinstance(error, FeedpubError):
                _log.error("feed=%s crashed", work.feed, exc_info=error)
            if not work.lease.cancelled:
                self._failed(work.feed, error)
        finally:
            with self._lock:
                if self._working.get(work.feed) is work:
                    del self._working[work.feed]
                self._idle.notify_all()
                if not self._closed:
                    self._start_what_may()

    def _give_up(self, work: _Work) -> None:
        work.lease.cancel()
        del self._working[work.feed]
        thread = next((t for t in threading.enumerate() if t.name == f"feed {work.feed}"), None)
        if thread:
            self._given_up[thread] = work.feed
