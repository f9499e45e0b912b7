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
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import repeat
from operator import mul
from typing import Self

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
MAX_FRESH = int(MAX_FRESH_SHARE * MAX_MOMENTS)
MIN_DAILY_RATE = 0.002  # publications a day assumed for any source
MIN_WAIT_MINUTES, MAX_WAIT_MINUTES = 1 / HOUR, 365 * DAY_MINUTES
_MAX_CACHED_HISTORIES = 4

# In seconds
_MAX_DISCOVERY_DELAY = 36 * 3600
_NOON = 12 * 3600
_DAY_SECONDS = 24 * 3600
# Undated entries get dates in the seconds before the check that found them, one second each.
_MAX_UNDATED_OFFSET = 600

_BLUR_REACH = 11  # hours; the share of an hour further away is below 1e-12


def publication_times(
    entries: Iterable[tuple[int, int]], first_check: int | None = None
) -> list[float]:
    """Return the times at which a source published, in ascending order.

    An undated entry counts as published when it was first seen. Undated entries of the source's
    first check are left out, because their publication time is unknown.

    A date without a time of day is stored as midnight. It is replaced by the time when the entry
    was first seen, if that was soon after, or else by noon.

    Args:
        entries: Publication time and first-seen time of each entry of one source, in seconds since
            1970.
        first_check: Time of the source's first check in seconds; None for the earliest of the
            first-seen times.
    """
    pairs = list(entries)
    if first_check is None:
        first_check = min((seen for _, seen in pairs), default=0)
    times = []
    for published, seen in pairs:
        # The store has no other mark of an undated entry.
        undated = 0 <= seen - published < _MAX_UNDATED_OFFSET
        if undated and seen == first_check:
            continue
        times.append(_estimate_time(published, seen) / 60)
    return sorted(times)


def _estimate_time(published: int, seen: int) -> int:
    if published % _DAY_SECONDS:
        return published
    if 0 <= seen - published < _MAX_DISCOVERY_DELAY:
        return seen
    return published + _NOON


