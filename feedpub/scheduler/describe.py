"""A source's rhythm in a few words, for people: "publishes about 9 a day, mostly 7–18 h UTC"."""

from bisect import bisect_right
from collections.abc import Sequence

HOUR = 60.0  # minutes
DAY = 24 * HOUR
WEEK = 7 * DAY
MOST = 0.8  # of what is published lies in the hours, or on the days, that are named
LONGEST = 14  # hours that are worth naming, of 24
FEWEST = 8  # moments from which hours or days can be told
SPANS = (4 * WEEK, 26 * WEEK)  # looked at in turn until there is something in one
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def describe(published_minutes: Sequence[float], now_minutes: float) -> str:
    """What is known of when a source publishes.

    Args:
        published_minutes: when it published, in minutes since 1970 UTC, ascending; what lies ahead does not count.
        now_minutes: the same for now.
    """
    moments = published_minutes[: bisect_right(published_minutes, now_minutes)]
    if not moments:
        return "not known to have published yet"
    silence = now_minutes - moments[-1]
    if len(moments) == 1:
        return f"published once, {_ago(silence)}"
    span = next((span for span in SPANS if moments[-1] - moments[0] and silence < span / 2), None)
    if span is None:
        return f"has not published for {_long(silence)}"
    recent = [moment for moment in moments if moment > now_minutes - span]
    known = min(span, max(now_minutes - moments[0], DAY))
    told = f"publishes about {_rate(len(recent) / known)}"
    hours = _hours(recent) if len(recent) >= FEWEST else None
    return f"{told}, mostly {hours}" if hours else told


def _rate(each_minute: float) -> str:
    for span, name in ((DAY, "a day"), (WEEK, "a week"), (30 * DAY, "a month")):
        if each_minute * span >= 0.95:  # noqa: PLR2004 -- what rounds to one
            return f"{each_minute * span:.0f} {name}"
    return f"{max(1, each_minute * 365 * DAY):.0f} a year"


def _hours(moments: Sequence[float]) -> str | None:
    """The shortest stretch of the day in which most is published, if it is short enough to be worth telling."""
    counts = [0] * 24
    for moment in moments:
        counts[int(moment // HOUR) % 24] += 1
    for length in range(1, LONGEST + 1):
        inside, first = max((sum(counts[(h + i) % 24] for i in range(length)), -h) for h in range(24))
        if inside >= MOST * len(moments):
            return f"{-first}–{(-first + length) % 24 or 24} h UTC"
    return None


def _ago(minutes: float) -> str:
    return f"{_long(minutes)} ago"


def _long(minutes: float) -> str:
    for span, name in ((365 * DAY, "year"), (30 * DAY, "month"), (WEEK, "week"), (DAY, "day"), (HOUR, "hour")):
        if minutes >= span:
            count = int(minutes / span)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than an hour"
