"""Run feeds in a few threads: a limited number at once, and only one at a time for each host.

A feed waits outside of the threads until its hosts are free and their delay has passed. A run that
takes long no longer counts against the limit, so slow sources do not delay other feeds. A run past
its timeout is cancelled: its budget is revoked, its results no longer count, and its thread is
abandoned.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FeedpubError

_log = logging.getLogger(__name__)

MAX_ACTIVE_RUNS = 8
MAX_THREADS = 64  # including those that wait for slow servers
SLOW_AFTER_SECONDS = 10.0  # a run that takes longer mostly waits
MAX_EXCLUSIVE_WAIT_SECONDS = 300.0  # before an exclusive run takes precedence over waiting feeds
GRACE_SECONDS = 60.0  # between the end of a run's budget and its cancellation
IDLE_SECONDS = 10.0  # after which a thread without a run ends

ActiveRun = Callable[[str, RunBudget], None]
"""Runs one feed. An exception is logged as a bug unless it is a FeedpubError."""


@dataclass(slots=True, eq=False)
class _Run:
    """A run in progress."""

    feed: str
    hosts: frozenset[str]
    budget: RunBudget
    exclusive: bool = False
    thread: threading.Thread | None = None
    started: float = field(default_factory=time.monotonic)

    def duration(self) -> float:
        return time.monotonic() - self.started

    @property
    def is_active(self) -> bool:
        """Return True while the run counts against the limit of active runs."""
        return self.duration() < SLOW_AFTER_SECONDS


class _WaitingFeeds:
    """Feeds that wait for their hosts. The order of those with the same host is kept.

    A feed is in one of two places: among the ready ones, or in the line of one host that is in use.
    Thousands may wait for one host, so no feed is checked while its host is in use.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, frozenset[str]] = {}  # of each feed
        self._ready: deque[str] = deque()
        self._lines: dict[str, deque[str]] = {}  # of feeds, by host
        self._used: set[str] = set()
        self._pauses: dict[str, float] = {}  # the end of each host's delay
        self._ends: list[tuple[float, str]] = []  # a heap of delays that feeds wait for

    def __contains__(self, feed: str) -> bool:
        return feed in self._hosts

    def __bool__(self) -> bool:
        return bool(self._hosts)

    @property
    def next_end(self) -> float | None:
        """Return the first end of a delay that a feed waits for, on the monotonic clock."""
        return self._ends[0][0] if self._ends else None

    def add(self, feed: str, hosts: frozenset[str]) -> None:
        """Add a feed with its hosts."""
        self._hosts[feed] = hosts
        if (taken := self._find_taken(hosts, time.monotonic())) is None:
            self._ready.append(feed)
        else:
            self._line_up(feed, taken)

    def clear(self) -> None:
        """Remove all feeds."""
        for places in (self._hosts, self._ready, self._lines, self._ends):
            places.clear()

    def use(self, hosts: frozenset[str]) -> None:
        """Let feeds with one of these hosts wait."""
        self._used |= hosts

    def forget_pauses(self) -> None:
        """Free the memory of delays that have passed."""
        now = time.monotonic()
        self._pauses = {host: end for host, end in self._pauses.items() if end > now}

    def release(self, hosts: frozenset[str], delay_seconds: float) -> None:
        """Let the next feed of each host start after a delay."""
        end = time.monotonic() + delay_seconds
        for host in hosts & self._used:
            self._used.discard(host)
            if delay_seconds <= 0:
                self._call(host)
                continue
            self._pauses[host] = end
            if host in self._lines:
                heappush(self._ends, (end, host))

    def pop(self) -> tuple[str, frozenset[str]] | None:
        """Remove and return the first feed whose hosts are free, with its hosts."""
        now = time.monotonic()
        while self._ends and self._ends[0][0] <= now:
            host = heappop(self._ends)[1]
            if not self._is_taken(host, now):
                self._call(host)
        while self._ready:
            feed = self._ready.popleft()
            hosts = self._hosts[feed]
            if (taken := self._find_taken(hosts, now)) is None:
                del self._hosts[feed]
                self.use(hosts)
                return feed, hosts
            self._line_up(feed, taken)
            for host in hosts:  # another feed may use it meanwhile
                if not self._is_taken(host, now):
                    self._call(host)
        return None

    def _find_taken(self, hosts: frozenset[str], now: float) -> str | None:
        return next((host for host in hosts if self._is_taken(host, now)), None)

    def _is_taken(self, host: str, now: float) -> bool:
        return host in self._used or self._pauses.get(host, now) > now

    def _line_up(self, feed: str, host: str) -> None:
        line = self._lines.setdefault(host, deque())
        if not line and host not in self._used:
            heappush(self._ends, (self._pauses[host], host))
        line.append(feed)

    def _call(self, host: str) -> None:
        """Make the first feed in a host's line ready."""
        line = self._lines.get(host)
        if line:
            self._ready.append(line.popleft())
        if not line:
            self._lines.pop(host, None)


