"""When to look at a source next, from when it published before.

The rate at which it will publish is what it published of late, counted over several spans of time, from within the
hour to over many weeks, times what the hour of the week makes of each. Where the rate were known, looks would be best
placed at equal distances of the integral of its square root; of a rate that is guessed, a lower power is better.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import mul
from typing import Self

import numpy as np
import numpy.typing as npt

from feedpub.scheduler.week import HOUR, WEEK, profile

DAY = 24 * HOUR  # minutes, as is every time in here; ahead of that, a day is like the next one
MOST = 1000  # moments that are learned from, the newest
FRESH = 1 / 64  # of those, at most, that came after habits were learned, and count for the rates alone
FLOOR = 0.002  # publications a day that any source is good for
SHORTEST, LONGEST = 1 / HOUR, 365 * DAY  # waits
_REMEMBERED = 64  # sources

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
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
        told = json.loads((files("feedpub.scheduler") / "data" / "rhythm.json").read_text(encoding="utf-8"))
        spans, weights, weekly = (np.array(told[key], float) for key in ("spans", "weights", "weekly"))
        return cls(spans * HOUR, weights, weekly, told["power"], told["pace"])


@dataclass(frozen=True, slots=True)
class Habits:
    """What was learned of a source.

    Attributes:
        last: when it last published.
        rates: publications a day over each span, at that time, weighted.
        week: hour of the week → by what each of them is multiplied in it.
    """

    last: float
    rates: list[float]
    week: list[list[float]]


class Rhythm:
    """Decides by given weights; keeps what it learned of the last sources that it was asked about."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._spans = weights.spans.tolist()
        self._units = (weights.weights * DAY / weights.spans).tolist()  # what one publication is of a rate
        self._fades = np.exp(-HOUR / weights.spans).tolist()
        self._habits = lru_cache(_REMEMBERED)(self._learn)

    def next_check(self, now: float, published: Sequence[float], last_check: float, scale: float) -> float:  # noqa: ARG002 -- when it was looked at says nothing of when it publishes
        """How long to wait before the next look at a source.

        Args:
            now: minutes since 1970, UTC.
            published: when it published, ascending, in the same minutes; what lies ahead does not count.
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

    def _wait(self, habits: Habits, fresh: Sequence[float], now: float, scale: float) -> float:
        """Until looks are due, hour by hour; what lies more than a day ahead goes on at that day's mean."""
        due, found, waited = scale * self._weights.pace, 0.0, 0.0
        hour, step = int(now // HOUR) % WEEK, HOUR - now % HOUR
        rates = self._rates(habits, fresh, now + step / 2)
        fades = [math.exp(-(step + HOUR) / 2 / span) for span in self._spans]  # to the middle of the next hour
        while waited < DAY:
            gain = step * math.pow(FLOOR + sum(map(mul, habits.week[hour], rates)), self._weights.power)
            if found + gain >= due:
                return waited + step * (due - found) / gain
            found, waited = found + gain, waited + step
            hour, step = (hour + 1) % WEEK, HOUR
            rates, fades = list(map(mul, rates, fades)), self._fades
        return waited * due / found

    def _rates(self, habits: Habits, fresh: Sequence[float], then: float) -> list[float]:
        """Publications a day over each span, weighted, at a moment."""
        return [
            rate * math.exp((habits.last - then) / span)
            + unit * sum([math.exp((moment - then) / span) for moment in fresh])
            for rate, span, unit in zip(habits.rates, self._spans, self._units, strict=True)
        ]

    def _learn(self, published: tuple[float, ...]) -> Habits:
        if not published:
            return Habits(0.0, [0.0] * len(self._spans), [[1.0] * len(self._spans)] * WEEK)
        moments = np.array(published, float)
        counts = np.exp((moments - moments[-1]) / self._weights.spans[:, None]).sum(axis=1)
        week = profile(moments)[:, None] ** self._weights.weekly
        return Habits(published[-1], (counts * self._units).tolist(), week.tolist())


next_check = Rhythm(Weights.load()).next_check
