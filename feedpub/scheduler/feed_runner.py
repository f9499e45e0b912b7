"""One run of a feed, from the sources that are due to its next run: wherever it is done, and whoever decides when.

The state has the last word on when a feed runs: it is written after each run.
"""

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from feedpub.config import Config, FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.budget import RunBudget, holder_died
from feedpub.core.errors import CorruptStateError, FeedpubError
from feedpub.core.log import fields
from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.core.text import pluralize
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.recovery import with_recovery
from feedpub.pipeline.run import run_feed
from feedpub.scheduler.next_check import NextCheck, is_never_due, plan_sources
from feedpub.store import RunRecord, ScheduledRun, SourceState

_log = logging.getLogger(__name__)

SLACK = timedelta(seconds=30)  # a source that is due so soon is looked at in the same run
SOONEST = timedelta(minutes=1)  # between two runs, whatever the plans of a feed's sources say
FIRST_RETRY, LAST_RETRY = (
    timedelta(minutes=5),
    timedelta(hours=1),
)  # after runs that came to nothing by our own fault
MAX_DOUBLINGS = 8
SOON = timedelta(
    minutes=1
)  # the first retry where the state is a server's, which is back before long

RunListener = Callable[[FeedConfig, RunResult, RunContext], None]
"""Told of every run that has ended, in the run's thread."""


class RunFeed(Protocol):
    """Regenerates one feed from its sources, or from some of them."""

    def __call__(
        self, feed: FeedConfig, tools: RunContext, /, *, only: Collection[str] | None = None
    ) -> RunResult: ...


