"""Run a short soak test; `python -m tests.soak` is the long one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.catalogue.cases import CASES
from tests.soak.hostile import CATALOGUE_CASES, STALLS
from tests.soak.report import Measurements, lateness
from tests.soak.siege import SoakOptions, run_locally

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = SoakOptions(
    seconds=45,
    healthy=6,
    names=(*STALLS, "gzip-bomb", "siblings-1m", "drip-body"),
    interval_seconds=10,
    publish_seconds=2,
)


@pytest.mark.slow(seconds=70)
def test_healthy_feeds_stay_on_time() -> None:
    """Run each kind of stall: the service must lose nothing, and must not restart."""
    found, lines = run_locally(SHORT, {"frequent": 10})
    assert not list(found.faults(SHORT.max_lateness_seconds)), [
        *found.faults(SHORT.max_lateness_seconds),
        *lines,
    ]
    assert all(len(late) >= 2 for late in found.lateness.values()), found.lateness


def run(feed: str, after: int, *, took: int, next_: int) -> dict[str, Any]:
    """Return the log line of a run that ended the given number of seconds after NOW."""
    moment, planned = (
        f"{NOW + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}" for seconds in (after, next_)
    )
    return {
        "event": "run_finished",
        "feed": feed,
        "time": moment,
        "ms": took * 1000,
        "next": planned,
    }


def test_lateness_counts_from_the_plan() -> None:
    events = [
        {"event": "started", "time": "2026-01-01T00:00:00Z"},
        run("a", 5, took=3, next_=65),
        run("b", 5, took=3, next_=60),
        run("hostile", 5, took=3, next_=60),
        run("a", 75, took=2, next_=135),
    ]
    found = lateness(events, ["a", "b", "c"], NOW + timedelta(seconds=100))
    assert found == {"a": [8.0], "b": [40.0], "c": []}
    faults = list(Measurements(found, ["a: x", "a: y"], 0.0, 0.0, 1, {}).faults(20))
    assert faults == [
        "b was 40 s late, and may be 20",
        "c was not run when it was due",
        "2 articles never came, the first of them a: x",
        "1 restarts",
    ]


def test_every_hostile_feed_is_known() -> None:
    assert set(CATALOGUE_CASES) <= set(CASES)
