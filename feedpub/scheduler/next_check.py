"""When a source is looked at next, and why. Decides from what is known of it; asks no clock and no store.

Three voices: what the config says (`every`, `cron`), when the source published before, and how
often the source itself
wants to be asked. The last one has the last word where feedpub decides alone; a Retry-After always
has it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from feedpub.config import FeedConfig, FolderSource, format_duration
from feedpub.config.sources import source_key
from feedpub.core.log import fields
from feedpub.core.models import NO_HINTS, PollingHints
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.cron import next_cron_time
from feedpub.scheduler.describe import describe_schedule
from feedpub.scheduler.publishing_rate import next_check, publication_times
from feedpub.store import SourceState

_log = logging.getLogger(__name__)

JITTER = 0.2  # of a wait after a failure, either way: what failed together is not asked together
_MOST_DOUBLINGS = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_APART = timedelta(seconds=30)  # at most, between two machines that share a state
_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)  # over which skipHours and skipDays can put a look off
_LONGEST_PAUSE = timedelta(days=1)  # that a Retry-After is heard for
_HOUR = timedelta(
    hours=1
)  # also the longest wait after a first failure, or at a fixed interval of less than that
_WEEK_OF_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class NextCheck:
    """The next look at a source, or the next run of a feed.

    Attributes:
        why: for people: "publishes about 9 a day, mostly 7–18 h UTC".
    """

    next: datetime
    why: str


def is_never_due(feed: FeedConfig, source: SourceState, now: datetime) -> bool:
    """Return True if only a clock that was ahead can have left a source so.

    Looked at, or waiting, in a far future.
    """
    if source.checked > now + CLOCKS_APART:
        return True
    return source.next_look is not None and source.next_look > now + max_interval(
        feed, source.pace, now
    )


def max_interval(feed: FeedConfig, pace: PollingHints, now: datetime) -> timedelta:
    """Return the longest that a source can have to wait from now on, whatever its last look brought."""
    if feed.cron:
        usual = next_cron_time(feed.cron, feed.timezone, now) - now
    elif isinstance(feed.every, timedelta):
        usual = max(feed.every, _HOUR)
    else:
        usual = max(feed.min_every, feed.max_every)
    asked = max(timedelta(seconds=pace.wait), _LONGEST_PAUSE)
    put_off = _WEEK if pace.skip_hours or pace.skip_days else timedelta(0)
    return max(usual * (1 + JITTER), asked) + put_off + CLOCKS_APART


def plan_next_check(
    feed: FeedConfig,
    source: SourceState,
    published: Sequence[datetime],
    now: datetime,
    *,
    local: bool,
) -> NextCheck:
    """When to look at a source next.

    Args:
        feed: whose settings hold.
        source: as the last look left it.
        published: when it published, ascending.
        now: aware.
        local: it is a folder of this machine, which costs nobody anything.
    """
    if feed.cron:
        planned = NextCheck(
            next_cron_time(feed.cron, feed.timezone, now), f"cron {feed.cron} ({feed.timezone})"
        )
    elif isinstance(feed.every, timedelta):
        planned = _at_interval(feed.every, source, now)
    elif local:
        planned = NextCheck(
            source.checked + feed.min_every, f"a folder: every {format_duration(feed.min_every)}"
        )
    elif source.failures:
        usual = min(_by_rhythm(feed, source, published).next - source.checked, _HOUR)
        planned = _after_failure(source, max(usual, feed.min_every), feed.max_every)
    else:
        return _respecting(source, _by_rhythm(feed, source, published))
    return _respecting(source, planned) if source.pace.by == "Retry-After" else planned


def _at_interval(every: timedelta, source: SourceState, now: datetime) -> NextCheck:
    if source.failures:
        return _after_failure(source, every, max(every, _HOUR))
    return NextCheck(max(source.checked + every, now), f"every {format_duration(every)}")


def _by_rhythm(feed: FeedConfig, source: SourceState, published: Sequence[datetime]) -> NextCheck:
    moments = [(moment - _EPOCH) / _MINUTE for moment in published]
    looked = (source.checked - _EPOCH) / _MINUTE
    wait = timedelta(
        minutes=min(
            next_check(looked, moments, looked, feed.interval_factor), feed.max_every / _MINUTE
        )
    )
    return NextCheck(source.checked + max(wait, feed.min_every), describe_schedule(moments, looked))


def _after_failure(source: SourceState, usual: timedelta, longest: timedelta) -> NextCheck:
    """After the first failure as usual, then twice as long each time.

    Once it answers, all is as it was.
    """
    wait = min(usual * 2 ** min(source.failures - 1, _MOST_DOUBLINGS), longest)
    times = "once" if source.failures == 1 else f"{source.failures} times in a row"
    return NextCheck(source.checked + wait * _jitter(source), f"failed {times}")


def _jitter(source: SourceState) -> float:
    """A factor that differs from source to source and from failure to failure, and is the same when asked again."""
    digest = crc32(f"{source.feed} {source.key} {source.failures}".encode())
    return 1 + JITTER * (digest / 2**31 - 1)


def _respecting(source: SourceState, planned: NextCheck) -> NextCheck:
    """No sooner than the source allows, and at an hour and on a day at which it says that it may have something."""
    pace = source.pace
    earliest = source.checked + timedelta(seconds=pace.wait)
    if earliest > planned.next:
        planned = NextCheck(earliest, f"{planned.why}; {_wish(pace)}")
    moment = planned.next
    for _ in range(_WEEK_OF_HOURS):
        if (
            moment.astimezone(UTC).hour not in pace.skip_hours
            and moment.astimezone(UTC).weekday() not in pace.skip_days
        ):
            break
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    else:  # it skips all hours of the week, which nobody means
        return planned
    return (
        planned
        if moment == planned.next
        else NextCheck(moment, f"{planned.why}; its skipHours or skipDays put it off")
    )


def _wish(pace: PollingHints) -> str:
    """What a source asks for, in its own words, and how much of that is heard."""
    if pace.asked:
        return f"{pace.by} asks for {_length(pace.asked)} between looks, of which {_length(pace.wait)} is heard"
    return f"{pace.by} asks for {_length(pace.wait)} between looks"


def _length(seconds: float) -> str:
    """A length of time, as a config would have it."""
    return format_duration(timedelta(seconds=max(1, round(seconds))))


# SECTION: When each source of a feed is looked at next, out of what the state knows of it.


def plan_sources(feed: FeedConfig, tools: RunContext, now: datetime) -> Mapping[str, NextCheck]:
    """Source key → its next look: decided anew for those that were looked at, or should have been, since the last plan.

    Raises StoreError.
    """
    states = {state.key: state for state in tools.store.sources(feed.name)}
    by_rhythm = feed.every == "auto" and not feed.cron
    published = tools.store.published(feed.name) if by_rhythm else {}
    found = {}
    for source in feed.source:
        key = source_key(source)
        state = states.get(key)
        if state is None:  # the run came to nothing before it was looked at
            found[key] = NextCheck(now + feed.min_every, "not looked at yet")
        elif state.next_look is None or state.next_look <= now or is_never_due(feed, state, now):
            state = replace(state, checked=min(state.checked, now))  # the clock was put back since
            history = publication_times(published.get(key, ()))
            found[key] = planned = plan_next_check(
                feed, state, history, now, local=isinstance(source, FolderSource)
            )
            _log.debug(
                "plan", extra=fields(feed=feed.name, source=key, next=planned.next, why=planned.why)
            )
        else:
            found[key] = NextCheck(state.next_look, state.why)
    return found


def is_credible(
    feeds: Iterable[FeedConfig], planned: Mapping[str, datetime], tools: RunContext
) -> dict[str, datetime | None]:
    """Return when feeds run next; None for those that were never planned, or by a clock that was wrong.

    Args:
        feeds: of the config.
        planned: feed → its next run.
        tools: for the state, and the time.

    Raises:
        StoreError: the state cannot be read.
    """
    now = tools.clock()
    states = tools.store.stats.source_states()
    return {
        feed.name: _credible(
            feed,
            planned.get(feed.name),
            [
                state
                for source in feed.source
                if (state := states.get((feed.name, source_key(source))))
            ],
            now,
        )
        for feed in feeds
    }


def _credible(
    feed: FeedConfig, moment: datetime | None, states: Iterable[SourceState], now: datetime
) -> datetime | None:
    states = list(states)
    if moment is None or any(is_never_due(feed, state, now) for state in states):
        return None
    paces = [state.pace for state in states] or [NO_HINTS]
    return moment if any(moment <= now + max_interval(feed, pace, now) for pace in paces) else None


def plan_after_manual_run(feed: FeedConfig, tools: RunContext) -> None:
    """Plan the sources that somebody else than the service looked at; where no service ever ran the feed, none is.

    A running service keeps to its own plan of the feed, so no source is planned for a moment before
    that.

    Raises StoreError.
    """
    planned = tools.store.schedule.get(feed.name)
    if planned is None:
        return
    looks = {
        key: (max(each.next, planned.next_run), each.why)
        for key, each in plan_sources(feed, tools, tools.clock()).items()
    }
    tools.store.schedule.check_now(feed.name, looks)
