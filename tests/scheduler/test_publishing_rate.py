"""When a source is looked at next, from when it published before."""

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
from tests.support.shared import shared

MIDNIGHT = datetime(2026, 1, 8, tzinfo=UTC).timestamp() / 60  # a Thursday
MOMENTS = st.lists(st.floats(0, 2 * MIDNIGHT, allow_nan=False), max_size=60).map(sorted)


def days(*hours: float, count: int = 60, step: int = 1) -> list[float]:
    """At these hours of each of so many days before MIDNIGHT, or of each seventh one."""
    return sorted(
        MIDNIGHT - day * DAY_MINUTES + hour * HOUR
        for day in range(step, count + 1, step)
        for hour in hours
    )


def wait(published: list[float], now: float = MIDNIGHT, scale: float = 1.0) -> float:
    return minutes_until_check(now, published, now, scale)


def looks(published: list[float], start: float, end: float) -> int:
    """How often a source is looked at that publishes nothing new."""
    count = 0
    while (start := start + wait(published, start)) < end:
        count += 1
    return count


def test_hours_in_which_it_publishes() -> None:
    """Are looked at more often than others, from the first of them on."""
    published = days(9, 11, 13, 15)
    by_day, by_night = (
        looks(published, MIDNIGHT + h * HOUR, MIDNIGHT + (h + 7) * HOUR) for h in (9, 17)
    )
    assert by_day >= 2 * by_night


def test_days_on_which_it_publishes() -> None:
    """A source of Thursdays is looked at most on Thursdays."""
    published = days(9, 11, 13, 15, count=700, step=7)
    thursday, saturday = (
        looks(published, MIDNIGHT + day * DAY_MINUTES, MIDNIGHT + (day + 1) * DAY_MINUTES)
        for day in (0, 2)
    )
    assert thursday > saturday


def test_a_wait_does_not_sleep_through_the_morning() -> None:
    """In the night it is planned for the hours in which something may come."""
    published = days(*(9 + number / 4 for number in range(24)))
    assert 7 * HOUR < wait(published, MIDNIGHT + HOUR, scale=3) + HOUR < 12 * HOUR


def test_a_busy_source() -> None:
    """Is looked at more often than a quiet one, but not as many times more as it publishes more."""
    quiet, busy = wait(days(9)), wait(days(*range(24)))
    assert busy < quiet < 24 * busy


def test_a_burst() -> None:
    """Where several have just come, more come."""
    now = MIDNIGHT + 12 * HOUR
    published = days(9, 12, 15)
    burst = [*published, now - 12, now - 7, now - 2]
    assert wait(burst, now) < wait(published, now) / 2
    assert wait(burst, now) < wait(burst, now + 6 * HOUR)


def test_a_long_silence() -> None:
    """Makes looks rarer, the longer the more; but they never end."""
    published = days(9, 12, 15)
    waits = [wait(published, MIDNIGHT + weeks * 7 * DAY_MINUTES) for weeks in (0, 1, 4, 26, 520)]
    assert waits == sorted(waits)
    assert waits[0] < waits[1] < waits[2] < waits[3] < DAY_MINUTES


def test_a_source_without_dates() -> None:
    """Is looked at a few times a day, at any hour alike."""
    assert 4 * HOUR < wait([]) < DAY_MINUTES / 2
    assert wait([], MIDNIGHT + 5.3 * HOUR) == pytest.approx(wait([]))


def test_about_two_hours() -> None:
    """Is the usual wait at a scale of 1, for a source with an entry or so a day."""
    published = days(8.5, 17)
    assert 6 <= looks(published, MIDNIGHT, MIDNIGHT + DAY_MINUTES) <= 20


def test_the_scale_stretches() -> None:
    """Twice the scale is about twice the wait, and never less."""
    published = days(*range(24))
    assert wait(published, scale=2) == pytest.approx(2 * wait(published), rel=0.1)


@given(MOMENTS, st.floats(0, 2 * MIDNIGHT), st.floats(1e-300, 1e300), st.floats(1, 1e6))
def test_any_history(published: list[float], now: float, scale: float, more: float) -> None:
    """Has a wait that is a number of minutes, never less for a larger scale."""
    found = wait(published, now, scale)
    assert MIN_WAIT_MINUTES <= found <= MAX_WAIT_MINUTES
    assert wait(published, now, scale * more) >= found


@given(MOMENTS, st.floats(0, 2 * MIDNIGHT))
def test_what_lies_ahead(published: list[float], now: float) -> None:
    """Is not known yet."""
    known = [moment for moment in published if moment <= now]
    assert wait(published, now) == wait(known, now)


def test_what_is_remembered_changes_nothing() -> None:
    """The same question has the same answer, whatever was asked before."""
    chance = random.Random(1)  # noqa: S311 -- the same history each time
    published = sorted(
        MIDNIGHT - chance.random() * 400 * DAY_MINUTES for _ in range(2 * MAX_MOMENTS)
    )
    for known in (0, 1, 7, 500, 501, MAX_MOMENTS, 2 * MAX_MOMENTS - 1, 2 * MAX_MOMENTS):
        fresh = RateModel(RateWeights.load()).minutes_until_check
        assert wait(published[:known]) == fresh(MIDNIGHT, published[:known], MIDNIGHT, 1.0)


def test_whole_minutes() -> None:
    """Are as good as fractions."""
    published = [round(moment) for moment in days(9, 15)]
    assert minutes_until_check(round(MIDNIGHT), published, 0, 1) == wait(
        [float(moment) for moment in published]
    )


@pytest.mark.parametrize("count", [0, 1, 100, 1000, 20_000])
def test_a_call_takes_no_time(count: int) -> None:
    """50 µs and less, also where something new has come each time.

    Five times that is allowed for a busy machine.
    """
    published = [MIDNIGHT + number * 30 for number in range(-count, 200)]
    start = time.thread_time()
    for number in range(count, count + 200):
        wait(published, published[number])
    assert (time.thread_time() - start) / 200 < 5 * 50e-6


def test_a_week_is_a_week() -> None:
    """The same moment a week later has the same place in it."""
    published = days(9, 15, count=120)
    later = [moment + WEEK * HOUR for moment in published]
    assert wait(later, MIDNIGHT + WEEK * HOUR) == pytest.approx(wait(published))


@pytest.mark.slow
def test_real_traces() -> None:
    """At the same number of looks, entries are found in at most 0.80 of the time that a fixed interval takes."""
    folder = shared("bench/schedule")
    simulator = _module(str(folder / "simulate.py"))
    ratios = []
    for trace in json.loads((folder / "dev.json").read_text("utf-8")).values():
        wanted = (trace[-1] - trace[len(trace) // 2]) / 120
        (_, fixed), (_, ours) = (
            simulator.at_budget(rule, trace, wanted)
            for rule in (simulator.fixed, minutes_until_check)
        )
        ratios.append(ours / fixed)
    assert geometric_mean(ratios) <= 0.80


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
