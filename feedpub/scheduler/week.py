"""The week of a source: how likely it publishes in each hour of it. The week begins as 1970 did, with a Thursday."""

import numpy as np
import numpy.typing as npt

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


def profile(moments: Counts) -> Counts:
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
