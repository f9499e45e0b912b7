"""Decide when each source of a feed is checked next, and why.

Three things decide: the settings (`every`, `cron`), the source's publication history, and the
source's own polling hints. If feedpub chooses the interval, the hints take precedence. A
Retry-After header always does.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from feedpub.config import FeedConfig, FolderSource, MailSource, Source, format_duration
from feedpub.config.sources import source_key
from feedpub.core.log import fields
from feedpub.core.models import NO_HINTS, PollingHints
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.cron import next_cron_time
from feedpub.scheduler.rhythm import (
    NO_PUBLICATIONS,
    LoadedRhythms,
    Rhythm,
    load_rhythms,
    to_minutes,
)
from feedpub.store import SourceId, SourceState, StoredRhythm

_log = logging.getLogger(__name__)

# Share of the wait after a failure. Sources that failed together are not checked together again.
JITTER = 0.2
MAX_CLOCK_SKEW = timedelta(seconds=30)  # between two machines that share a state
_MAX_DOUBLINGS = 16
# After a first failure, the wait is at most an hour. The same holds for a shorter fixed interval.
_HOUR = timedelta(hours=1)
_MAX_SKIPPED = timedelta(days=7)  # delay that skipHours and skipDays can cause
_MAX_RETRY_AFTER = timedelta(days=1)
_HOURS_PER_WEEK = 7 * 24
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NextCheck:
    """The next check of a source, or the next run of a feed.

    Attributes:
        why: Human-readable reason, such as "publishes about 9 a day, mostly 7–18 h UTC".
    """

    time: datetime
    why: str


@dataclass(frozen=True, slots=True)
class SourcePlans:
    """The next checks of a feed's sources.

    Attributes:
        checks: Source key → its next check.
        learned: Rhythms that were learned to plan them, which are stored with them.
    """

    checks: Mapping[str, NextCheck]
    learned: tuple[StoredRhythm, ...] = ()


def has_impossible_times(feed: FeedConfig, source: SourceState, now: datetime) -> bool:
    """Return True if a source's times lie too far ahead, so that a wrong clock wrote them."""
    if source.checked > now + MAX_CLOCK_SKEW:
        return True
    return source.next_look is not None and _is_too_late(feed, source.next_look, [source.pace], now)


def _is_too_late(
    feed: FeedConfig, time: datetime, hints: Iterable[PollingHints], now: datetime
) -> bool:
    """Return True if no result of a check with one of the hints can cause a wait until a time."""
    if time <= now + _MAX_RETRY_AFTER:  # which is always possible; a cron time takes long to find
        return False
    return time > now + max([_max_interval(feed, each, now) for each in hints])


def _max_interval(feed: FeedConfig, hints: PollingHints, now: datetime) -> timedelta:
    """Return the longest wait that any result of a source's last check can cause."""
    if feed.cron:
        normal = next_cron_time(feed.cron, feed.timezone, now) - now
    elif isinstance(feed.every, timedelta):
        normal = max(feed.every, _HOUR)
    else:
        normal = max(feed.min_every, feed.max_every)
    requested = max(timedelta(seconds=hints.wait), _MAX_RETRY_AFTER)
    skipped = _MAX_SKIPPED if hints.skip_hours or hints.skip_days else timedelta(0)
    return max(normal * (1 + JITTER), requested) + skipped + MAX_CLOCK_SKEW


def plan_next_check(
    feed: FeedConfig,
    source: SourceState,
    rhythm: Rhythm,
    now: datetime,
    *,
    local: bool,
) -> NextCheck:
    """Decide when a source is checked next. Reads nothing from the state.

    Args:
        feed: The feed with its settings.
        source: State after the last check.
        rhythm: Rhythm of its publications; not used unless `needs_rhythm`.
        now: Aware.
        local: True for a folder or mails on this machine, which can be checked often.
    """
    if feed.cron:
        time = next_cron_time(feed.cron, feed.timezone, now)
        planned = NextCheck(time, f"cron {feed.cron} ({feed.timezone})")
    elif isinstance(feed.every, timedelta):
        planned = _at_fixed_interval(feed.every, source, now)
    elif local:
        interval = feed.min_every
        planned = NextCheck(
            source.checked + interval, f"a folder: every {format_duration(interval)}"
        )
    elif source.failures:
        normal = min(_at_learned_interval(feed, source, rhythm).time - source.checked, _HOUR)
        planned = _after_failure(source, max(normal, feed.min_every), feed.max_every)
    else:
        return _apply_hints(source, _at_learned_interval(feed, source, rhythm))
    return _apply_hints(source, planned) if source.pace.by == "Retry-After" else planned


