"""The rhythm of a source gives the same plan as the complete history of its publications."""

import itertools
import json
import random
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.scheduler.describe import describe_schedule
from feedpub.scheduler.publishing_rate import (
    DAY_MINUTES,
    HOUR,
    MAX_MOMENTS,
    minutes_until_check,
)
from feedpub.scheduler.rhythm import (
    MAX_KEPT_MOMENTS,
    NO_PUBLICATIONS,
    Rhythm,
    learn_rhythm,
    pack_rhythm,
    unpack_rhythm,
)
from feedpub.store import PublicationDates
from tests.support.shared import shared_data

START = 28_000_000  # minutes since 1970
HISTORIES = st.lists(st.integers(START - 600_000, START + 600_000), max_size=120).map(sorted)


def dates(published: Sequence[int]) -> PublicationDates:
    """Return the newest of some times in minutes as the store does.

    They are one second late, so that none is midnight, and first seen after an hour.
    """
    seconds = [moment * 60 + 1 for moment in published]
    newest = tuple((second, second + 3600) for second in seconds[-MAX_KEPT_MOMENTS:])
    earlier = len(seconds) - len(newest)
    return PublicationDates(newest, earlier, seconds[0] + 3600 if earlier else None)


def minutes(published: Sequence[int]) -> list[float]:
    return [moment + 1 / 60 for moment in published]


def stored(rhythm: Rhythm) -> Rhythm:
    found = unpack_rhythm(pack_rhythm(rhythm))
    assert found
    return found


def assert_same_plan(rhythm: Rhythm, published: Sequence[int], now: float) -> None:
    """Compare a rhythm with the complete history, whose newest publications are described."""
    history = minutes(published)
    for scale in (0.1, 1.0, 3.0):
        wait = rhythm.minutes_until_check(now, scale)
        assert wait == pytest.approx(minutes_until_check(now, history, now, scale), abs=0.01)
    assert rhythm.describe(now) == describe_schedule(history[-MAX_KEPT_MOMENTS:], now)


def checks(trace: Sequence[int], seed: int) -> Iterator[tuple[Sequence[int], float]]:
    """Yield the entries that are known at each check, some minutes to days apart."""
    chance = random.Random(seed)  # noqa: S311 -- the same checks each time
    now = float(trace[len(trace) // 2])
    while now < trace[-1]:
        yield trace[: bisect_right(trace, now)], now
        now += chance.choice((7, 60, 600, 5 * DAY_MINUTES)) * (0.5 + chance.random())


def random_trace(seed: int, count: int, days: float) -> list[int]:
    """Return times that are mostly within the hours of work, with bursts."""
    chance = random.Random(seed)  # noqa: S311 -- the same trace each time
    trace: list[int] = []
    while len(trace) < count:
        day = START + int(chance.random() * days) * 1440
        moment = day + int(chance.gauss(13, 3) * 60)
        trace += [moment + n for n in range(chance.choice((1, 1, 1, 9)))]
    return sorted(trace[:count])


@given(HISTORIES, st.floats(START - 700_000, START + 700_000))
def test_any_history_gives_the_same_plan(published: list[int], now: float) -> None:
    assert_same_plan(stored(learn_rhythm(dates(published), now)), published, now)


@given(HISTORIES, st.lists(st.floats(START - 700_000, START + 700_000), min_size=2))
def test_rhythm_at_any_later_or_earlier_time_gives_the_same_plan(
    published: list[int], times: list[float]
) -> None:
    rhythm = learn_rhythm(dates(published), times[0])
    for now in times:
        rhythm = stored(rhythm.at(now))
        assert_same_plan(rhythm, published, now)


@given(HISTORIES, HISTORIES)
def test_changed_entries_give_the_plan_of_the_changed_history(
    before: list[int], after: list[int]
) -> None:
    """Entries are added, corrected or removed."""
    rhythm = learn_rhythm(dates(before), START)
    for changed in (sorted(before + after), after, after[1:]):
        rhythm = stored(learn_rhythm(dates(changed), START, rhythm))
        assert_same_plan(rhythm, changed, START)


@pytest.mark.parametrize("count", [10, 70, 300, MAX_MOMENTS])
def test_growing_history_gives_the_same_plans(count: int) -> None:
    rhythm = NO_PUBLICATIONS
    known = 0
    for published, now in checks(random_trace(count, count, 400), count):
        if len(published) > known:
            rhythm, known = learn_rhythm(dates(published), now, rhythm), len(published)
        rhythm = stored(rhythm.at(now))
        assert_same_plan(rhythm, published, now)


@pytest.mark.parametrize(("count", "days"), [(1100, 400), (3000, 300), (5000, 900)])
def test_long_history_gives_the_same_plans(count: int, days: int) -> None:
    rhythm = NO_PUBLICATIONS
    for published, now in itertools.islice(checks(random_trace(count, count, days), 1), 200):
        rhythm = stored(learn_rhythm(dates(published), now, rhythm))
        assert_same_plan(rhythm, published, now)


def test_fresh_publications_leave_the_learned_rates_as_they_are() -> None:
    trace = random_trace(1, 640, 400)
    now = trace[-1] + 1.0
    rhythm = learn_rhythm(dates(trace), now)
    for count, kept in ((1, True), (8, True), (12, False)):
        fresh = range(trace[-1], trace[-1] + count)
        learned = learn_rhythm(dates([*trace, *fresh]), now + count, rhythm)
        assert (learned.rates is rhythm.rates) is kept


@pytest.mark.slow
def test_real_traces_give_the_same_plans() -> None:
    traces = json.loads((shared_data("bench/schedule") / "dev.json").read_text("utf-8"))
    for trace in traces.values():
        rhythm, known = NO_PUBLICATIONS, 0
        for published, now in checks(trace, 1):
            if len(published) > known:
                rhythm, known = learn_rhythm(dates(published), now, rhythm), len(published)
            rhythm = stored(rhythm.at(now))
            assert_same_plan(rhythm, published, now)


@given(st.binary(max_size=40))
def test_bytes_of_another_origin_are_no_rhythm(data: bytes) -> None:
    assert unpack_rhythm(data) is None


def test_damaged_rhythm_is_no_rhythm() -> None:
    data = pack_rhythm(learn_rhythm(dates([START, START + 90]), START + HOUR))
    for place in range(0, len(data), 7):
        damaged = bytes([*data[:place], data[place] ^ 1, *data[place + 1 :]])
        assert unpack_rhythm(damaged) is None
    assert unpack_rhythm(data[:-1]) is None


def test_rhythm_is_small() -> None:
    trace = random_trace(1, 5000, 900)
    assert len(pack_rhythm(learn_rhythm(dates(trace[:50]), trace[-1]))) < 1500
    assert len(pack_rhythm(learn_rhythm(dates(trace), trace[-1]))) < 10_000


def test_planning_needs_no_numpy() -> None:
    code = "import sys, feedpub.scheduler.rhythm; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 -- our own code