class FeedRunner:
    """The feeds of a config, to be run. Thread-safe.

    Args:
        config: whose feeds.
        tools: what runs work with; each gets a lease of its own.
        after: told of each run.
        publish: regenerates one feed.
        queued: a queue says what to run, which knows the next run from the state alone: one that
            cannot be kept there is an error.
    """

    def __init__(
        self,
        config: Config,
        tools: RunContext,
        after: RunListener,
        publish: RunFeed = run_feed,
        *,
        queued: bool = False,
    ) -> None:
        self._lock = threading.Lock()
        self._after = after
        self._publish = publish
        self._queued = queued
        self._in_vain: dict[str, int] = {}  # feed → runs in a row that came to nothing
        self.apply(config, tools)

    def apply(self, config: Config, tools: RunContext) -> None:
        """Take another config; runs under way go on with the one that they began with."""
        with self._lock:
            self.config, self.tools = config, tools

    @property
    def names(self) -> Collection[str]:
        """The feeds of the config."""
        return self.config.feed.names

    def feed(self, name: str) -> FeedConfig | None:
        """A feed of the config; None where it has none of the name."""
        return self.config.feed.get(name)

    @property
    def timeout_of(self) -> float:
        """Seconds after which a run fetches nothing more."""
        return self.tools.settings.run_timeout.total_seconds()

    def run(
        self, name: str, lease: RunBudget, *, everything: bool = False, careful: bool = False
    ) -> NextCheck | None:
        """Run a feed now.

        Args:
            name: the feed's.
            lease: how long it may go on.
            everything: look at all its sources, due or not.
            careful: mark the run before anybody is asked: a process died not long ago, and nobody
                knows of what.

        Returns:
            When it runs next; None where it left the config, or the run was given up.

        Raises:
            StoreError: the state cannot be written.
        """
        return with_recovery(
            lambda: self._run(name, lease, everything=everything, careful=careful),
            self.config,
            self.tools,
        )

    def run_timed_out(self, name: str) -> NextCheck | None:
        """Keep that a run was given up.

        When the feed runs next. Raises StoreError where a queue must know it.
        """
        minutes = (self.tools.settings.run_timeout + timedelta(seconds=60)) / timedelta(minutes=1)
        return self._failed(
            name,
            f"the run was given up after {pluralize(round(minutes), 'minute')}: something in it hangs",
        )

    def run_crashed(self, name: str, error: BaseException) -> NextCheck | None:
        """Keep that a run ended with an exception.

        When the feed runs next. Raises as `lost` does.
        """
        if isinstance(error, FeedpubError):
            return self._failed(name, str(error))
        return self._failed(
            name,
            f"a fault in feedpub, which the log shows in full: {type(error).__name__}: {error}",
        )

    def log_crashes(self, name: str, crashes: int) -> None:
        """Tell those who are told of runs that a process died in the middle of a feed's, again."""
        if (feed := self.feed(name)) is not None:
            problem = Failure(name, holder_died(crashes), fatal=True)
            self._after(feed, RunResult(name, RunStatus.FAILED, problems=(problem,)), self.tools)

    def _run(
        self, name: str, lease: RunBudget, *, everything: bool, careful: bool
    ) -> NextCheck | None:
        with self._lock:
            feed, tools = self.config.feed.get(name), replace(self.tools, budget=lease)
        if feed is None:  # it left the config while it waited
            return None
        if careful:
            run.mark_run(feed, tools)
        outcome = self._publish(feed, tools, only=None if everything else _due_sources(feed, tools))
        return None if lease.cancelled else self._ended(feed, outcome, tools)

    def _ended(self, feed: FeedConfig, outcome: RunResult, tools: RunContext) -> NextCheck:
        with self._lock:
            # Where no source is to blame, the disk or the state is: then it is too early to ask any
            # source again.
            own_fault = outcome.status == RunStatus.FAILED and not outcome.requests
            self._in_vain[feed.name] = self._in_vain.get(feed.name, 0) + 1 if own_fault else 0
        planned = self._plan(feed, tools)
        _tell(outcome, planned)
        self._after(feed, outcome, tools)
        return planned

    def _plan(self, feed: FeedConfig, tools: RunContext) -> NextCheck:
        """Plan each source that was looked at, and the feed's next run; keep both."""
        now = tools.clock()
        looks_ahead = plan_sources(feed, tools, now)
        recheck = tools.store.next_recheck(feed.name, now) if feed.recheck else None
        choices = [
            *looks_ahead.values(),
            *([NextCheck(recheck, "articles to be looked at again")] if recheck else []),
        ]
        first = min(choices, key=lambda choice: choice.next)
        if retries := self._in_vain.get(feed.name, 0):
            wait = min(
                (SOON if self._queued else FIRST_RETRY) * 2 ** min(retries - 1, MAX_DOUBLINGS),
                LAST_RETRY,
            )
            first = NextCheck(max(first.next, now + wait), "the last run came to nothing")
        first = replace(first, next=max(first.next, now + SOONEST))
        looks = {key: (each.next, each.why) for key, each in looks_ahead.items()}
        try:
            tools.store.schedule.save(ScheduledRun(feed.name, first.next, first.why), looks)
        except CorruptStateError:
            raise
        except FeedpubError as error:
            if self._queued:
                raise
            # the clockwork knows it; a restart would run the feed too early, no worse
            _log.error("state_error", extra=fields(feed=feed.name, reason=str(error)))
        return first

    def _failed(self, name: str, reason: str) -> NextCheck | None:
        """Keep that a run failed by our own fault, and try again later and later."""
        feed = self.feed(name)
        if feed is None:
            return None
        now = self.tools.clock()
        outcome = RunResult(name, RunStatus.FAILED, problems=(Failure(name, reason, fatal=True),))
        try:
            with_recovery(
                lambda: self.tools.store.commit_run(RunRecord(outcome, now)),
                self.config,
                self.tools,
            )
            return self._ended(feed, outcome, self.tools)
        except FeedpubError as error:
            if self._queued:
                raise
            _log.error("state_error", extra=fields(feed=name, reason=str(error)))
            return NextCheck(now + FIRST_RETRY, "the state could not be written")


def _due_sources(feed: FeedConfig, tools: RunContext) -> set[str]:
    """The keys of the sources whose time has come; those of others are not asked."""
    now = tools.clock()
    states = {state.key: state for state in tools.store.sources(feed.name)}
    keys = {source_key(source) for source in feed.source}
    return {key for key in keys if key not in states or _is_due(feed, states[key], now)}


def _is_due(feed: FeedConfig, state: SourceState, now: datetime) -> bool:
    return (
        state.next_look is None or state.next_look <= now + SLACK or is_never_due(feed, state, now)
    )


def _tell(outcome: RunResult, planned: NextCheck) -> None:
    """One line a run, and one for each thing that went wrong."""
    _log.log(
        logging.INFO if outcome.ok else logging.WARNING,
        "run_finished",
        extra=fields(
            feed=outcome.feed,
            outcome=outcome.status.value,
            new=outcome.new,
            updated=outcome.updated,
            failed=outcome.failed or None,
            ms=round(outcome.seconds * 1000),
            requests=outcome.requests,
            next=planned.next,
            why=planned.why,
        ),
    )
    for problem in outcome.problems:
        kind = "source" if problem.fatal else "article"
        _log.warning(
            "run_problem",
            extra=fields(feed=outcome.feed, kind=kind, where=problem.where, reason=problem.reason),
        )