def needs_rhythm(feed: FeedConfig, source: Source) -> bool:
    """Return True if a source's publications decide about its next check."""
    return feed.every == "auto" and not feed.cron and not is_local(source)


def is_local(source: Source) -> bool:
    """Return True for a folder or mails on this machine."""
    return isinstance(source, FolderSource) or (
        isinstance(source, MailSource) and source.path is not None
    )


def _at_fixed_interval(every: timedelta, source: SourceState, now: datetime) -> NextCheck:
    if source.failures:
        return _after_failure(source, every, max(every, _HOUR))
    return NextCheck(max(source.checked + every, now), f"every {format_duration(every)}")


def _at_learned_interval(feed: FeedConfig, source: SourceState, rhythm: Rhythm) -> NextCheck:
    checked = to_minutes(source.checked)
    rhythm = rhythm.at(checked)
    minutes = rhythm.minutes_until_check(checked, feed.interval_factor)
    wait = timedelta(minutes=min(minutes, feed.max_every / _MINUTE))
    return NextCheck(source.checked + max(wait, feed.min_every), rhythm.describe(checked))


def _after_failure(source: SourceState, normal: timedelta, longest: timedelta) -> NextCheck:
    """Wait the normal interval after the first failure, and twice as long after each more."""
    wait = min(normal * 2 ** min(source.failures - 1, _MAX_DOUBLINGS), longest)
    times = "once" if source.failures == 1 else f"{source.failures} times in a row"
    return NextCheck(source.checked + wait * _jitter(source), f"failed {times}")


def _jitter(source: SourceState) -> float:
    """Return a factor that differs between sources and failures but is reproducible."""
    digest = crc32(f"{source.feed} {source.key} {source.failures}".encode())
    return 1 + JITTER * (digest / 2**31 - 1)


def _apply_hints(source: SourceState, planned: NextCheck) -> NextCheck:
    """Delay a check until the source's polling hints permit it."""
    hints = source.pace
    earliest = source.checked + timedelta(seconds=hints.wait)
    if earliest > planned.time:
        planned = NextCheck(earliest, f"{planned.why}; {_describe_wait(hints)}")
    moment = planned.time
    for _ in range(_HOURS_PER_WEEK):
        utc = moment.astimezone(UTC)
        if utc.hour not in hints.skip_hours and utc.weekday() not in hints.skip_days:
            break
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    else:  # a source that skips every hour of the week has an error in its hints
        return planned
    if moment == planned.time:
        return planned
    return NextCheck(moment, f"{planned.why}; delayed by skipHours or skipDays")


def _describe_wait(hints: PollingHints) -> str:
    if hints.asked:
        return (
            f"{hints.by} requests {_format_seconds(hints.asked)} between checks, "
            f"of which {_format_seconds(hints.wait)} is honoured"
        )
    return f"{hints.by} requests {_format_seconds(hints.wait)} between checks"


def _format_seconds(seconds: float) -> str:
    """Format a format_duration as the config writes it."""
    return format_duration(timedelta(seconds=max(1, round(seconds))))


def plan_sources(feed: FeedConfig, context: RunContext, now: datetime) -> SourcePlans:
    """Plan the next check of each source.

    A plan for a future time is kept. A source that was checked or became due gets a new one.

    Raises:
        StoreError: The state cannot be read.
    """
    states = {state.key: state for state in context.store.sources(feed.name)}
    return plan_checks(feed, states, context, now)