def weekly_profile(moments: Sequence[float]) -> list[float]:
    """Return a factor for each hour of the week: how much a source publishes in it.

    Args:
        moments: Publication times in ascending order.

    Returns:
        168 factors with a mean of 1.
    """
    if not moments:
        return [1.0] * WEEK
    counts = [0.0] * WEEK
    for moment in moments:
        counts[int(moment // HOUR) % WEEK] += math.exp((moment - moments[-1]) / MEMORY)
    total = sum(counts)
    by_day = [counts[start : start + DAY] for start in range(0, WEEK, DAY)]
    by_hour = _smooth([sum(hour) for hour in zip(*by_day, strict=True)])
    day = [(count + EVEN_HOURS / DAY) / (total + EVEN_HOURS) for count in by_hour]
    days = [(sum(hours) + EVEN_DAYS / 7) / (total + EVEN_DAYS) for hours in by_day]
    guess = [of_day * of_hour for of_day in days for of_hour in day]
    scale = WEEK / (total + EVERY_DAY_ALIKE)
    smooth = zip(_smooth(counts), guess, strict=True)
    return [(count + EVERY_DAY_ALIKE * guessed) * scale for count, guessed in smooth]


def _smooth(counts: Sequence[float]) -> list[float]:
    """Smooth counts over neighbouring hours, on a ring."""
    ring = [*counts[-_BLUR_REACH:], *counts, *counts[:_BLUR_REACH]]
    width = len(_BLUR_SHARES)
    return [sum(map(mul, _BLUR_SHARES, ring[at : at + width])) for at in range(len(counts))]


def _blur_shares() -> list[float]:
    apart = range(-_BLUR_REACH, _BLUR_REACH + 1)
    shares = [math.exp(-0.5 * (hours / BLUR) ** 2) for hours in apart]
    total = sum(shares)
    return [share / total for share in shares]


_BLUR_SHARES = _blur_shares()


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

    spans: tuple[float, ...]
    weights: tuple[float, ...]
    weekly: tuple[float, ...]
    power: float
    base_minutes: float

    @classmethod
    def load(cls) -> Self:
        """Load the parameters that the package contains."""
        file = files("feedpub.scheduler") / "data" / "rhythm.json"
        values = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            spans=tuple(hours * HOUR for hours in values["spans"]),
            weights=tuple(values["weights"]),
            weekly=tuple(values["weekly"]),
            power=values["power"],
            base_minutes=values["pace"],
        )


@dataclass(frozen=True, slots=True)
class SourceRates:
    """The model's learned values for one source.

    Attributes:
        last: Time of the last publication that they were learned from.
        rates: Weighted publications a day over each span, at that time.
        week: For each hour of the week, the factor of its publications, as 4-byte floats.
    """

    last: float
    rates: tuple[float, ...]
    week: "array[float]"


class RateModel:
    """Predict a source's publishing rate, and from it the wait before the next check.

    Args:
        weights: The model's parameters.
    """

    def __init__(self, weights: RateWeights) -> None:
        self.weights = weights
        # the part of each rate that one publication contributes
        self._units: list[float] = []
        for span, weight in zip(weights.spans, weights.weights, strict=True):
            self._units.append(weight * DAY_MINUTES / span)
        self._hourly_decays = [math.exp(-HOUR / span) for span in weights.spans]
        self._learn_cached = lru_cache(_MAX_CACHED_HISTORIES)(self.learn)

    def minutes_until_check(
        self,
        now: float,
        published: Sequence[float],
        last_check: float,  # noqa: ARG002 -- the time of a check says nothing about publishing
        scale: float,
    ) -> float:
        """Return how long to wait before the next check of a source, from its complete history.

        Args:
            now: Current time.
            published: Publication times in ascending order. Times after `now` do not count.
            last_check: Time of the last check.
            scale: Factor of the wait.

        Returns:
            Minutes, from one second to one year.
        """
        known = bisect_right(published, now)
        settled = count_settled(known)
        learned = self._learn_cached(tuple(published[max(0, settled - MAX_MOMENTS) : settled]))
        return self.wait(learned, published[settled:known], now, scale)

    def learn(self, published: Sequence[float]) -> SourceRates:
        """Learn a source's rates.

        Args:
            published: Its newest settled publications in ascending order, `MAX_MOMENTS` at most.
        """
        week = array("f", weekly_profile(published))
        if not published:
            return SourceRates(0.0, (0.0,) * len(self._units), week)
        last, rates = published[-1], []
        for span, unit in zip(self.weights.spans, self._units, strict=True):
            rates.append(unit * sum([math.exp((moment - last) / span) for moment in published]))
        return SourceRates(last, tuple(rates), week)

    def wait(self, learned: SourceRates, fresh: Sequence[float], now: float, scale: float) -> float:
        """Return how long to wait before the next check of a source, from its learned rates.

        Args:
            learned: Rates at the last settled publication.
            fresh: Later publications, until now.
            now: Current time.
            scale: Factor of the wait.

        Returns:
            Minutes, from one second to one year.
        """
        found = self._integrate(learned, fresh, now, scale)
        return min(max(found, MIN_WAIT_MINUTES), MAX_WAIT_MINUTES)

    def _integrate(
        self, learned: SourceRates, fresh: Sequence[float], now: float, scale: float
    ) -> float:
        """Add up the check density hour by hour until a check is due.

        After one day, the mean of that day is extrapolated.
        """
        due, found, waited = scale * self.weights.base_minutes, 0.0, 0.0
        hour, step = int(now // HOUR) % WEEK, HOUR - now % HOUR
        rates = self._rates_at(learned, fresh, now + step / 2)
        # to the middle of the next hour
        decays = [math.exp(-(step + HOUR) / 2 / span) for span in self.weights.spans]
        while waited < DAY_MINUTES:
            factors = map(pow, repeat(learned.week[hour]), self.weights.weekly)
            rate = MIN_DAILY_RATE + sum(map(mul, factors, rates))
            gain = step * math.pow(rate, self.weights.power)
            if found + gain >= due:
                return waited + step * (due - found) / gain
            found, waited = found + gain, waited + step
            hour, step = (hour + 1) % WEEK, HOUR
            rates, decays = list(map(mul, rates, decays)), self._hourly_decays
        return waited * due / found

    def _rates_at(self, learned: SourceRates, fresh: Sequence[float], moment: float) -> list[float]:
        """Return the weighted publications a day over each span, at a moment."""
        rates = []
        for rate, span, unit in zip(learned.rates, self.weights.spans, self._units, strict=True):
            recent = sum([math.exp((published - moment) / span) for published in fresh])
            rates.append(rate * math.exp((learned.last - moment) / span) + unit * recent)
        return rates


def count_settled(known: int) -> int:
    """Return how many of a source's publications, the oldest ones, the model learns from."""
    return known - known % (1 + int(MAX_FRESH_SHARE * min(known, MAX_MOMENTS)))


MODEL = RateModel(RateWeights.load())
minutes_until_check = MODEL.minutes_until_check
