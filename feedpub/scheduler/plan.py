"""When a source is looked at next, and why. Decides from what is known of it; asks no clock and no store.

Three voices: what the config says (`every`, `cron`), when the source published before, and how often the source itself
wants to be asked. The last one has the last word where feedpub decides alone; a Retry-After always has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from feedpub.config import FeedConfig, duration
from feedpub.model import Pace
from feedpub.scheduler.describe import describe
from feedpub.scheduler.rhythm import next_check
from feedpub.scheduler.triggers import next_fire
from feedpub.store import SourceState

JITTER = 0.2  # of a wait after a failure, either way: what failed together is not asked together
_MOST_DOUBLINGS = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_APART = timedelta(seconds=30)  # at most, between two machines that share a state
_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)  # over which skipHours and skipDays can put a look off
_LONGEST_PAUSE = timedelta(days=1)  # that a Retry-After is heard for
_HOUR = timedelta(hours=1)  # also the longest wait after a first failure, or at a fixed interval of less than that
_WEEK_OF_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Plan:
    """The next look at a source, or the next run of a feed.

    Attributes:
        why: for people: "publishes about 9 a day, mostly 7–18 h UTC".
    """

    next: datetime
    why: str


def is_impossible(feed: FeedConfig, source: SourceState, now: datetime) -> bool:
    """Return True if only a clock that was ahead can have left a source so: looked at, or waiting, in a far future."""
    if source.checked > now + CLOCKS_APART:
        return True
    return source.next_look is not None and source.next_look > now + longest_wait(feed, source.pace, now)


def longest_wait(feed: FeedConfig, pace: Pace, now: datetime) -> timedelta:
    """Return the longest that a source can have to wait from now on, whatever its last look brought."""
    if feed.cron:
        usual = next_fire(feed.cron, feed.timezone, now) - now
    elif isinstance(feed.every, timedelta):
        usual = max(feed.every, _HOUR)
    else:
        usual = max(feed.min_every, feed.max_every)
    asked = max(timedelta(seconds=pace.wait), _LONGEST_PAUSE)
    put_off = _WEEK if pace.skip_hours or pace.skip_days else timedelta(0)
    return max(usual * (1 + JITTER), asked) + put_off + CLOCKS_APART


def plan(feed: FeedConfig, source: SourceState, published: Sequence[datetime], now: datetime, *, local: bool) -> Plan:
    """When to look at a source next.

    Args:
        feed: whose settings hold.
        source: as the last look left it.
        published: when it published, ascending.
        now: aware.
        local: it is a folder of this machine, which costs nobody anything.
    """
    if feed.cron:
        planned = Plan(next_fire(feed.cron, feed.timezone, now), f"cron {feed.cron} ({feed.timezone})")
    elif isinstance(feed.every, timedelta):
        planned = _at_interval(feed.every, source, now)
    elif local:
        planned = Plan(source.checked + feed.min_every, f"a folder: every {duration(feed.min_every)}")
    elif source.failures:
        usual = min(_by_rhythm(feed, source, published).next - source.checked, _HOUR)
        planned = _after_failure(source, max(usual, feed.min_every), feed.max_every)
    else:
        return _respecting(source, _by_rhythm(feed, source, published))
    return _respecting(source, planned) if source.pace.by == "Retry-After" else planned


def _at_interval(every: timedelta, source: SourceState, now: datetime) -> Plan:
    if source.failures:
        return _after_failure(source, every, max(every, _HOUR))
    return Plan(max(source.checked + every, now), f"every {duration(every)}")


def _by_rhythm(feed: FeedConfig, source: SourceState, published: Sequence[datetime]) -> Plan:
    moments = [(moment - _EPOCH) / _MINUTE for moment in published]
    looked = (source.checked - _EPOCH) / _MINUTE
    wait = timedelta(minutes=min(next_check(looked, moments, looked, feed.interval_factor), feed.max_every / _MINUTE))
    return Plan(source.checked + max(wait, feed.min_every), describe(moments, looked))


def _after_failure(source: SourceState, usual: timedelta, longest: timedelta) -> Plan:
    """After the first failure as usual, then twice as long each time; once it answers, all is as it was."""
    wait = min(usual * 2 ** min(source.failures - 1, _MOST_DOUBLINGS), longest)
    times = "once" if source.failures == 1 else f"{source.failures} times in a row"
    return Plan(source.checked + wait * _jitter(source), f"failed {times}")


def _jitter(source: SourceState) -> float:
    """A factor that differs from source to source and from failure to failure, and is the same when asked again."""
    digest = crc32(f"{source.feed} {source.key} {source.failures}".encode())
    return 1 + JITTER * (digest / 2**31 - 1)


def _respecting(source: SourceState, planned: Plan) -> Plan:
    """No sooner than the source allows, and at an hour and on a day at which it says that it may have something."""
    pace = source.pace
    earliest = source.checked + timedelta(seconds=pace.wait)
    if earliest > planned.next:
        planned = Plan(earliest, f"{planned.why}; {_wish(pace)}")
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
    return planned if moment == planned.next else Plan(moment, f"{planned.why}; its skipHours or skipDays put it off")


def _wish(pace: Pace) -> str:
    """What a source asks for, in its own words, and how much of that is heard."""
    if pace.asked:
        return f"{pace.by} asks for {_length(pace.asked)} between looks, of which {_length(pace.wait)} is heard"
    return f"{pace.by} asks for {_length(pace.wait)} between looks"


def _length(seconds: float) -> str:
    """A length of time, as a config would have it."""
    return duration(timedelta(seconds=max(1, round(seconds))))
