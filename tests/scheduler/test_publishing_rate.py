"""The learned wait before the next check."""

import importlib.util
import json
import random
import time
from datetime import UTC, datetime
from statistics import geometric_mean
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.scheduler import minutes_until_check
from feedpub.scheduler.publishing_rate import (
    DAY_MINUTES,
    HOUR,
    MAX_MOMENTS,
    MAX_WAIT_MINUTES,
    MIN_WAIT_MINUTES,
    WEEK,
    RateModel,
    RateWeights,
)
from tests.support.shared import shared_data

MIDNIGHT = datetime(2026, 1, 8, tzinfo=UTC).timestamp() / 60  # a Thursday
MOMENTS = st.lists(st.floats(0, 2 * MIDNIGHT, allow_nan=False), max_size=60).map(sorted)


def days(*hours: float, count: int = 60, step: int = 1) -> list[float]:
    """Return these hours of each of the last `count` days before MIDNIGHT, or of every seventh."""
    return sorted(
        MIDNIGHT - day * DAY_MINUTES + hour * HOUR
        for day in range(step, count + 1, step)
        for hour in hours
    )


def wait(published: list[float], now: float = MIDNIGHT, scale: float = 1.0) -> float:
    return minutes_until_check(now, published, now, scale)


def count_checks(published: list[float], start: float, end: float) -> int:
    """Return the number of checks of a source that publishes nothing new."""
    count = 0
    while (start := start + wait(published, start)) < end:
        count += 1
    return count


def test_wait_is_shorter_in_publishing_hours() -> None:
    published = days(9, 11, 13, 15)
    by_day, by_night = (
        count_checks(published, MIDNIGHT + h * HOUR, MIDNIGHT + (h + 7) * HOUR) for h in (9, 17)
    )
    assert by_day >= 2 * by_night


def test_wait_is_shorter_on_publishing_days() -> None:
    published = days(9, 11, 13, 15, count=700, step=7)
    thursday, saturday = (
        count_checks(published, MIDNIGHT + day * DAY_MINUTES, MIDNIGHT + (day + 1) * DAY_MINUTES)
        for day in (0, 2)
    )
    assert thursday > saturday


def test_wait_in_the_night_ends_in_the_morning() -> None:
    published = days(*(9 + number / 4 for number in range(24)))
    assert 7 * HOUR < wait(published, MIDNIGHT + HOUR, scale=3) + HOUR < 12 * HOUR


def test_busy_source_has_short_waits() -> None:
    quiet, busy = wait(days(9)), wait(days(*range(24)))
    assert busy < quiet < 24 * busy


def test_burst_shortens_the_wait() -> None:
    now = MIDNIGHT + 12 * HOUR
    published = days(9, 12, 15)
    burst = [*published, now - 12, now - 7, now - 2]
    assert wait(burst, now) < wait(published, now) / 2
    assert wait(burst, now) < wait(burst, now + 6 * HOUR)


def test_long_silence_lengthens_the_wait() -> None:
    published = days(9, 12, 15)
    waits = [wait(published, MIDNIGHT + weeks * 7 * DAY_MINUTES) for weeks in (0, 1, 4, 26, 520)]
    assert waits == sorted(waits)
    assert waits[0] < waits[1] < waits[2] < waits[3] < DAY_MINUTES


def test_source_without_dates_has_a_long_wait() -> None:
    assert 4 * HOUR < wait([]) < DAY_MINUTES / 2
    assert wait([], MIDNIGHT + 5.3 * HOUR) == pytest.approx(wait([]))


def test_scale_of_one_waits_about_two_hours() -> None:
    published = days(8.5, 17)
    assert 6 <= count_checks(published, MIDNIGHT, MIDNIGHT + DAY_MINUTES) <= 20


def test_scale_multiplies_the_wait() -> None:
    published = days(*range(24))
    assert wait(published, scale=2) == pytest.approx(2 * wait(published), rel=0.1)


@given(MOMENTS, st.floats(0, 2 * MIDNIGHT), st.floats(1e-300, 1e300), st.floats(1, 1e6))
def test_any_history_gives_a_wait_within_bounds(
    published: list[float], now: float, scale: float, more: float
) -> None:
    found = wait(published, now, scale)
    assert MIN_WAIT_MINUTES <= found <= MAX_WAIT_MINUTES
    assert wait(published, now, scale * more) >= found


@given(MOMENTS, st.floats(0, 2 * MIDNIGHT))
def test_publications_in_the_future_do_not_count(published: list[float], now: float) -> None:
    known = [moment for moment in published if moment <= now]
    assert wait(published, now) == wait(known, now)


def test_cached_rates_do_not_change_the_wait() -> None:
    chance = random.Random(1)  # noqa: S311 -- the same history each time
    published = sorted(
        MIDNIGHT - chance.random() * 400 * DAY_MINUTES for _ in range(2 * MAX_MOMENTS)
    )
    for known in (0, 1, 7, 500, 501, MAX_MOMENTS, 2 * MAX_MOMENTS - 1, 2 * MAX_MOMENTS):
        fresh = RateModel(RateWeights.load()).minutes_until_check
        assert wait(published[:known]) == fresh(MIDNIGHT, published[:known], MIDNIGHT, 1.0)


def test_result_does_not_depend_on_number_type() -> None:
    published = [round(moment) for moment in days(9, 15)]
    assert minutes_until_check(round(MIDNIGHT), published, 0, 1) == wait(
        [float(moment) for moment in published]
    )


@pytest.mark.parametrize("count", [0, 1, 100, 1000, 20_000])
def test_wait_is_computed_fast(count: int) -> None:
    published = [MIDNIGHT + number * 30 for number in range(-count, 200)]
    start = time.thread_time()
    for number in range(count, count + 200):
        wait(published, published[number])
    assert (time.thread_time() - start) / 200 < 5 * 50e-6


def test_wait_repeats_weekly() -> None:
    published = days(9, 15, count=120)
    later = [moment + WEEK * HOUR for moment in published]
    assert wait(later, MIDNIGHT + WEEK * HOUR) == pytest.approx(wait(published))


@pytest.mark.slow
def test_waits_of_real_traces() -> None:
    folder = shared_data("bench/schedule")
    simulator = _module(str(folder / "simulate.py"))
    ratios = []
    for trace in json.loads((folder / "dev.json").read_text("utf-8")).values():
        wanted = (trace[-1] - trace[len(trace) // 2]) / 120
        (_, fixed), (_, adaptive) = (
            simulator.at_budget(rule, trace, wanted)
            for rule in (simulator.fixed, minutes_until_check)
        )
        ratios.append(adaptive / fixed)
    assert geometric_mean(ratios) <= 0.80


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
