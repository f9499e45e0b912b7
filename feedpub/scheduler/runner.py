"""Run feeds in threads: a limited number at once, and only one at a time for each host.

A run that takes long no longer counts against the limit, so slow sources do not delay other feeds.
A run past its timeout is cancelled: its budget is revoked, its results no longer count, and its
thread is abandoned.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FeedpubError

_log = logging.getLogger(__name__)

MAX_ACTIVE_RUNS = 8
MAX_THREADS = 64  # including those that wait for slow servers
SLOW_AFTER_SECONDS = 10.0  # a run that takes longer mostly waits
MAX_EXCLUSIVE_WAIT_SECONDS = 300.0  # before an exclusive run takes precedence over waiting feeds
GRACE_SECONDS = 60.0  # between the end of a run's budget and its cancellation

ActiveRun = Callable[[str, RunBudget], None]
"""Runs one feed. An exception is logged as a bug unless it is a FeedpubError."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run in progress."""

    feed: str
    hosts: frozenset[str]
    budget: RunBudget
    exclusive: bool = False
    started: float = field(default_factory=time.monotonic)

    def duration(self) -> float:
        return time.monotonic() - self.started

    @property
    def is_active(self) -> bool:
        """Return True while the run counts against the limit of active runs."""
        return self.duration() < SLOW_AFTER_SECONDS


class RunExecutor:
    """Run due feeds within the limits. Thread-safe.

    Args:
        run: Runs one feed.
        hosts: Returns the hosts of a feed's sources.
        timeout_seconds: Returns the time after which a run stops fetching.
        on_timeout: Called with a feed whose run was cancelled.
        on_crash: Called with a feed whose run raised an exception.
        grace: Seconds after the timeout at which a run is cancelled.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and limits, all named
        self,
        run: ActiveRun,
        *,
        hosts: Callable[[str], frozenset[str]],
        timeout_seconds: Callable[[], float],
        on_timeout: Callable[[str], None],
        on_crash: Callable[[str, BaseException], None],
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._run = run
        self._hosts = hosts
        self._timeout_seconds = timeout_seconds
        self._on_timeout = on_timeout
        self._on_crash = on_crash
        self._grace = grace
        self._lock = threading.Lock()
        # Hosts of each waiting feed, in the order of submission
        self._waiting: dict[str, frozenset[str]] = {}
        # Time since which each exclusive feed has been waiting
        self._waiting_exclusive: dict[str, float] = {}
        self._running: dict[str, _Run] = {}
        self._abandoned: dict[threading.Thread, str] = {}
        self._run_ended = threading.Condition(self._lock)
        self._closed = False

    def submit(self, feed: str, *, exclusive: bool = False) -> bool:
        """Run a feed as soon as the limits permit.

        Args:
            feed: Its name.
            exclusive: Run it when no other feed waits, and start no other feed during its first
                seconds.

        Returns:
            False if the feed waits or runs already, or the executor is closed.
        """
        with self._lock:
            waits = feed in self._waiting or feed in self._waiting_exclusive
            if self._closed or waits or feed in self._running:
                return False
            if exclusive:
                self._waiting_exclusive[feed] = time.monotonic()
            else:
                self._waiting[feed] = self._hosts(feed)
            self._start_runs()
            return True

    def tick(self) -> None:
        """Cancel runs past their timeout, and start runs. Call it about once a second."""
        with self._lock:
            max_seconds = self._timeout_seconds() + self._grace
            late = [run for run in self._running.values() if run.duration() > max_seconds]
            for run in late:
                self._abandon(run)
            for thread in list(self._abandoned):
                if not thread.is_alive():
                    del self._abandoned[thread]
            self._start_runs()
        for run in late:
            self._on_timeout(run.feed)

    @property
    def running_feeds(self) -> Mapping[str, float]:
        """Return for how many seconds each feed has been running."""
        with self._lock:
            return {feed: run.duration() for feed, run in self._running.items()}

    @property
    def stuck_runs(self) -> tuple[str, ...]:
        """Return the feeds whose cancelled runs still have a thread."""
        with self._lock:
            return tuple(feed for thread, feed in self._abandoned.items() if thread.is_alive())

    def drain(self, seconds: float) -> tuple[str, ...]:
        """Start nothing more, wait for runs in progress, and cancel the rest.

        Returns:
            The feeds whose runs were cancelled.
        """
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._waiting_exclusive.clear()
            self._run_ended.wait_for(lambda: not self._running, timeout=seconds)
            rest = list(self._running.values())
            for run in rest:
                self._abandon(run)
            return tuple(run.feed for run in rest)

    def _start_runs(self) -> None:
        active = [run for run in self._running.values() if run.is_active]
        threads = len(self._running) + len(self._abandoned)
        free = min(MAX_ACTIVE_RUNS - len(active), MAX_THREADS - threads)
        if free <= 0 or any(run.exclusive for run in active):
            return
        if self._is_exclusive_next():
            if not active:
                feed = next(iter(self._waiting_exclusive))
                del self._waiting_exclusive[feed]
                self._start(feed, self._hosts(feed), exclusive=True)
            return
        for feed in self._choose_waiting(free):
            self._start(feed, self._waiting.pop(feed))

    def _choose_waiting(self, number: int) -> list[str]:
        """Return the first waiting feeds, at most `number`, of which no two share a host."""
        busy_hosts: set[str] = set()
        for run in self._running.values():
            busy_hosts |= run.hosts
        chosen: list[str] = []
        for feed, hosts in self._waiting.items():  # thousands may wait for one host
            if hosts.isdisjoint(busy_hosts):
                chosen.append(feed)
                busy_hosts |= hosts
            if len(chosen) == number:
                break
        return chosen

    def _is_exclusive_next(self) -> bool:
        """Return True if an exclusive feed waits, and no other does or it has waited too long."""
        if not self._waiting_exclusive:
            return False
        longest = time.monotonic() - min(self._waiting_exclusive.values())
        return not self._waiting or longest > MAX_EXCLUSIVE_WAIT_SECONDS

    def _start(self, feed: str, hosts: frozenset[str], *, exclusive: bool = False) -> None:
        run = _Run(feed, hosts, RunBudget(self._timeout_seconds()), exclusive)
        self._running[feed] = run
        # A daemon, because a thread stuck in a system call must not keep the process alive.
        threading.Thread(
            target=self._run_in_thread, args=(run,), name=f"feed {feed}", daemon=True
        ).start()

    def _run_in_thread(self, run: _Run) -> None:
        try:
            self._run(run.feed, run.budget)
        except BaseException as error:  # noqa: BLE001 -- SystemExit would end the thread silently
            if not isinstance(error, FeedpubError):
                _log.error("feed=%s crashed", run.feed, exc_info=error)
            if not run.budget.cancelled:
                self._on_crash(run.feed, error)
        finally:
            with self._lock:
                if self._running.get(run.feed) is run:
                    del self._running[run.feed]
                self._run_ended.notify_all()
                if not self._closed:
                    self._start_runs()

    def _abandon(self, run: _Run) -> None:
        run.budget.cancel()
        del self._running[run.feed]
        for thread in threading.enumerate():
            if thread.name == f"feed {run.feed}":
                self._abandoned[thread] = run.feed
                return
