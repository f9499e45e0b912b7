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
from feedpub.scheduler.describe import describe_schedule
from feedpub.scheduler.publishing_rate import minutes_until_check, publication_times
from feedpub.store import SourceState

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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

PublishedDates = Mapping[str, Sequence[tuple[datetime, datetime]]]
"""Source key → the dates of publication and first sight of its entries, sorted."""


@dataclass(frozen=True, slots=True)
class NextCheck:
    """The next check of a source, or the next run of a feed.

    Attributes:
        why: Human-readable reason, such as "publishes about 9 a day, mostly 7–18 h UTC".
    """

    time: datetime
    why: str


def has_impossible_times(feed: FeedConfig, source: SourceState, now: datetime) -> bool:
    """Return True if a source's times lie too far ahead, so that a wrong clock wrote them."""
    if source.checked > now + MAX_CLOCK_SKEW:
        return True
    latest = now + max_interval(feed, source.pace, now)
    return source.next_look is not None and source.next_look > latest


def max_interval(feed: FeedConfig, hints: PollingHints, now: datetime) -> timedelta:
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
    published: Sequence[datetime],
    now: datetime,
    *,
    local: bool,
) -> NextCheck:
    """Decide when a source is checked next.

    Args:
        feed: The feed with its settings.
        source: State after the last check.
        published: Publication times, ascending.
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
        normal = min(_at_learned_interval(feed, source, published).time - source.checked, _HOUR)
        planned = _after_failure(source, max(normal, feed.min_every), feed.max_every)
    else:
        return _apply_hints(source, _at_learned_interval(feed, source, published))
    return _apply_hints(source, planned) if source.pace.by == "Retry-After" else planned


def _is_local(source: Source) -> bool:
    """Return True for a folder or mails on this machine."""
    return isinstance(source, FolderSource) or (
        isinstance(source, MailSource) and source.path is not None
    )


def _at_fixed_interval(every: timedelta, source: SourceState, now: datetime) -> NextCheck:
    if source.failures:
        return _after_failure(source, every, max(every, _HOUR))
    return NextCheck(max(source.checked + every, now), f"every {format_duration(every)}")


def _at_learned_interval(
    feed: FeedConfig, source: SourceState, published: Sequence[datetime]
) -> NextCheck:
    moments = [(moment - _EPOCH) / _MINUTE for moment in published]
    checked = (source.checked - _EPOCH) / _MINUTE
    minutes = minutes_until_check(checked, moments, checked, feed.interval_factor)
    wait = timedelta(minutes=min(minutes, feed.max_every / _MINUTE))
    why = describe_schedule(moments, checked)
    return NextCheck(source.checked + max(wait, feed.min_every), why)


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


def plan_sources(feed: FeedConfig, context: RunContext, now: datetime) -> dict[str, NextCheck]:
    """Return the next check of each source, by source key.

    A plan for a future time is kept. A source that was checked or became due gets a new one.

    Raises:
        StoreError: The state cannot be read.
    """
    states = {state.key: state for state in context.store.sources(feed.name)}
    return plan_checks(feed, states, load_published(feed, context), now)


def load_published(feed: FeedConfig, context: RunContext) -> PublishedDates:
    """Return the dates that the plans of a feed depend on, by source key.

    Raises:
        StoreError: The state cannot be read.
    """
    needs_history = feed.every == "auto" and not feed.cron
    return context.store.published(feed.name) if needs_history else {}


def plan_checks(
    feed: FeedConfig,
    states: Mapping[str, SourceState],
    published: PublishedDates,
    now: datetime,
) -> dict[str, NextCheck]:
    """Return the next check of each source, by source key, as `plan_sources` does.

    Args:
        feed: The feed with its settings.
        states: The state of each source, by source key.
        published: The dates of publication and first sight of the entries, by source key.
        now: Aware.
    """
    plans = {}
    for source in feed.source:
        key = source_key(source)
        state = states.get(key)
        if state is None:  # the run failed before it reached this source
            plans[key] = NextCheck(now + feed.min_every, "not checked yet")
            continue
        next_time = state.next_look
        if next_time and next_time > now and not has_impossible_times(feed, state, now):
            plans[key] = NextCheck(next_time, state.why)
            continue
        state = replace(state, checked=min(state.checked, now))  # the clock may have been set back
        history = publication_times(published.get(key, ()))
        planned = plan_next_check(feed, state, history, now, local=_is_local(source))
        plans[key] = planned
        _log.debug(
            "plan", extra=fields(feed=feed.name, source=key, next=planned.time, why=planned.why)
        )
    return plans


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
    longest = max([max_interval(feed, hints, now) for hints in all_hints or [NO_HINTS]])
    return time if time <= now + longest else None


def plan_after_manual_run(feed: FeedConfig, context: RunContext) -> None:
    """Plan the sources that a command checked, if a service ever ran the feed.

    A running service keeps its own plan of the feed, so no source is planned before that.

    Raises:
        StoreError: The state cannot be read or written.
    """
    scheduled = context.store.schedule.get(feed.name)
    if scheduled is None:
        return
    checks = {}
    for key, planned in plan_sources(feed, context, context.clock()).items():
        checks[key] = (max(planned.time, scheduled.next_run), planned.why)
    context.store.schedule.check_now(feed.name, checks)
