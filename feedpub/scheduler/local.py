"""Which feed runs when, in this process: between the clockwork, the runner and the work.

What was planned is read when the process starts.
"""

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from feedpub.config import Config, FeedConfig, RemoteSource, Source
from feedpub.config.load import changed_feeds
from feedpub.core.budget import RunBudget, current_process_name, describe_crashes, is_process_alive
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.recovery import with_recovery
from feedpub.scheduler.feed_runner import (
    FIRST_RETRY,
    MAX_DOUBLINGS,
    FeedRunner,
    RunFeed,
    RunListener,
)
from feedpub.scheduler.next_check import NextCheck, is_credible
from feedpub.scheduler.runner import RunExecutor
from feedpub.scheduler.timer import MAX_SPREAD, MIN_GAP, Timer, spread_overdue
from feedpub.store import PROCESS_MARK

_log = logging.getLogger(__name__)

MAX_STUCK_RUNS = 16  # threads that hang; beyond this only a new process helps


class LocalScheduler:
    """The feeds of a config, each run when it is due. Thread-safe.

    Args:
        config: whose feeds.
        tools: what runs work with; each gets a lease of its own.
        after: told of each run.
        publish: regenerates one feed.

    Attributes:
        hung: feed → since when a run of it is lost.
    """

    def __init__(
        self, config: Config, tools: RunContext, after: RunListener, publish: RunFeed = run.run_feed
    ) -> None:
        self.work = FeedRunner(config, tools, after, publish)
        self._lock = threading.Lock()
        self._all_sources: set[str] = set()  # feeds somebody wants to be looked at now, due or not
        self._suspects: dict[
            str, int
        ] = {}  # feed → how many processes in a row died in the middle of its run
        self._uncertain: set[str] = set()  # feeds that did not run yet since a process died
        self.hung: dict[str, datetime] = {}
        self.clockwork = Timer(self._due, tools.clock)
        self.runner = RunExecutor(
            self._run,
            hosts=lambda name: _hosts(self.work.feed(name)),
            deadline=lambda: self.work.timeout_of,
            lost=self._lost,
            failed=self._crashed,
        )

    @property
    def names(self) -> Collection[str]:
        """The feeds that there are."""
        return self.work.names

    @property
    def is_leader(self) -> bool:
        """Always: there is nobody else."""
        return True

    @property
    def heartbeat(self) -> datetime:
        """When the scheduler last showed that it lives."""
        return self.clockwork.heartbeat

    @property
    def is_alive(self) -> bool:
        """True while the scheduler's thread runs."""
        return self.clockwork.is_alive

    @property
    def running_feeds(self) -> Mapping[str, datetime]:
        """Feed → since when it has been running."""
        now = self._tools.clock()
        return {
            name: now - timedelta(seconds=took) for name, took in self.runner.running_feeds.items()
        }

    @property
    def has_stuck_threads(self) -> bool:
        """True where threads hang, which would keep the interpreter from ending."""
        return bool(self.runner.stuck_runs)

    @property
    def too_many_stuck_threads(self) -> bool:
        """True when so many threads hang that only a new process helps."""
        return len(self.runner.stuck_runs) >= MAX_STUCK_RUNS

    def start(self) -> None:
        """Plan all feeds as they were planned before; of what is overdue the first runs at once."""
        died = with_recovery(self._find_crashes, self._config, self._tools)
        self._uncertain = set(self.names) if died else set()
        self._put_last(
            spread_overdue(
                with_recovery(self._known_plans, self._config, self._tools), self._tools.clock()
            )
        )
        self.clockwork.start()

    def apply(self, config: Config, tools: RunContext) -> Mapping[str, Sequence[str]]:
        """Take another config.

        Only feeds that are new or changed run anew. Tells which are new, changed, gone.
        """
        changes = changed_feeds(self._config, config)
        self.work.apply(config, tools)
        for name in changes["removed"]:
            self.clockwork.drop(name)
        tools.store.schedule.mark_due(changes["changed"])
        tools.store.schedule.keep_only(set(self.names) - set(changes["changed"]))
        self._spread(dict.fromkeys((*changes["added"], *changes["changed"])))
        return changes

    def run_now(self, name: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""
        if name not in self.names:
            return False
        with self._lock:
            self._all_sources.add(name)
        return self.runner.submit(name, alone=name in self._suspects)

    def tick(self) -> None:
        """Give up runs that hang, and see that the scheduler lives.

        To be called every second or so.
        """
        self.runner.tick()
        for name in set(self.hung) - set(self.runner.stuck_runs):
            del self.hung[name]
        if not self.clockwork.is_alive:
            _log.error("scheduler_restarted", extra=fields(reason="the scheduler thread died"))
            self.clockwork.restart()

    def on_clock_jump(self, by: timedelta) -> None:
        """Catch up by and by with what is overdue, and with what was planned by a clock that was ahead."""
        _log.warning("clock_jump", extra=fields(jumped=f"{by.total_seconds():+.0f} s"))
        before = self.clockwork.next_times
        planned: Mapping[str, datetime | None] = before
        if by < timedelta(0):
            try:
                shifted = {
                    name: moment + by for name, moment in before.items() if name in self._suspects
                }
                planned = {**self._known_plans(), **shifted}
            except FeedpubError as error:
                _log.error("state_error", extra=fields(reason=str(error)))
                planned = {name: moment + by for name, moment in before.items()}
        self._spread(planned)
        self.clockwork.restart()

    def stop(self, seconds: float) -> Sequence[str]:
        """Start nothing more.

        Wait so long for what runs. Tells the feeds whose runs were given up.
        """
        self.clockwork.stop()
        given_up = self.runner.drain(seconds)
        try:
            self._tools.store.run_marks.release(current_process_name())
        except FeedpubError as error:  # then the next process takes what runs now for suspects
            _log.error("state_error", extra=fields(reason=str(error)))
        return given_up

    def _find_crashes(self) -> bool:
        """Learn in the middle of which runs processes died.

        True if one did since the last start.
        """
        marks = self._tools.store.run_marks
        died = marks.find_crashes(self.names, is_process_alive)
        self._suspects = marks.suspects()
        marks.begin(PROCESS_MARK, current_process_name(), self._tools.clock())
        return died

    def _put_last(self, planned: Mapping[str, datetime]) -> None:
        """Set all feeds.

        Those in the middle of whose runs processes died come last, later with each time.
        """
        now = self._tools.clock()
        ordinary = {name: moment for name, moment in planned.items() if name not in self._suspects}
        last = max(
            (moment for moment in ordinary.values() if moment <= now + MAX_SPREAD), default=now
        )
        for name, crashes in sorted(self._suspects.items(), key=lambda suspect: suspect[1]):
            last += MIN_GAP
            wait = (
                FIRST_RETRY * 2 ** min(crashes - 2, MAX_DOUBLINGS) if crashes > 1 else timedelta(0)
            )
            moment = last + wait
            _log.warning(
                "run_crashed",
                extra=fields(feed=name, times=crashes, outcome=describe_crashes(crashes), next=moment),
            )
            ordinary[name] = max(moment, planned.get(name, moment))
            if (
                crashes > 1
            ):  # a process may be killed for many reasons, and one kill is nobody's fault
                with_recovery(
                    partial(self.work.log_crashes, name, crashes), self._config, self._tools
                )
        self.clockwork.set_all(ordinary)

    def _known_plans(self) -> Mapping[str, datetime | None]:
        """Return feed → when the state has it run next.

        None for what was not planned, or by a clock that was wrong.
        """
        store = self._tools.store
        found = is_credible(self._config.feed, store.schedule.next_times(), self._tools)
        store.incidents.limit_to_now(self._tools.clock())
        return found

    def _spread(self, planned: Mapping[str, datetime | None]) -> None:
        self.clockwork.set_all(spread_overdue(planned, self._tools.clock()))

    @property
    def _config(self) -> Config:
        return self.work.config

    @property
    def _tools(self) -> RunContext:
        return self.work.tools

    def _due(self, name: str) -> None:
        self.runner.submit(name, alone=name in self._suspects)

    # --- one run, in a thread of its own ---

    def _run(self, name: str, lease: RunBudget) -> None:
        with self._lock:
            everything, careful = name in self._all_sources, name in self._uncertain
            self._all_sources.discard(name)
        planned = self.work.run(name, lease, everything=everything, careful=careful)
        self._uncertain.discard(name)
        self._suspects.pop(name, None)
        self._next(name, planned)

    def _lost(self, name: str) -> None:
        self.hung[name] = self._tools.clock()
        self._next(name, self.work.run_timed_out(name))

    def _crashed(self, name: str, error: BaseException) -> None:
        self._next(name, self.work.run_crashed(name, error))

    def _next(self, name: str, planned: NextCheck | None) -> None:
        if planned:
            self.clockwork.set(name, planned.next)


def _hosts(feed: FeedConfig | None) -> frozenset[str]:
    return frozenset(
        _host(source)
        for source in (feed.source if feed else ())
        if isinstance(source, RemoteSource)
    )


def _host(source: Source) -> str:
    return urlsplit(source.url).netloc.lower() if isinstance(source, RemoteSource) else ""
