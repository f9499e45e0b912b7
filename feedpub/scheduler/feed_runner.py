"""Run one feed and plan its next run, for the local scheduler and for the queue's workers.

The state is the authority on when a feed runs. It is written after each run.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from feedpub.config import Config, FeedConfig, MailSource, RemoteSource
from feedpub.config.sources import source_key
from feedpub.core.budget import RunBudget, describe_crashes
from feedpub.core.errors import CorruptStateError, FeedpubError
from feedpub.core.log import fields
from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.core.text import pluralize
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.recovery import with_recovery
from feedpub.pipeline.run import mark_run, run_feed
from feedpub.pipeline.unchanged import (
    NOT_PROBED,
    ProbeResult,
    feed_fingerprint,
    probe_sources,
    unchanged_check,
    unchanged_result,
)
from feedpub.scheduler.check_states import CheckStates
from feedpub.scheduler.next_check import (
    NextCheck,
    find_next_runs,
    has_impossible_times,
    plan_checks,
    plan_sources,
)
from feedpub.store import CheckState, RunRecord, ScheduledRun, SourceState, UnchangedCheck

_log = logging.getLogger(__name__)

DUE_TOLERANCE = timedelta(seconds=30)  # a source due that soon is checked in the same run
MIN_RUN_INTERVAL = timedelta(minutes=1)  # whatever the plans of a feed's sources are
# After failures that no source caused
MIN_RETRY_WAIT = timedelta(minutes=5)
MAX_RETRY_WAIT = timedelta(hours=1)
QUEUED_MIN_RETRY_WAIT = timedelta(minutes=1)  # a database server is usually back soon
MAX_DOUBLINGS = 8

RunListener = Callable[[FeedConfig, RunResult, RunContext], None]
"""Called after every run, in the run's thread."""


class RunFeed(Protocol):
    """Runs one feed with all of its sources or some of them."""

    def __call__(
        self,
        feed: FeedConfig,
        context: RunContext,
        /,
        *,
        only: Collection[str] | None = None,
        probe: ProbeResult = NOT_PROBED,
    ) -> RunResult: ...


