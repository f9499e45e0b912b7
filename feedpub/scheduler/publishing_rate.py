"""Learn from a source's publication times how long to wait before its next check.

The model predicts the rate at which the source will publish. It counts past publications over
several time spans, from within the hour to many weeks. Each count is multiplied by a factor for the
hour of the week.

If the rate were known, the best checks would be equidistant on the integral of its square root. The
rate is only a guess, so a lower power is better. `tests/benchmarks/fit_rhythm.py` learns the
parameters.

All times and waits are in minutes, counted from 1970 UTC.
"""

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

HOUR = 60.0
DAY = 24  # hours
DAY_MINUTES = DAY * HOUR
WEEK = 7 * DAY  # hours; it begins on a Thursday, as 1970 did

MEMORY = 40 * WEEK * HOUR  # a publication of that age weighs 1/e of a new one
BLUR = 1.5  # hours; standard deviation of the smoothing over neighbouring hours

# Made-up publications. They keep a few real ones from looking like a weekly pattern.
EVEN_HOURS = 3.0  # spread evenly over the hours of the day
EVEN_DAYS = 100.0  # spread evenly over the days of the week
EVERY_DAY_ALIKE = 350.0  # with the same hours on every day

MAX_MOMENTS = 1000  # newest publications that the model learns from
# The share of publications that may be newer than the learned rates. They are counted separately,
# so that one new entry does not cause learning from the complete history again.
MAX_FRESH_SHARE = 1 / 64
MIN_DAILY_RATE = 0.002  # publications a day assumed for any source
MIN_WAIT_MINUTES, MAX_WAIT_MINUTES = 1 / HOUR, 365 * DAY_MINUTES
_MAX_CACHED_SOURCES = 64

_MAX_DISCOVERY_DELAY = timedelta(hours=36)
_NOON = timedelta(hours=12)
# Undated entries get dates in the seconds before the check that found them, one second each.
_MAX_UNDATED_OFFSET = timedelta(minutes=10)

Numbers = npt.NDArray[np.float64]