def plan_checks(
    feed: FeedConfig,
    states: Mapping[str, SourceState],
    context: RunContext,
    now: datetime,
    stored: Mapping[str, StoredRhythm] | None = None,
) -> SourcePlans:
    """Plan the next check of each source, as `plan_sources` does.

    Args:
        feed: The feed with its settings.
        states: The state of each source, by source key.
        context: For the rhythms of the sources.
        now: Aware.
        stored: The stored rhythm of each source, by source key, if they were loaded already.

    Raises:
        StoreError: The state cannot be read.
    """
    plans: dict[str, NextCheck] = {}
    unplanned: dict[str, SourceState] = {}
    for source in feed.source:
        key = source_key(source)
        state = states.get(key)
        # If the state is missing, the run failed before it reached this source.
        plans[key] = NextCheck(now + feed.min_every, "not checked yet")
        if state and (planned := _find_plan(feed, state, now)):
            plans[key] = planned
        elif state:  # the clock may have been set back
            unplanned[key] = replace(state, checked=min(state.checked, now))
    rhythms = _load_rhythms(feed, unplanned, context, stored)
    for source in feed.source:
        key = source_key(source)
        if key in unplanned:
            rhythm = rhythms.by_source.get((feed.name, key), NO_PUBLICATIONS)
            plans[key] = _plan_source(feed, source, unplanned[key], rhythm, now)
    return SourcePlans(plans, rhythms.learned)


def _find_plan(feed: FeedConfig, source: SourceState, now: datetime) -> NextCheck | None:
    """Return the planned check of a source; None if it is past, or if a wrong clock wrote it."""
    time = source.next_look
    if time is None or time <= now or has_impossible_times(feed, source, now):
        return None
    return NextCheck(time, source.why)


def _load_rhythms(
    feed: FeedConfig,
    unplanned: Mapping[str, SourceState],
    context: RunContext,
    stored: Mapping[str, StoredRhythm] | None,
) -> LoadedRhythms:
    checks: dict[SourceId, datetime] = {}
    for source in feed.source:
        state = unplanned.get(source_key(source))
        if state and needs_rhythm(feed, source):
            checks[feed.name, state.key] = state.checked
    if not checks:
        return LoadedRhythms({})
    by_source = None
    if stored is not None:
        by_source = {(feed.name, key): rhythm for key, rhythm in stored.items()}
    return load_rhythms(context.store, checks, by_source)


def _plan_source(
    feed: FeedConfig, source: Source, state: SourceState, rhythm: Rhythm, now: datetime
) -> NextCheck:
    planned = plan_next_check(feed, state, rhythm, now, local=is_local(source))
    extra = fields(feed=feed.name, source=state.key, next=planned.time, why=planned.why)
    _log.debug("plan", extra=extra)
    return planned


def find_next_runs(
    feeds: Iterable[FeedConfig], planned: Mapping[str, datetime], context: RunContext
) -> dict[str, datetime | None]:
    """Return when each feed runs next; None if it was never planned, or by a wrong clock.

    Args:
        feeds: Feeds of the config.
        planned: The stored next run of each feed, by name.
        context: For the state and the clock.

    Raises:
        StoreError: The state cannot be read.
    """
    now = context.clock()
    all_states = context.store.stats.source_states()
    found = {}
    for feed in feeds:
        states: list[SourceState] = []
        for source in feed.source:
            state = all_states.get((feed.name, source_key(source)))
            if state is not None:
                states.append(state)
        found[feed.name] = _check_plan(feed, planned.get(feed.name), states, now)
    return found


def _check_plan(
    feed: FeedConfig, time: datetime | None, states: Sequence[SourceState], now: datetime
) -> datetime | None:
    """Return a feed's planned time if it is possible with a right clock, else None."""
    if time is None:
        return None
    all_hints: list[PollingHints] = []
    for state in states:
        if has_impossible_times(feed, state, now):
            return None
        all_hints.append(state.pace)
    return None if _is_too_late(feed, time, all_hints or [NO_HINTS], now) else time


def plan_after_manual_run(feed: FeedConfig, context: RunContext) -> None:
    """Plan the sources that a command checked, if a service ever ran the feed.

    A running service keeps its own plan of the feed, so no source is planned before that.

    Raises:
        StoreError: The state cannot be read or written.
    """
    scheduled = context.store.schedule.get(feed.name)
    if scheduled is None:
        return
    plans = plan_sources(feed, context, context.clock())
    checks = {}
    for key, planned in plans.checks.items():
        checks[key] = (max(planned.time, scheduled.next_run), planned.why)
    context.store.schedule.check_now(feed.name, checks, plans.learned)