class FeedRunner:
    """Run the feeds of a config. Thread-safe.

    Args:
        config: The config with the feeds.
        context: Context of the runs. Each run gets its own budget.
        on_run: Called after each run.
        run_feed: Runs one feed.
        queued: A queue decides what runs. It reads the next run from the state, so a plan that
            cannot be stored is an error.

    Attributes:
        states: The states of feeds that are due, and checks that are not saved yet.
    """

    def __init__(
        self,
        config: Config,
        context: RunContext,
        on_run: RunListener,
        run_feed: RunFeed = run_feed,
        *,
        queued: bool = False,
    ) -> None:
        self._lock = threading.Lock()
        self._on_run = on_run
        self._run_feed = run_feed
        self._queued = queued
        self._own_failures: dict[str, int] = {}  # consecutive, of each feed
        self.states = CheckStates(self._load_states, self._save_checks)
        self.apply(config, context)

    def apply(self, config: Config, context: RunContext) -> None:
        """Use another config. Runs in progress continue with theirs."""
        with self._lock:
            self.config, self.context = config, context
            self._fingerprints: dict[str, str] = {}  # of the feeds of this config
        self.states.forget()

    @property
    def names(self) -> Collection[str]:
        """Return the names of the config's feeds."""
        return self.config.feed.names

    def feed(self, name: str) -> FeedConfig | None:
        """Return a feed of the config; None if it has no feed of that name."""
        return self.config.feed.get(name)

    @property
    def run_timeout_seconds(self) -> float:
        """Return the time after which a run stops fetching."""
        return self.context.settings.run_timeout.total_seconds()

    @property
    def request_delay_seconds(self) -> float:
        """Return the pause between two requests to one host."""
        return self.context.settings.request_delay.total_seconds()

    def run(
        self, name: str, budget: RunBudget, *, everything: bool = False, careful: bool = False
    ) -> NextCheck | None:
        """Run a feed now.

        Args:
            name: The feed's name.
            budget: Time limit of the run.
            everything: Check all sources, due or not.
            careful: Mark the run as started before the first request, because a process crashed
                recently and the cause is unknown.

        Returns:
            The feed's next run; None if it left the config or the run was cancelled.

        Raises:
            StoreError: The state cannot be written.
        """
        return with_recovery(
            lambda: self._run(name, budget, everything=everything, careful=careful),
            self.config,
            self.context,
        )

    def run_timed_out(self, name: str) -> NextCheck | None:
        """Record a cancelled run, and return the feed's next run.

        Raises:
            StoreError: The state cannot be written, and a queue needs it.
        """
        minutes = (self.context.settings.run_timeout + timedelta(seconds=60)) / timedelta(minutes=1)
        return self._record_failure(
            name, f"the run was cancelled after {pluralize(round(minutes), 'minute')}: it is stuck"
        )

    def run_crashed(self, name: str, error: BaseException) -> NextCheck | None:
        """Record a run that raised an exception, and return the feed's next run.

        Raises:
            StoreError: The state cannot be written, and a queue needs it.
        """
        if isinstance(error, FeedpubError):
            return self._record_failure(name, str(error))
        return self._record_failure(
            name, f"a bug in feedpub; the log has the traceback: {type(error).__name__}: {error}"
        )

    def log_crashes(self, name: str, crashes: int) -> None:
        """Report to the listener that processes crashed during a feed's runs."""
        if (feed := self.feed(name)) is not None:
            failure = Failure(name, describe_crashes(crashes), fatal=True)
            result = RunResult(name, RunStatus.FAILED, problems=(failure,))
            self._on_run(feed, result, self.context)

    def _run(
        self, name: str, budget: RunBudget, *, everything: bool, careful: bool
    ) -> NextCheck | None:
        with self._lock:
            feed, context = self.config.feed.get(name), replace(self.context, budget=budget)
            fingerprints = self._fingerprints
        if feed is None:  # it left the config while it waited
            return None
        if careful:
            mark_run(feed, context)
        only, probe = None, NOT_PROBED
        if not everything:
            began = time.monotonic()
            state = self.states.take(name)
            state = replace(state, is_marked=state.is_marked or careful)
            only = _due_sources(feed, state.sources, context.clock())
            probe = self._probe(feed, state, context, only, fingerprints)
            if probe.is_unchanged:
                return self._finish_unchanged(feed, probe, state, context, began)
        self.states.save_checks_of([name])
        result = self._run_feed(feed, context, only=only, probe=probe)
        return None if budget.cancelled else self._finish(feed, result, context)

    def _probe(
        self,
        feed: FeedConfig,
        state: CheckState,
        context: RunContext,
        only: Collection[str],
        fingerprints: dict[str, str],
    ) -> ProbeResult:
        """Send each due source a conditional request, if that can settle the check."""
        if self.states.is_failing:
            return NOT_PROBED
        if (fingerprint := fingerprints.get(feed.name)) is None:
            fingerprint = fingerprints[feed.name] = feed_fingerprint(feed, context.settings)
        fetcher = context.fetcher.for_run(feed.name, context.budget.remaining)
        try:
            return probe_sources(feed, state, replace(context, fetcher=fetcher), only, fingerprint)
        except CorruptStateError:
            raise
        except FeedpubError:  # the run meets the same error, and reports it
            return NOT_PROBED

    def _finish_unchanged(
        self,
        feed: FeedConfig,
        probe: ProbeResult,
        state: CheckState,
        context: RunContext,
        began: float,
    ) -> NextCheck | None:
        """Plan a feed in which no source has changed, and leave its check to be saved."""
        if context.budget.cancelled:
            return None
        now = context.clock()
        check = unchanged_check(feed.name, probe, state, now, time.monotonic() - began)
        checked = now.replace(microsecond=0)  # as it is stored
        sources = dict(state.sources)
        for source in check.sources:
            before = source.before
            sources[before.key] = replace(
                before, checked=checked, succeeded=checked, next_look=None
            )
        plans = plan_checks(feed, sources, context, now, state.rhythms)
        first = self._choose_next(feed, plans.checks, state.recheck_at, now)
        changed = {}
        for key, plan in plans.checks.items():
            known = sources.get(key)
            if known and (known.next_look != plan.time or known.why != plan.why):
                changed[key] = (plan.time, plan.why)
        run = ScheduledRun(feed.name, first.time, first.why)
        check = replace(check, next_checks=changed, next_run=run, learned=plans.learned)
        result = unchanged_result(check)
        self._count_own_failures(result)
        self.states.add(check)
        if _log.isEnabledFor(logging.DEBUG):
            _log_run(logging.DEBUG, result, first)
        if state.is_marked or state.has_incident:
            self.states.save()
            self._on_run(feed, result, context)
        return first

    def _load_states(self, feeds: Collection[str]) -> Mapping[str, CheckState]:
        return self.context.store.checks.load(feeds, self.context.clock())

    def _save_checks(self, checks: Collection[UnchangedCheck]) -> None:
        store = self.context.store
        try:
            with_recovery(lambda: store.checks.save(checks), self.config, self.context)
        except FeedpubError as error:
            if not self.states.is_failing:
                self._report_unsaved(next(iter(checks)).feed, error)
            raise

    def _report_unsaved(self, name: str, error: FeedpubError) -> None:
        """Report to the listener that checks cannot be saved, as a failed run of one feed."""
        if (feed := self.feed(name)) is not None:
            failure = Failure(name, str(error), fatal=True)
            result = RunResult(name, RunStatus.FAILED, problems=(failure,))
            self._on_run(feed, result, self.context)

    def _finish(self, feed: FeedConfig, result: RunResult, context: RunContext) -> NextCheck:
        self._count_own_failures(result)
        planned = self._plan(feed, context)
        _log_run(logging.INFO if result.ok else logging.WARNING, result, planned)
        self._on_run(feed, result, context)
        return planned

    def _count_own_failures(self, result: RunResult) -> None:
        """Count the runs in a row that failed without a request.

        They met a problem of the disk or the state. The next run waits longer, because another
        check of the sources would not help.
        """
        with self._lock:
            if result.status == RunStatus.FAILED and not result.requests:
                self._own_failures[result.feed] = self._own_failures.get(result.feed, 0) + 1
            else:
                self._own_failures.pop(result.feed, None)

    def _choose_next(
        self,
        feed: FeedConfig,
        source_plans: Mapping[str, NextCheck],
        recheck_at: datetime | None,
        now: datetime,
    ) -> NextCheck:
        """Return a feed's next run, from the next checks of its sources and the next recheck."""
        choices = list(source_plans.values())
        if feed.recheck and recheck_at:
            choices.append(NextCheck(recheck_at, "articles are due for a recheck"))
        first = min(choices, key=lambda choice: choice.time)
        if failures := self._own_failures.get(feed.name, 0):
            wait = QUEUED_MIN_RETRY_WAIT if self._queued else MIN_RETRY_WAIT
            wait = min(wait * 2 ** min(failures - 1, MAX_DOUBLINGS), MAX_RETRY_WAIT)
            first = NextCheck(max(first.time, now + wait), "the last run failed")
        return replace(first, time=max(first.time, now + MIN_RUN_INTERVAL))

    def _plan(self, feed: FeedConfig, context: RunContext) -> NextCheck:
        """Plan each checked source and the feed's next run, and store both."""
        now = context.clock()
        plans = plan_sources(feed, context, now)
        recheck_at = context.store.next_recheck(feed.name, now) if feed.recheck else None
        first = self._choose_next(feed, plans.checks, recheck_at, now)
        checks = {key: (plan.time, plan.why) for key, plan in plans.checks.items()}
        planned = ScheduledRun(feed.name, first.time, first.why)
        try:
            context.store.schedule.save(planned, checks, plans.learned)
        except CorruptStateError:
            raise
        except FeedpubError as error:
            if self._queued:
                raise
            # The timer has the plan. After a restart, the feed would only run too early.
            _log.error("state_error", extra=fields(feed=feed.name, reason=str(error)))
        return first

    def _record_failure(self, name: str, reason: str) -> NextCheck | None:
        """Record a failure that no source caused, and plan a retry after an increasing wait."""
        feed = self.feed(name)
        if feed is None:
            return None
        now = self.context.clock()
        result = RunResult(name, RunStatus.FAILED, problems=(Failure(name, reason, fatal=True),))
        try:
            with_recovery(
                lambda: self.context.store.commit_run(RunRecord(result, now)),
                self.config,
                self.context,
            )
            return self._finish(feed, result, self.context)
        except FeedpubError as error:
            if self._queued:
                raise
            _log.error("state_error", extra=fields(feed=name, reason=str(error)))
            return NextCheck(now + MIN_RETRY_WAIT, "the state could not be written")


