"""Fit the weights that predict a source's next publication, and evaluate them on unseen sources.

    python -m tests.benchmarks.fit_rhythm --data ../shared/bench/schedule [--write]

Needs scipy. The data are the publication traces of dev.json: commit times of 27 public projects
over two years. The weights minimise the mean delay until a check finds the entries in the second
half of each trace, where every trace counts alike. The model assumes that each check sees all
entries older than half an hour; at a rate r the mean delay is then 1 / 2r. With --write they are
written to feedpub/scheduler/data/rhythm.json. The spans and the week's effect on counts (week.py)
are not learned: they were chosen by trial on all of these traces.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import geometric_mean

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]

from feedpub.scheduler.publishing_rate import (
    DAY_MINUTES,
    HOUR,
    MIN_DAILY_RATE,
    WEEK,
    RateModel,
    RateWeights,
    weekly_profile,
)
from tests.benchmarks.traces import Trace, delay, fixed_delay, read

SPANS = np.array([0.75, 15, 190, 1350]) * HOUR  # within a sitting, a day, a week or so, two months
STEP = 30.0  # minutes
FOLDS = 4
WRITTEN = Path(__file__).parents[2] / "feedpub" / "scheduler" / "data" / "rhythm.json"

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """The second half of a trace in steps of half an hour, with the history before each step.

    Attributes:
        rates: step × span → publications a day over it.
        week: the logarithm of the week's profile.
        published: the number of publications in the step.
    """

    rates: Table
    week: Table
    published: Table


def case(trace: Trace) -> Case:
    """Return a trace as a check every half an hour would see it."""
    moments = np.array(trace, float)
    half = len(trace) // 2
    steps = np.arange(moments[half], moments[-1], STEP)
    last = np.searchsorted(moments, steps, "right") - 1
    counts = np.ones((len(moments), len(SPANS)))
    for number, gap in enumerate(np.diff(moments), 1):
        counts[number] += counts[number - 1] * np.exp(-gap / SPANS)
    middle = steps + STEP / 2
    profiles = np.array([weekly_profile(trace[: number + 1]) for number in range(half, len(trace))])
    return Case(
        rates=counts[last]
        * np.exp(-(middle - moments[last])[:, None] / SPANS)
        * DAY_MINUTES
        / SPANS,
        week=np.log(profiles[last - half, (middle // HOUR).astype(int) % WEEK]),
        published=np.histogram(moments[half + 1 :], [*steps, steps[-1] + STEP])[0].astype(float),
    )


def learn(cases: Sequence[Case]) -> RateWeights:
    """Return the weights that minimise the mean logarithm of the delay.

    Their scale is still to be set.
    """
    spans = len(SPANS)

    def loss(numbers: Table) -> tuple[float, Table]:
        each = [_loss(one, numbers[:spans], numbers[spans:-1], numbers[-1]) for one in cases]
        gradient = np.mean([gradient for _, gradient in each], axis=0)
        gradient[0] = 0.0  # only their ratios count
        return float(np.mean([value for value, _ in each])), gradient

    found = minimize(
        loss, np.array([0.0] * spans + [1.0] * spans + [0.5]), jac=True, method="L-BFGS-B"
    ).x
    return RateWeights(
        spans=tuple(SPANS.tolist()),
        weights=tuple(np.exp(found[:spans]).tolist()),
        weekly=tuple(found[spans:-1].tolist()),
        power=float(found[-1]),
        base_minutes=HOUR,
    )


def _loss(one: Case, weights: Table, weekly: Table, power: float) -> tuple[float, Table]:
    """Return the logarithm of the mean delay at a fixed number of checks, and its gradient.

    The logarithm is correct up to a constant.
    """
    parts = one.rates * np.exp(weights + weekly * one.week[:, None])
    rate = MIN_DAILY_RATE + parts.sum(axis=1)
    checks = rate**power
    late = one.published / checks
    slope = checks / checks.sum() - late / late.sum()
    shares = slope[:, None] * power * parts / rate[:, None]
    gradient = np.concatenate([shares.sum(axis=0), one.week @ shares, [slope @ np.log(rate)]])
    return float(np.log(late.sum()) + np.log(checks.sum())), gradient


def scale_weights(weights: RateWeights, traces: Sequence[Trace]) -> RateWeights:
    """Return the weights scaled so that 1 means a check every two hours.

    The scale is the geometric mean over the traces.
    """
    scales = [delay(RateModel(weights).minutes_until_check, trace).scale for trace in traces]
    return replace(weights, base_minutes=weights.base_minutes * geometric_mean(scales))


def folds(count: int) -> list[list[int]]:
    """Return, fold by fold, the traces to evaluate with weights learned from the others."""
    return [list(range(fold, count, FOLDS)) for fold in range(FOLDS)]


def cross_validated(traces: Sequence[Trace], cases: Sequence[Case]) -> dict[int, RateWeights]:
    """Return trace → weights that were learned without it."""
    return {
        number: weights
        for fold in folds(len(traces))
        for weights in [learn([one for other, one in enumerate(cases) if other not in fold])]
        for number in fold
    }


def write(weights: RateWeights, path: Path) -> None:
    """Write the weights to the shipped file."""
    weights_by_name = {
        "spans": [span / HOUR for span in weights.spans],
        "weights": [round(weight, 4) for weight in weights.weights],
        "weekly": [round(power, 4) for power in weights.weekly],
        "power": round(weights.power, 4),
        "pace": round(weights.base_minutes, 2),
    }
    path.write_text(json.dumps(weights_by_name, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/schedule"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    traces = list(read(arguments.data / "dev.json").values())
    cases = [case(trace) for trace in traces]
    weights = learn(cases)
    unseen = cross_validated(traces, cases)
    for title, chosen in (
        ("learned from all", dict.fromkeys(unseen, weights)),
        ("learned from others", unseen),
    ):
        ratios = [
            delay(RateModel(chosen[number]).minutes_until_check, trace).minutes / fixed_delay(trace)
            for number, trace in enumerate(traces)
        ]
        print(f"{title:20} {geometric_mean(ratios):.3f} of a fixed interval's delay")
    weights = scale_weights(weights, traces)
    print(weights)
    if arguments.write:
        write(weights, WRITTEN)


if __name__ == "__main__":
    main()
