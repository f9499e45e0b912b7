"""Describe a source's publishing pattern: "publishes about 9 a day, mostly 7–18 h UTC"."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

HOUR = 60.0  # minutes
DAY = 24 * HOUR
WEEK = 7 * DAY

MIN_PUBLICATIONS = 4  # for any statement about a rate
MIN_FOR_PATTERN = 8  # for a statement about hours, days or bursts
MIN_PER_SLOT = 4  # for each hour or day of a stretch that is named

# A rate is that of the last weeks, or of the last year if too little was published in the weeks.
SHORT_SPAN, LONG_SPAN = 4 * WEEK, 52 * WEEK
PATTERN_SPAN = 26 * WEEK  # in which hours and days are counted
MIN_SHARE = 0.9  # of all publications, for "mostly"
MAX_HOURS, MAX_DAYS = 14, 5  # longer stretches are not worth naming
SILENCE_FACTOR = 5  # times the mean wait; such a wait is a silence if it is a week to a year
BURST_FACTOR = 8  # the mean wait between publications exceeds the median that many times
BURST_SPAN = 3 * HOUR  # in which SILENCE_FACTOR times the usual number is a burst
ONE_RANGE = (0.9, 1.1)  # rates that are rounded to 1
MIN_SEVERAL = 1.5  # rates from here on are rounded; those between are stated in a longer unit

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH_DAY = 3  # 1970 began on a Thursday


@dataclass(frozen=True, slots=True)
class PublishingPattern:
    """The part of a description that stays the same until a source publishes again.

    Attributes:
        mean_wait: Mean minutes between days with a publication, before the last publication.
        rate: The rate at that time: "9 a day".
        details: The bursts, days and hours: " in bursts, mostly 7–18 h UTC"; "" if there are none.
    """

    mean_wait: float
    rate: str
    details: str


NO_PATTERN = PublishingPattern(0.0, "", "")


def find_pattern(moments: Sequence[float]) -> PublishingPattern:
    """Find a source's publishing pattern.

    Args:
        moments: Publication times in minutes since 1970 UTC, ascending.
    """
    if len(moments) < MIN_PUBLICATIONS:
        return NO_PATTERN
    recent, known = _recent_publications(moments, moments[-1])
    days = {moment // DAY for moment in recent}
    details = _describe_bursts(recent) + _describe_pattern(moments)
    return PublishingPattern(known / len(days), _format_rate(len(recent) / known), details)


def describe_schedule(
    moments: Sequence[float], now: float, pattern: PublishingPattern | None = None
) -> str:
    """Describe when a source publishes.

    Args:
        moments: Publication times in minutes since 1970 UTC, ascending. Times after `now` do not
            count.
        now: Current time, in the same unit.
        pattern: The pattern of the times until now, if it was found before.
    """
    moments = moments[: bisect_right(moments, now)]
    if not moments:
        return "no publication dates to estimate a rate from"
    silence = now - moments[-1]
    if len(moments) < MIN_PUBLICATIONS:
        return (
            "too few publication dates to estimate a rate from; "
            f"the last is {_format_duration(silence)} old"
        )
    pattern = pattern or find_pattern(moments)
    if silence > min(max(WEEK, SILENCE_FACTOR * pattern.mean_wait), LONG_SPAN):
        return (
            f"has published nothing for {_format_duration(silence)}; "
            f"before that about {pattern.rate}"
        )
    recent, known = _recent_publications(moments, now)
    rate = len(recent) / known
    burst = _describe_current_burst(moments, now, rate)
    return f"publishes about {_format_rate(rate)}{pattern.details}{burst}"


def _recent_publications(moments: Sequence[float], end: float) -> tuple[Sequence[float], float]:
    """Return the publications of a recent span, and the minutes of it for which they are known."""
    count = len(moments) - bisect_left(moments, end - SHORT_SPAN)
    span = SHORT_SPAN if count >= MIN_FOR_PATTERN else LONG_SPAN
    recent = moments[bisect_left(moments, end - span) :]
    return recent, max(min(span, end - moments[0]), DAY)


def _describe_bursts(moments: Sequence[float]) -> str:
    if len(moments) < MIN_FOR_PATTERN:
        return ""
    waits = [later - earlier for earlier, later in pairwise(moments)]
    return " in bursts" if median(waits) * BURST_FACTOR < fmean(waits) else ""


def _describe_pattern(moments: Sequence[float]) -> str:
    """Name the days and hours in which most is published, if they are few.

    Each hour and each day counts once, so that a burst is not taken for a pattern.
    """
    recent = moments[bisect_left(moments, moments[-1] - PATTERN_SPAN) :]
    days = {moment // DAY for moment in recent}
    hours = {moment // HOUR for moment in recent}
    named = ", ".join(filter(None, (_name_days(days), _name_hours(hours))))
    return f", mostly {named}" if named else ""


def _name_days(days: Collection[float]) -> str:
    """Name the days of the week in which most of some days since 1970 are, if they are few."""
    stretch = _find_stretch([int(day + _EPOCH_DAY) % 7 for day in days], 7, MAX_DAYS)
    if stretch is None:
        return ""
    start, length = stretch
    first, last = _DAYS[start], _DAYS[(start + length - 1) % 7]
    return f"on {first}s" if length == 1 else f"{first} to {last}"


def _name_hours(hours: Collection[float]) -> str:
    """Name the hours of the day in which most of some hours since 1970 are, if they are few."""
    stretch = _find_stretch([int(hour) % 24 for hour in hours], 24, MAX_HOURS)
    if stretch is None:
        return ""
    start, length = stretch
    return f"{start}–{(start + length) % 24 or 24} h UTC"


def _find_stretch(places: Sequence[int], ring: int, max_length: int) -> tuple[int, int] | None:
    """Return start and length of the shortest stretch of a ring that contains most places."""
    if len(places) < MIN_FOR_PATTERN:
        return None
    counts = Counter(places)
    twice_around = [counts[place] for place in range(ring)] * 2
    for length in range(1, min(max_length, len(places) // MIN_PER_SLOT) + 1):
        totals = [sum(twice_around[start : start + length]) for start in range(ring)]
        if max(totals) >= MIN_SHARE * len(places):
            return totals.index(max(totals)), length
    return None


def _describe_current_burst(moments: Sequence[float], now: float, rate: float) -> str:
    count = len(moments) - bisect_left(moments, now - BURST_SPAN)
    if count < max(MIN_PUBLICATIONS, SILENCE_FACTOR * rate * BURST_SPAN):
        return ""
    return f"; {count} in the last {BURST_SPAN / HOUR:.0f} h"


def _format_rate(rate: float) -> str:
    """Format a rate per minute in the shortest unit in which it is a whole number."""
    for span, unit in ((DAY, "a day"), (WEEK, "a week"), (30 * DAY, "a month")):
        if ONE_RANGE[0] <= rate * span <= ONE_RANGE[1] or rate * span >= MIN_SEVERAL:
            return f"{rate * span:.0f} {unit}"
    return f"{max(1, rate * 365 * DAY):.0f} a year"


def _format_duration(minutes: float) -> str:
    """Format a duration in the longest unit of which it contains at least two."""
    for span, unit in (
        (365 * DAY, "years"),
        (30 * DAY, "months"),
        (WEEK, "weeks"),
        (DAY, "days"),
        (HOUR, "hours"),
    ):
        if minutes >= 2 * span:
            return f"{minutes / span:.0f} {unit}"
    return "an hour" if minutes >= HOUR else "minutes"