def load_plans(config: Config, context: RunContext) -> Mapping[str, datetime | None]:
    """Return each feed's stored next run; None if it was never planned, or by a wrong clock."""
    plans = find_next_runs(config.feed, context.store.schedule.next_times(), context)
    context.store.incidents.limit_to_now(context.clock())
    return plans


def feed_hosts(feed: FeedConfig) -> frozenset[str]:
    """Return the hosts of a feed's sources."""
    hosts: set[str] = set()
    for source in feed.source:
        if isinstance(source, RemoteSource):
            hosts.add(urlsplit(source.url).netloc.lower())
        elif isinstance(source, MailSource) and source.server:
            hosts.add(urlsplit(source.server).netloc.lower())
    return frozenset(hosts)


def _due_sources(feed: FeedConfig, states: Mapping[str, SourceState], now: datetime) -> set[str]:
    """Return the keys of the sources that are due. The others are not checked."""
    due = set()
    for source in feed.source:
        key = source_key(source)
        state = states.get(key)
        if state is None or _is_due(feed, state, now):
            due.add(key)
    return due


def _is_due(feed: FeedConfig, state: SourceState, now: datetime) -> bool:
    if state.next_look is None or state.next_look <= now + DUE_TOLERANCE:
        return True
    return has_impossible_times(feed, state, now)


def _log_run(level: int, result: RunResult, planned: NextCheck) -> None:
    """Log one line for the run and one for each failure."""
    _log.log(
        level,
        "run_finished",
        extra=fields(
            feed=result.feed,
            outcome=result.status.value,
            new=result.new,
            updated=result.updated,
            failed=result.failed or None,
            ms=round(result.seconds * 1000),
            requests=result.requests,
            next=planned.time,
            why=planned.why,
        ),
    )
    for failure in result.problems:
        kind = "source" if failure.fatal else "article"
        _log.warning(
            "run_problem",
            extra=fields(feed=result.feed, kind=kind, where=failure.where, reason=failure.reason),
        )
