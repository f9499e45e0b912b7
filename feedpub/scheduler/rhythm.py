"""When to look at a source next, from when it published before.

Where a source publishes at a rate λ(t), looks whose distance in ∫√λ dt is constant find the most with the fewest. The
rate is what the source published lately, over several spans of time, spread over the hours of the week in which it
publishes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp, sqrt

HOUR = 60.0  # minutes, as is every time in here
WEEK_OF_HOURS = 168
MEMORY = 26 * 7 * 24 * HOUR  # what is older says nothing
MOST = 1000  # moments, the newest
LONGEST = 7 * 24 * HOUR  # between two looks, at a scale of 1
SPANS = ((2 * HOUR, 1.0), (24 * HOUR, 1.0), (168 * HOUR, 1.0), (8 * 168 * HOUR, 1.0))  # minutes, weight
FLOOR = 0.02 / (24 * HOUR)  # a rate that any source has
STEP = 1.0  # of the integral, at a scale of 1


def next_check(now: float, published: Sequence[float], last_check: float, scale: float) -> float:  # noqa: ARG001
    """How long to wait before the next look at a source.

    Args:
        now: minutes since 1970, UTC.
        published: when it published, ascending, in the same minutes; what lies ahead does not count.
        last_check: when it was last looked at.
        scale: stretches the waits.

    Returns:
        Minutes, more than 0.
    """
    end = bisect_right(published, now)
    start = max(bisect_left(published, now - MEMORY), end - MOST)
    moments = published[start:end]
    week = _week(moments)
    rates = [(weight * sum(exp((t - now) / span) for t in moments) / span, span) for span, weight in SPANS]
    left, waited, hour = STEP * scale, 0.0, now / HOUR % WEEK_OF_HOURS
    step = HOUR - now % HOUR
    while waited < LONGEST * scale:
        rate = FLOOR + week[int(hour)] * sum(rate * exp(-waited / span) for rate, span in rates)
        gain = sqrt(rate) * step
        if gain >= left:
            return waited + step * left / gain
        left -= gain
        waited += step
        hour = (int(hour) + 1) % WEEK_OF_HOURS
        step = HOUR
    return waited


def _week(moments: Sequence[float]) -> list[float]:
    """How much of what a source publishes falls into each hour of the week, 1 for an even share."""
    counts = [0.0] * WEEK_OF_HOURS
    for moment in moments:
        hour = int(moment / HOUR) % WEEK_OF_HOURS
        for near, weight in ((-1, 0.25), (0, 0.5), (1, 0.25)):
            counts[(hour + near) % WEEK_OF_HOURS] += weight
    daily = [sum(counts[hour % 24 :: 24]) / 7 for hour in range(WEEK_OF_HOURS)]
    guessed = 10.0
    even = guessed / WEEK_OF_HOURS
    total = len(moments) + guessed
    return [WEEK_OF_HOURS * (0.5 * c + 0.5 * d + even) / total for c, d in zip(counts, daily, strict=True)]
