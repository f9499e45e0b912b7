"""Compare the learned check intervals with other rules, trace by trace.

    python -m tests.benchmarks.rhythm --data ../shared/bench/schedule

prints mean delays from publication to the next check, as fractions of a fixed interval's, at the
same number of checks: one in two hours. "frequency" divides a week by last week's entries, as
miniflux does; "week" follows the hours of the week alone; "feedpub" was learned from these very
traces (fit_rhythm.py); "unseen" was learned from the other traces, which needs scipy. The last
column is the duration of one call of feedpub's rule.
"""

import argparse
import sys
import time
from bisect import bisect_left
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, geometric_mean

from feedpub.scheduler.publishing_rate import (
    HOUR,
    WEEK,
    RateModel,
    RateWeights,
    minutes_until_check,
)
from tests.benchmarks.traces import Policy, Trace, delay, fixed_delay, read

NEVER = 1000 * WEEK * HOUR  # a span over which the rate does not change
WEEK_ALONE = RateWeights(
    spans=(NEVER,), weights=(NEVER,), weekly=(1.0,), power=0.5, base_minutes=HOUR
)


def frequency(now: float, published: Sequence[float], _last: float, scale: float) -> float:
    """Return a week divided by last week's entries."""
    count = len(published) - bisect_left(published, now - WEEK * HOUR)
    return WEEK * HOUR / max(1, count) * scale


class Timed:
    """A policy, and the seconds that its calls take."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.calls = 0
        self.seconds = 0.0

    def __call__(
        self, now: float, published: Sequence[float], last_check: float, scale: float
    ) -> float:
        start = time.process_time()
        wait = self._policy(now, published, last_check, scale)
        self.seconds += time.process_time() - start
        self.calls += 1
        return wait


def unseen(traces: Sequence[Trace]) -> list[Policy]:
    """Return for each trace the rhythm learned from the others; nothing without scipy."""
    if not find_spec("scipy"):
        return []
    from tests.benchmarks.fit_rhythm import case, cross_validated  # noqa: PLC0415 -- needs scipy

    weights = cross_validated(traces, [case(trace) for trace in traces])
    return [RateModel(weights[number]).minutes_until_check for number in range(len(traces))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/schedule"))
    path = parser.parse_args().data / "dev.json"
    if not path.exists():
        sys.exit(f"{path} is absent: there is nothing to measure with")
    traces = read(path)
    learned = unseen(list(traces.values()))
    names = ["frequency", "week", "feedpub", *(["unseen"] if learned else [])]
    print(f"{'':16}{'entries':>8}{'fixed':>8}", *(f"{name:>10}" for name in names), f"{'µs':>6}")
    table = []
    for number, (name, trace) in enumerate(traces.items()):
        timed = Timed(minutes_until_check)
        policies: list[Policy] = [
            frequency,
            RateModel(WEEK_ALONE).minutes_until_check,
            timed,
            *learned[number : number + 1],
        ]
        fixed = fixed_delay(trace)
        row = [
            *(delay(policy, trace).minutes / fixed for policy in policies),
            timed.seconds / timed.calls * 1e6,
        ]
        table.append(row)
        print(
            f"{name:16}{len(trace):8}{fixed:8.1f}",
            *(f"{value:10.2f}" for value in row[:-1]),
            f"{row[-1]:6.1f}",
        )
    *ratios, times = zip(*table, strict=True)
    print(
        f"{'geometric mean':32}",
        *(f"{geometric_mean(column):10.3f}" for column in ratios),
        f"{fmean(times):6.1f}",
    )


if __name__ == "__main__":
    main()