class RunExecutor:
    """Run due feeds within the limits. Thread-safe.

    Args:
        run: Runs one feed.
        hosts: Returns the hosts of a feed's sources.
        pause_seconds: Returns the time between two runs of feeds with the same host.
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
        pause_seconds: Callable[[], float] = lambda: 0.0,
        timeout_seconds: Callable[[], float],
        on_timeout: Callable[[str], None],
        on_crash: Callable[[str, BaseException], None],
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._run = run
        self._hosts = hosts
        self._pause_seconds = pause_seconds
        self._timeout_seconds = timeout_seconds
        self._on_timeout = on_timeout
        self._on_crash = on_crash
        self._grace = grace
        self._lock = threading.Lock()
        self._waiting = _WaitingFeeds()
        # Time since which each exclusive feed has been waiting
        self._waiting_exclusive: dict[str, float] = {}
        self._running: dict[str, _Run] = {}
        self._started: deque[_Run] = deque()  # of these, the runs without a thread
        self._abandoned: dict[threading.Thread, str] = {}
        self._threads = 0  # without abandoned ones
        self._work = threading.Condition(self._lock)
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
                self._waiting.add(feed, self._hosts(feed))
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
            self._waiting.forget_pauses()
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
            self._work.notify_all()
            self._run_ended.wait_for(lambda: not self._running, timeout=seconds)
            rest = list(self._running.values())
            for run in rest:
                self._abandon(run)
            return tuple(run.feed for run in rest)

    def _start_runs(self) -> None:
        """Start the runs that the limits permit. The caller holds the lock."""
        while run := self._next_run():
            self._running[run.feed] = run
            self._started.append(run)
            if len(self._running) > self._threads:
                self._threads += 1
                # A daemon, as one stuck in a system call must not keep the process alive.
                threading.Thread(target=self._run_feeds, name="feedpub-run", daemon=True).start()
            else:
                self._work.notify()

    def _count_free(self) -> int:
        """Return how many runs may start now."""
        active = [run for run in self._running.values() if run.is_active]
        if any(run.exclusive for run in active):
            return 0
        threads = len(self._running) + len(self._abandoned)
        return min(MAX_ACTIVE_RUNS - len(active), MAX_THREADS - threads)

    def _next_run(self) -> _Run | None:
        """Return the next run that the limits permit. The caller holds the lock."""
        if self._closed or self._count_free() <= 0:
            return None
        if not self._is_exclusive_next():
            found = self._waiting.pop()
            return _Run(*found, RunBudget(self._timeout_seconds())) if found else None
        if any(run.is_active for run in self._running.values()):
            return None
        feed = next(iter(self._waiting_exclusive))
        del self._waiting_exclusive[feed]
        hosts = self._hosts(feed)
        self._waiting.use(hosts)
        return _Run(feed, hosts, RunBudget(self._timeout_seconds()), exclusive=True)

    def _run_feeds(self) -> None:
        """Run one feed after the other in a thread, until there is none for some seconds."""
        while (run := self._wait_for_run()) is not None:
            try:
                self._run_feed(run)
            finally:
                self._end(run)

    def _wait_for_run(self) -> _Run | None:
        """Return a run that has started; None if this thread is to end."""
        with self._lock:
            if threading.current_thread() in self._abandoned:
                return None
            goes_on = True
            while not self._started and goes_on and not self._closed:
                seconds = self._seconds_to_wait()
                goes_on = self._work.wait(seconds) or seconds < IDLE_SECONDS
                self._start_runs()  # the delay of a host may have passed
            if not self._started:
                self._threads -= 1
                return None
            run = self._started.popleft()
            run.thread = threading.current_thread()
            return run

    def _seconds_to_wait(self) -> float:
        """Return the seconds until a feed may start although no run ends."""
        end = self._waiting.next_end
        if end is None or self._waiting_exclusive or self._count_free() <= 0:
            return IDLE_SECONDS
        return max(0.0, min(IDLE_SECONDS, end - time.monotonic()))

    def _is_exclusive_next(self) -> bool:
        """Return True if an exclusive feed waits, and no other does or it has waited too long."""
        if not self._waiting_exclusive:
            return False
        longest = time.monotonic() - min(self._waiting_exclusive.values())
        return not self._waiting or longest > MAX_EXCLUSIVE_WAIT_SECONDS

    def _run_feed(self, run: _Run) -> None:
        try:
            self._run(run.feed, run.budget)
        except BaseException as error:  # noqa: BLE001 -- SystemExit would end the thread silently
            if not isinstance(error, FeedpubError):
                _log.error("feed=%s crashed", run.feed, exc_info=error)
            if not run.budget.cancelled:
                self._report_crash(run.feed, error)

    def _report_crash(self, feed: str, error: BaseException) -> None:
        try:
            self._on_crash(feed, error)
        except Exception:  # noqa: BLE001 -- the thread goes on with other feeds
            _log.exception("feed=%s crashed, and that could not be recorded", feed)

    def _end(self, run: _Run) -> None:
        with self._lock:
            if self._running.get(run.feed) is run:
                del self._running[run.feed]
                self._waiting.release(run.hosts, self._pause_seconds())
                self._start_runs()
            self._run_ended.notify_all()

    def _abandon(self, run: _Run) -> None:
        """Cancel a run. Its thread ends with it, and others take its place."""
        run.budget.cancel()
        del self._running[run.feed]
        self._waiting.release(run.hosts, 0.0)
        if run.thread is None:
            self._started.remove(run)
        else:
            self._threads -= 1
            self._abandoned[run.thread] = run.feed