def publication_times(entries: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    """Return the times at which a source published, in ascending order.

    An undated entry counts as published when it was first seen. Undated entries of the source's
    first check are left out, because their publication time is unknown.

    A date without a time of day is stored as midnight. It is replaced by the time when the entry
    was first seen, if that was soon after, or else by noon.

    Args:
        entries: Publication time and first-seen time of each entry of one source, aware.
    """
    pairs = list(entries)
    first_check = min((seen for _, seen in pairs), default=None)
    times = []
    for published, seen in pairs:
        # The store has no other mark of an undated entry.
        undated = timedelta(0) <= seen - published < _MAX_UNDATED_OFFSET
        if undated and seen == first_check:
            continue
        times.append(_estimate_time(published, seen))
    return sorted(times)


def _estimate_time(published: datetime, seen: datetime) -> datetime:
    if published.astimezone(UTC).time() != time():
        return published
    if timedelta(0) <= seen - published < _MAX_DISCOVERY_DELAY:
        return seen
    return published + _NOON


def weekly_profile(moments: Numbers) -> Numbers:
    """Return a factor for each hour of the week: how much a source publishes in it.

    Args:
        moments: Publication times in ascending order.

    Returns:
        168 factors with a mean of 1.
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
    shares: Numbers = (_WEEK_BLUR @ counts + EVERY_DAY_ALIKE * guess) / (total + EVERY_DAY_ALIKE)
    return shares * WEEK


def _make_blur(length: int) -> Numbers:
    """Return a matrix that smooths counts over neighbouring hours, on a ring of that length."""
    apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    shares = np.exp(-0.5 * (np.minimum(apart, length - apart) / BLUR) ** 2)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


_DAY_BLUR, _WEEK_BLUR = _make_blur(DAY), _make_blur(WEEK)


@dataclass(frozen=True, slots=True)
class RateWeights:
    """The learned parameters of the rate model.

    Attributes:
        spans: Time spans in minutes. Within a span, a publication's count falls to 1/e.
        weights: Weight of the rate over each span.
        weekly: Power of the weekly profile that multiplies the rate over each span.
        power: Power of the rate that is proportional to the density of checks.
        base_minutes: Wait at one publication a day and a scale of 1.
    """

    spans: Numbers
    weights: Numbers
    weekly: Numbers
    power: float
    base_minutes: float

    @classmethod
    def load(cls) -> Self:
        """Load the parameters that the package contains."""
        file = files("feedpub.scheduler") / "data" / "rhythm.json"
        values = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            spans=np.array(values["spans"], float) * HOUR,
            weights=np.array(values["weights"], float),
            weekly=np.array(values["weekly"], float),
            power=values["power"],
            base_minutes=values["pace"],
        )


@dataclass(frozen=True, slots=True)
class SourceRates:
    """The model's learned values for one source.

    Attributes:
        last: Time of its last publication.
        rates: Weighted publications a day over each span, at that time.
        week: For each hour of the week, the factor of each rate.
    """

    last: float
    rates: list[float]
    week: list[list[float]]


class RateModel:
    """Predict a source's publishing rate, and from it the wait before the next check.

    The model caches what it learned about the most recently used sources.
    """

    def __init__(self, weights: RateWeights) -> None:
        self._weights = weights
        self._spans = weights.spans.tolist()
        # the part of each rate that one publication contributes
        self._units = (weights.weights * DAY_MINUTES / weights.spans).tolist()
        self._hourly_decays = np.exp(-HOUR / weights.spans).tolist()
        self._learn_cached = lru_cache(_MAX_CACHED_SOURCES)(self._learn)

    def minutes_until_check(
        self,
        now: float,
        published: Sequence[float],
        last_check: float,  # noqa: ARG002 -- the time of a check says nothing about publishing
        scale: float,
    ) -> float:
        """Return how long to wait before the next check of a source.

        Args:
            now: Current time.
            published: Publication times in ascending order. Times after `now` do not count.
            last_check: Time of the last check.
            scale: Factor of the wait.

        Returns:
            Minutes, from one second to one year.
        """
        known = bisect_right(published, now)
        settled = known - known % (1 + int(MAX_FRESH_SHARE * min(known, MAX_MOMENTS)))
        learned = self._learn_cached(tuple(published[max(0, settled - MAX_MOMENTS) : settled]))
        wait = self._integrate(learned, published[settled:known], now, scale)
        return min(max(wait, MIN_WAIT_MINUTES), MAX_WAIT_MINUTES)

    def _integrate(
        self, learned: SourceRates, fresh: Sequence[float], now: float, scale: float
    ) -> float:
        """Add up the check density hour by hour until a check is due.

        After one day, the mean of that day is extrapolated.
        """
        due, found, waited = scale * self._weights.base_minutes, 0.0, 0.0
        hour, step = int(now // HOUR) % WEEK, HOUR - now % HOUR
        rates = self._rates_at(learned, fresh, now + step / 2)
        # to the middle of the next hour
        decays = [math.exp(-(step + HOUR) / 2 / span) for span in self._spans]
        while waited < DAY_MINUTES:
            rate = MIN_DAILY_RATE + sum(map(mul, learned.week[hour], rates))
            gain = step * math.pow(rate, self._weights.power)
            if found + gain >= due:
                return waited + step * (due - found) / gain
            found, waited = found + gain, waited + step
            hour, step = (hour + 1) % WEEK, HOUR
            rates, decays = list(map(mul, rates, decays)), self._hourly_decays
        return waited * due / found

    def _rates_at(self, learned: SourceRates, fresh: Sequence[float], moment: float) -> list[float]:
        """Return the weighted publications a day over each span, at a moment."""
        rates = []
        for rate, span, unit in zip(learned.rates, self._spans, self._units, strict=True):
            recent = sum([math.exp((published - moment) / span) for published in fresh])
            rates.append(rate * math.exp((learned.last - moment) / span) + unit * recent)
        return rates

    def _learn(self, published: tuple[float, ...]) -> SourceRates:
        if not published:
            return SourceRates(0.0, [0.0] * len(self._spans), [[1.0] * len(self._spans)] * WEEK)
        moments = np.array(published, float)
        counts = np.exp((moments - moments[-1]) / self._weights.spans[:, None]).sum(axis=1)
        week = weekly_profile(moments)[:, None] ** self._weights.weekly
        return SourceRates(published[-1], (counts * self._units).tolist(), week.tolist())


minutes_until_check = RateModel(RateWeights.load()).minutes_until_check
