"""A source's rhythm in a few words, for people: "publishes about 9 a day, mostly 7–18 h UTC"."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

HOUR = 60.0  # minutes
DAY = 24 * HOUR
WEEK = 7 * DAY

LATELY, LONGER = 4 * WEEK, 52 * WEEK  # a rate is told of the first, if enough was published in it
HABIT = 26 * WEEK  # of which days and hours are told
ENOUGH = 4  # moments from which a rate can be told
TELLING = (
    8  # the same for hours and days, and this for each hour or day of a stretch that is named:
)
FOR_EACH = 4
MOSTLY = 0.9  # of what is published lies in the hours, on the days that are named
MOST_HOURS, MOST_DAYS = 14, 5  # that are worth naming
SILENT = 5  # times the usual wait without anything, if that is from a week to a year
BURSTS = 8  # times shorter than the mean is the wait that half of what is published comes within
NOW = 3 * HOUR  # in which at least ENOUGH, and SILENT times as much as usual, is a burst
ONE = (0.9, 1.1)  # a day are told as one a day,
SEVERAL = 1.5  # a day as a number a day, and what lies between by the week

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH_DAY = 3  # 1970 began with a Thursday


def describe_schedule(published_minutes: Sequence[float], now_minutes: float) -> str:
    """What is known of when a source publishes.

    Args:
        published_minutes: when it published, in minutes since 1970 UTC, ascending; what lies ahead
            does not count.
        now_minutes: the same for now.
    """
    moments = published_minutes[: bisect_right(published_minutes, now_minutes)]
    if not moments:
        return "has no dates to tell a rhythm from"
    silence = now_minutes - moments[-1]
    if len(moments) < ENOUGH:
        return f"has few dates to tell a rhythm from; the last is {_long(silence)} old"
    before = _lately(moments, moments[-1])
    if silence > min(max(WEEK, SILENT * before.wait), LONGER):
        return f"has published nothing for {_long(silence)}; before that about {_told(before.rate)}"
    now = _lately(moments, now_minutes)
    habits = [_bursts(before.moments), _when(moments), _burst_now(moments, now_minutes, now.rate)]
    return f"publishes about {_told(now.rate)}" + "".join(habits)


@dataclass(frozen=True, slots=True)
class _Lately:
    """What was published lately, how much that is a minute, and the mean wait between days with something."""

    moments: Sequence[float]
    rate: float
    wait: float


def _lately(moments: Sequence[float], end: float) -> _Lately:
    """What was published in the last weeks before a moment, or, where that is little, in the last year."""
    span = LATELY if len(moments) - bisect_left(moments, end - LATELY) >= TELLING else LONGER
    recent = moments[bisect_left(moments, end - span) :]
    known = max(min(span, end - moments[0]), DAY)
    return _Lately(recent, len(recent) / known, known / len({moment // DAY for moment in recent}))


def _bursts(moments: Sequence[float]) -> str:
    waits = [later - earlier for earlier, later in pairwise(moments)]
    return " in bursts" if len(moments) >= TELLING and median(waits) * BURSTS < fmean(waits) else ""


def _when(moments: Sequence[float]) -> str:
    """The days and hours in which most is published, if they are few enough to be worth telling.

    However much is published in an hour or on a day, it counts once: a burst is no habit.
    """
    recent = moments[bisect_left(moments, moments[-1] - HABIT) :]
    told = []
    if days := _stretch(
        [int(day + _EPOCH_DAY) % 7 for day in {moment // DAY for moment in recent}], 7, MOST_DAYS
    ):
        first, last = _DAYS[days[0]], _DAYS[(days[0] + days[1] - 1) % 7]
        told.append(f"on {first}s" if first == last else f"{first} to {last}")
    if hours := _stretch(
        [int(hour) % 24 for hour in {moment // HOUR for moment in recent}], 24, MOST_HOURS
    ):
        told.append(f"{hours[0]}–{(hours[0] + hours[1]) % 24 or 24} h UTC")
    return f", mostly {', '.join(told)}" if told else ""


def _stretch(places: Sequence[int], ring: int, longest: int) -> tuple[int, int] | None:
    """Where on a ring the shortest stretch begins that holds most of the places, and its length."""
    counts = Counter(places)
    for length in range(1, min(longest, len(places) // FOR_EACH) + 1):
        held = [
            sum(counts[(first + number) % ring] for number in range(length))
            for first in range(ring)
        ]
        if len(places) >= TELLING and max(held) >= MOSTLY * len(places):
            return held.index(max(held)), length
    return None


def _burst_now(moments: Sequence[float], now: float, rate: float) -> str:
    count = len(moments) - bisect_left(moments, now - NOW)
    return (
        f"; {count} in the last {NOW / HOUR:.0f} h"
        if count >= max(ENOUGH, SILENT * rate * NOW)
        else ""
    )


def _told(rate: float) -> str:
    """A rate, given for a minute, in the shortest unit in which a whole number tells it."""
    for span, name in ((DAY, "a day"), (WEEK, "a week"), (30 * DAY, "a month")):
        if ONE[0] <= rate * span <= ONE[1] or rate * span >= SEVERAL:
            return f"{rate * span:.0f} {name}"
    return f"{max(1, rate * 365 * DAY):.0f} a year"


def _long(minutes: float) -> str:
    """A stretch of time, in the longest unit of which it has two."""
    for span, name in (
        (365 * DAY, "years"),
        (30 * DAY, "months"),
        (WEEK, "weeks"),
        (DAY, "days"),
        (HOUR, "hours"),
    ):
        if minutes >= 2 * span:
            return f"{minutes / span:.0f} {name}"
    return "an hour" if minutes >= HOUR else "minutes"
