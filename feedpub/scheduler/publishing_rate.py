"""When a source published, out of what its entries say: fit for learning its rhythm from."""

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from operator import mul
from typing import Self

import numpy as np
import numpy.typing as npt

_SOON = timedelta(hours=36)
_NOON = timedelta(hours=12)
_APART = timedelta(
    minutes=10
)  # entries without dates get the seconds before the look that found them, one each


def publication_times(entries: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    """Return the moments of publication, ascending.

    An entry without a date counts as published when it was first seen, unless that was the source's
    first look: all that was listed then had been published before, nobody knows when.

    A date without a time of day stands at midnight, which says nothing of the hour: when the entry
    was first seen says
    more, where that was soon after; else noon is the best guess.

    Args:
        entries: of one source; when each was published and first seen, aware.
    """
    known = list(entries)
    first_look = min((seen for _, seen in known), default=None)
    return sorted(
        _moment(*entry) for entry in known if not _is_undated(*entry) or entry[1] != first_look
    )


def _is_undated(published: datetime, seen: datetime) -> bool:
    """Return True if an entry's date is that of the look that found it.

    The store has no other mark of that.
    """
    return timedelta(0) <= seen - published < _APART


def _moment(published: datetime, seen: datetime) -> datetime:
    if published.astimezone(UTC).time() != time():
        return published
    return seen if timedelta(0) <= seen - published < _SOON else published + _NOON


# SECTION: The week of a source: how likely it publishes in each hour of it. The week begins as
# 1970 did, with a Thursday.

HOUR = 60.0  # minutes, as is every time in here
DAY = 24  # hours
WEEK = 7 * DAY
MEMORY = 40 * WEEK * HOUR  # in which what was published comes to count e times less
BLUR = 1.5  # hours: the deviation over which a moment counts for the hours around it

# Moments that are made up, so that a few real ones do not look like a habit:
EVEN_HOURS = 3.0  # at all hours of the day alike
EVEN_DAYS = 100.0  # on all days of the week alike
EVERY_DAY_ALIKE = 350.0  # with the same hours every day

Counts = npt.NDArray[np.float64]


def weekly_profile(moments: Counts) -> Counts:
    """How much of what a source publishes falls into each hour of the week: 168 factors, on average 1.

    Args:
        moments: when it published, in minutes since 1970 UTC, ascending.
    """
    if not len(moments):
        return np.ones(WEEK)
    hours = (moments // HOUR).astype(int) % WEEK
    counts = np.bincount(hours, np.exp((moments - moments[-1]) / MEMORY), WEEK)
    total = counts.sum()
    by_day = counts.reshape(7, DAY)
    day = (_DAY_BLUR @ by_day.sum(axis=0) + EVEN_HOURS / DAY) / (total + EVEN_HOURS)
    days = (by_day.sum(axis=1) + EVEN_DAYS / 7) / (total + EVEN_DAYS)
    guess = np.outer(days, day).ravel()
    shares: Counts = (_WEEK_BLUR @ counts + EVERY_DAY_ALIKE * guess) / (total + EVERY_DAY_ALIKE)
    return shares * WEEK


def _blur(length: int) -> Counts:
    """A matrix that spreads counts over the hours around them, on a ring of so many hours."""
    apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    shares = np.exp(-0.5 * (np.minimum(apart, length - apart) / BLUR) ** 2)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


_DAY_BLUR, _WEEK_BLUR = _blur(DAY), _blur(WEEK)


# SECTION: When to look at a source next, from when it published before.
#
# The rate at which it will publish is what it published of late, counted over several spans of
# time, from within the
# hour to over many weeks, times what the hour of the week makes of each. Where the rate were
# known, looks would be best
# placed at equal distances of the integral of its square root; of a rate that is guessed, a lower
# power is better.

DAY_RHYTHM = (
    24 * HOUR
)  # minutes, as is every time in here; ahead of that, a day is like the next one
MOST = 1000  # moments that are learned from, the newest
FRESH = (
    1 / 64
)  # of those, at most, that came after habits were learned, and count for the rates alone
FLOOR = 0.002  # publications a day that any source is good for
SHORTEST, LONGEST = 1 / HOUR, 365 * DAY_RHYTHM  # waits
_REMEMBERED = 64  # sources

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RateWeights:
    """What tests/benchmarks/fit_rhythm.py learns.

    Attributes:
        spans: minutes, in which a publication comes to count e times less.
        weights: of the rate over each span.
        weekly: the power of the week's profile that the rate over each span is multiplied by.
        power: of the rate, that looks follow.
        pace: minutes between looks, at one publication a day and a scale of 1.
    """

    spans: Numbers
    weights: Numbers
    weekly: Numbers
    power: float
    pace: float

    @classmethod
    def load(cls) -> Self:
        """The ones that are shipped."""
        told = json.loads(
            (files("feedpub.scheduler") / "data" / "rhythm.json").read_text(encoding="utf-8")
        )
        spans, weights, weekly = (
            np.array(told[key], float) for key in ("spans", "weights", "weekly")
        )
        return cls(spans * HOUR, weights, weekly, told["power"], told["pace"])


@dataclass(frozen=True, slots=True)
class SourceRates:
    """What was learned of a source.

    Attributes:
        last: when it last published.
        rates: publications a day over each span, at that time, weighted.
        week: hour of the week → by what each of them is multiplied in it.
    """

    last: float
    rates: list[float]
    week: list[list[float]]


class RateModel:
    """Decides by given weights.

    Keeps what it learned of the last sources that it was asked about.
    """

    def __init__(self, weights: RateWeights) -> None:
        self._weights = weights
        self._spans = weights.spans.tolist()
        self._units = (
            weights.weights * DAY_RHYTHM / weights.spans
        ).tolist()  # what one publication is of a rate
        self._fades = np.exp(-HOUR / weights.spans).tolist()
        self._habits = lru_cache(_REMEMBERED)(self._learn)

    def next_check(
        self,
        now: float,
        published: Sequence[float],
        last_check: float,  # noqa: ARG002 -- the time of a check says nothing about publishing
        scale: float,
    ) -> float:
        """How long to wait before the next look at a source.

        Args:
            now: minutes since 1970, UTC.
            published: when it published, ascending, in the same minutes; what lies ahead does not
                count.
            last_check: when it was last looked at.
            scale: stretches the waits.

        Returns:
            Minutes, from a second to a year.
        """
        known = bisect_right(published, now)
        settled = known - known % (1 + int(FRESH * min(known, MOST)))
        habits = self._habits(tuple(published[max(0, settled - MOST) : settled]))
        wait = self._wait(habits, published[settled:known], now, scale)
        return min(max(wait, SHORTEST), LONGEST)

    def _wait(self, habits: SourceRates, fresh: Sequence[float], now: float, scale: float) -> float:
        """Until looks are due, hour by hour.

        What lies more than a day ahead goes on at that day's mean.
        """
        due, found, waited = scale * self._weights.pace, 0.0, 0.0
        hour, step = int(now // HOUR) % WEEK, HOUR - now % HOUR
        rates = self._rates(habits, fresh, now + step / 2)
        fades = [
            math.exp(-(step + HOUR) / 2 / span) for span in self._spans
        ]  # to the middle of the next hour
        while waited < DAY_RHYTHM:
            gain = step * math.pow(
                FLOOR + sum(map(mul, habits.week[hour], rates)), self._weights.power
            )
            if found + gain >= due:
                return waited + step * (due - found) / gain
            found, waited = found + gain, waited + step
            hour, step = (hour + 1) % WEEK, HOUR
            rates, fades = list(map(mul, rates, fades)), self._fades
        return waited * due / found

    def _rates(self, habits: SourceRates, fresh: Sequence[float], then: float) -> list[float]:
        """Publications a day over each span, weighted, at a moment."""
        return [
            rate * math.exp((habits.last - then) / span)
            + unit * sum([math.exp((moment - then) / span) for moment in fresh])
            for rate, span, unit in zip(habits.rates, self._spans, self._units, strict=True)
        ]

    def _learn(self, published: tuple[float, ...]) -> SourceRates:
        if not published:
            return SourceRates(0.0, [0.0] * len(self._spans), [[1.0] * len(self._spans)] * WEEK)
        moments = np.array(published, float)
        counts = np.exp((moments - moments[-1]) / self._weights.spans[:, None]).sum(axis=1)
        week = weekly_profile(moments)[:, None] ** self._weights.weekly
        return SourceRates(published[-1], (counts * self._units).tolist(), week.tolist())


next_check = RateModel(RateWeights.load()).next_check
