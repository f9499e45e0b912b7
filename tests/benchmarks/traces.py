"""Simulate how late checks find entries with known publication times, to compare policies.

The first half of a trace is history. Checks and delays are counted over the second half, at one
check in two hours on average, whatever the policy. A check slightly earlier or later may find a
burst an hour sooner, so that a single run shows little: each figure is the mean of several runs
that begin at different moments.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

RUNS = 5
MEAN_GAP = 120.0  # minutes between checks
CLOSE = 0.015  # to the requested number of checks
SHORTEST, LONGEST = 5.0, 24 * 60.0  # minutes between checks

Trace = Sequence[int]
Policy = Callable[[float, Sequence[float], float, float], float]


class Delay(NamedTuple):
    """The mean delay in minutes, and the scale of the policy."""

    minutes: float
    scale: float


def read(path: Path) -> dict[str, Trace]:
    """Return name → publication times in minutes since 1970."""
    return dict(json.loads(path.read_text("utf-8")))


def delay(policy: Policy, trace: Trace) -> Delay:
    """Return the policy's mean delay, scaled to the permitted number of checks."""
    wanted = (trace[-1] - trace[len(trace) // 2]) / MEAN_GAP
    scale, low, high = 1.0, 0.0, float("inf")
    for _ in range(20):
        runs = [_run(policy, trace, scale, MEAN_GAP * run / RUNS) for run in range(RUNS)]
        checks, minutes = (fmean(column) for column in zip(*runs, strict=True))
        if abs(checks / wanted - 1) <= CLOSE:
            break
        low, high = (scale, high) if checks > wanted else (low, scale)
        scale *= checks / wanted
        if not low < scale < high:
            scale = (low + high) / 2
    return Delay(minutes * checks / wanted, scale)


def fixed_delay(trace: Trace) -> float:
    """Return the mean delay of a fixed interval."""
    return delay(lambda _now, _published, _last, scale: MEAN_GAP * scale, trace).minutes


def _run(policy: Policy, trace: Trace, scale: float, offset: float) -> tuple[int, float]:
    """Return the number of checks and the mean delay.

    The first check comes the given number of minutes after the middle of the trace.
    """
    now = trace[len(trace) // 2] + offset
    known, checks, delays = bisect_right(trace, now), 0, list[float]()
    while known < len(trace):
        now += min(max(policy(now, trace[:known], now, scale), SHORTEST), LONGEST)
        checks += 1
        found = bisect_right(trace, now)
        delays += [now - moment for moment in trace[known:found]]
        known = found
    return checks, fmean(delays)
