"""Run all feeds in this process: the timer fires, the executor runs, and the feed runner plans.

The plans of an earlier process are read from the state at the start.
"""

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from feedpub.config import Config
from feedpub.config.load import changed_feeds
from feedpub.core.budget import RunBudget, current_process_name, describe_crashes, is_process_alive
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.recovery import with_recovery
from feedpub.pipeline.run import run_feed
from feedpub.scheduler.feed_runner import (
    MAX_DOUBLINGS,
    MIN_RETRY_WAIT,
    FeedRunner,
    RunFeed,
    RunListener,
    feed_hosts,
    load_plans,
)
from feedpub.scheduler.next_check import NextCheck
from feedpub.scheduler.runner import RunExecutor
from feedpub.scheduler.timer import MAX_SPREAD, MIN_GAP, Timer, spread_overdue
from feedpub.store import PROCESS_MARK

_log = logging.getLogger(__name__)

MAX_STUCK_RUNS = 16  # stuck threads; with more, only a new process helps


class LocalScheduler:
    """Run the feeds of a config when they are due. Thread-safe.

    Args:
        config: The config with the feeds.
        context: Context of the runs. Each run gets its own budget.
        on_run: Called after each run.
        run_feed: Runs one feed.

    Attributes:
        stuck_runs: For each feed with a stuck run, the time of its cancellation.
    """

    def __init__(
        self,
        config: Config,
        context: RunContext,
        on_run: RunListener,
        run_feed: RunFeed = run_feed,
    ) -> None:
        self.feed_runner = FeedRunner(config, context, on_run, run_feed)
        self._lock = threading.Lock()
        self._check_all: set[str] = set()  # feeds whose next run checks all sources, due or not
        # For each feed, how many processes in a row crashed during its run
        self._suspects: dict[str, int] = {}
        self._unproven: set[str] = set()  # feeds that have not run since the last crash
        self.stuck_runs: dict[str, datetime] = {}
        self.timer = Timer(self._submit_due, context.clock)
        self.executor = RunExecutor(
            self._run,
            hosts=self._hosts_of_feed,
            pause_seconds=lambda: self.feed_runner.request_delay_seconds,
            timeout_seconds=lambda: self.feed_runner.run_timeout_seconds,
            on_timeout=self._handle_timeout,
            on_crash=self._handle_crash,
        )

    @property
    def names(self) -> Collection[str]:
        """Return the names of all feeds."""
        return self.feed_runner.names

    @property
    def is_leader(self) -> bool:
        """Return True: this scheduler is the only one."""
        return True

    @property
    def heartbeat(self) -> datetime:
        """Return the time of the timer's last heartbeat."""
        return self.timer.heartbeat

    @property
    def is_alive(self) -> bool:
        """Return True while the timer's thread runs."""
        return self.timer.is_alive

    @property
    def running_feeds(self) -> Mapping[str, datetime]:
        """Return since when each running feed has been running."""
        now = self._context.clock()
        running = self.executor.running_feeds
        return {name: now - timedelta(seconds=seconds) for name, seconds in running.items()}

    @property
    def has_stuck_threads(self) -> bool:
        """Return True if stuck threads would keep the interpreter from exiting."""
        return bool(self.executor.stuck_runs)

    @property
    def too_many_stuck_threads(self) -> bool:
        """Return True if so many threads are stuck that only a new process helps."""
        return len(self.executor.stuck_runs) >= MAX_STUCK_RUNS

    def start(self) -> None:
        """Schedule all feeds as stored. The first overdue feed runs at once."""
        crashed = with_recovery(self._find_crashes, self._config, self._context)
        self._unproven = set(self.names) if crashed else set()
        planned = with_recovery(self._load_plans, self._config, self._context)
        self._schedule_at_start(spread_overdue(planned, self._context.clock()))
        self.timer.start()

    def apply(self, config: Config, context: RunContext) -> Mapping[str, Sequence[str]]:
        """Use another config. Only new and changed feeds are scheduled again.

        Returns:
            The names of feeds under "added", "changed" and "removed".
        """
        changes = changed_feeds(self._config, config)
        self.save_checks()
        self.feed_runner.apply(config, context)
        for name in changes["removed"]:
            self.timer.drop(name)
        context.store.schedule.mark_due(changes["changed"])
        context.store.schedule.keep_only(set(self.names) - set(changes["changed"]))
        self._set_timer(dict.fromkeys((*changes["added"], *changes["changed"])))
        return changes

    def run_now(self, name: str) -> bool:
        """Check all sources of a feed now; False if the feed is unknown, waits or runs."""
        if name not in self.names:
            return False
        with self._lock:
            self._check_all.add(name)
        return self._submit(name)

    def save_checks(self) -> None:
        """Save checks without news that are not saved yet, before the state is read."""
        self.feed_runner.states.try_to_save()

    def tick(self) -> None:
        """Cancel late runs, and restart a dead timer. Call it about once a second."""
        self.executor.tick()
        for name in set(self.stuck_runs) - set(self.executor.stuck_runs):
            del self.stuck_runs[name]
        if not self.timer.is_alive:
            _log.error("scheduler_restarted", extra=fields(reason="the scheduler thread died"))
            self.timer.restart()

    def on_clock_jump(self, by: timedelta) -> None:
        """Spread what is overdue, and plan again what was planned with a clock that was ahead."""
        _log.warning("clock_jump", extra=fields(jumped=f"{by.total_seconds():+.0f} s"))
        before = self.timer.next_times
        planned: Mapping[str, datetime | None] = before
        if by < timedelta(0):
            try:
                stored = self._load_plans()
            except FeedpubError as error:
                _log.error("state_error", extra=fields(reason=str(error)))
                planned = {name: moment + by for name, moment in before.items()}
            else:
                suspects = [name for name in before if name in self._suspects]
                planned = {**stored, **{name: before[name] + by for name in suspects}}
        self._set_timer(planned)
        self.timer.restart()

    def stop(self, seconds: float) -> Sequence[str]:
        """Start nothing more, wait up to `seconds` for current runs, and cancel the rest.

        Returns:
            The feeds whose runs were cancelled.
        """
        self.timer.stop()
        cancelled = self.executor.drain(seconds)
        self.feed_runner.states.stop()
        try:
            self._context.store.run_marks.release(current_process_name())
        except FeedpubError as error:  # the next process will suspect the current runs
            _log.error("state_error", extra=fields(reason=str(error)))
        return cancelled

    def _find_crashes(self) -> bool:
        """Load the feeds during whose runs processes crashed; True if one did since last start."""
        marks = self._context.store.run_marks
        crashed = marks.find_crashes(self.names, is_process_alive)
        self._suspects = marks.suspects()
        marks.begin(PROCESS_MARK, current_process_name(), self._context.clock())
        return crashed

    def _schedule_at_start(self, planned: Mapping[str, datetime]) -> None:
        """Schedule all feeds. Suspects run after the others, and later with each crash."""
        now = self._context.clock()
        times = {name: moment for name, moment in planned.items() if name not in self._suspects}
        last = max((moment for moment in times.values() if moment <= now + MAX_SPREAD), default=now)
        for name, crashes in sorted(self._suspects.items(), key=lambda suspect: suspect[1]):
            last += MIN_GAP
            moment = last
            if crashes > 1:
                moment += MIN_RETRY_WAIT * 2 ** min(crashes - 2, MAX_DOUBLINGS)
            _log.warning(
                "run_crashed",
                extra=fields(
                    feed=name, times=crashes, outcome=describe_crashes(crashes), next=moment
                ),
            )
            times[name] = max(moment, planned.get(name, moment))
            if crashes > 1:  # a single crash may have any cause, so it is not reported
                report = partial(self.feed_runner.log_crashes, name, crashes)
                with_recovery(report, self._config, self._context)
        self.timer.set_all(times)

    def _load_plans(self) -> Mapping[str, datetime | None]:
        return load_plans(self._config, self._context)

    def _set_timer(self, planned: Mapping[str, datetime | None]) -> None:
        self.timer.set_all(spread_overdue(planned, self._context.clock()))

    @property
    def _config(self) -> Config:
        return self.feed_runner.config

    @property
    def _context(self) -> RunContext:
        return self.feed_runner.context

    def _submit_due(self, names: Sequence[str]) -> None:
        self.feed_runner.states.expect(names)
        for name in names:
            self._submit(name)

    def _submit(self, name: str) -> bool:
        return self.executor.submit(name, exclusive=name in self._suspects)

    def _hosts_of_feed(self, name: str) -> frozenset[str]:
        feed = self.feed_runner.feed(name)
        return feed_hosts(feed) if feed else frozenset()

    def _run(self, name: str, budget: RunBudget) -> None:
        """Run a feed in the executor's thread."""
        with self._lock:
            everything, careful = name in self._check_all, name in self._unproven
            self._check_all.discard(name)
        planned = self.feed_runner.run(name, budget, everything=everything, careful=careful)
        self._unproven.discard(name)
        self._suspects.pop(name, None)
        self._set_next(name, planned)

    def _handle_timeout(self, name: str) -> None:
        self.stuck_runs[name] = self._context.clock()
        self._set_next(name, self.feed_runner.run_timed_out(name))

    def _handle_crash(self, name: str, error: BaseException) -> None:
        self._set_next(name, self.feed_runner.run_crashed(name, error))

    def _set_next(self, name: str, planned: NextCheck | None) -> None:
        if planned:
            self.timer.set(name, planned.time)
