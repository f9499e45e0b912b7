"""Healthy, partial, late or broken, and why."""

from datetime import timedelta

import pytest

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.store import RunRecord, SourceState
from feedpub.web.status import GRACE_PERIOD, Health
from feedpub.web.status.health import (
    NEVER_CHECKED,
    feed_health,
    is_overdue,
    source_health,
    worst_health,
)
from tests.support.overviews import HOUR, MINUTE, NOW, failing_source, source_status

LOOKED = SourceState("world", "a", NOW - HOUR, NOW - HOUR, 20, next_look=NOW + HOUR)
FAILING = SourceState(
    "world", "a", NOW, None, 0, failure="HTTP 404", failing_since=NOW - HOUR, failures=3
)
DUE = SourceState("world", "a", NOW - HOUR, NOW - HOUR, 20, next_look=NOW - GRACE_PERIOD - MINUTE)


def run(status: RunStatus = RunStatus.UPDATED, *problems: Failure) -> RunRecord:
    return RunRecord(RunResult("world", status, problems=problems), NOW - HOUR)


def test_worst_health_of_several() -> None:
    assert worst_health([Health.HEALTHY, Health.BROKEN, Health.LATE]) == Health.BROKEN
    assert worst_health([Health.HEALTHY, Health.LATE]) == Health.LATE
    assert worst_health([]) == Health.HEALTHY


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (LOOKED, (Health.HEALTHY, "", None)),
        (FAILING, (Health.BROKEN, "HTTP 404", NOW - HOUR)),
        (DUE, (Health.LATE, "its check was due 6 minutes ago", None)),
        (None, (Health.LATE, NEVER_CHECKED, None)),
    ],
)
def test_source_health_and_reason(state: SourceState | None, expected: object) -> None:
    assert source_health(state, None, NOW, busy=False) == expected


def test_source_of_a_running_feed_is_not_late() -> None:
    assert source_health(DUE, None, NOW, busy=True) == (Health.HEALTHY, "", None)


def test_open_incident_makes_a_readable_source_broken() -> None:
    known = (NOW - HOUR, "no entries; it used to have 20")
    assert source_health(LOOKED, known, NOW, busy=False) == (Health.BROKEN, known[1], known[0])


@pytest.mark.parametrize(
    ("last", "minutes", "expected"),
    [
        (run(), 10, False),  # to come
        (run(), -4, False),  # a little late
        (run(), -6, True),
        (run(), -90, False),  # it ran since then
        (None, -6, True),
    ],
)
def test_run_is_overdue_after_the_grace_period(
    last: RunRecord | None, minutes: int, *, expected: bool
) -> None:
    assert is_overdue(last, NOW + timedelta(minutes=minutes), NOW, None) is expected


def test_unplanned_run_is_not_overdue() -> None:
    assert not is_overdue(run(), None, NOW, NOW - HOUR)
    assert not is_overdue(None, None, NOW, None)
    assert not is_overdue(None, None, NOW, NOW - MINUTE)
    assert is_overdue(None, None, NOW, NOW - HOUR)


def test_feed_has_the_health_of_its_worst_source() -> None:
    assert feed_health(run(RunStatus.PARTIAL), [source_status(), failing_source()]) == (
        Health.BROKEN,
        (),
    )
    assert feed_health(run(), [source_status()]) == (Health.HEALTHY, ())


def test_failed_run_states_its_reasons() -> None:
    fatal, minor = Failure("world", "https://x.org/?token=s: no", fatal=True), Failure("a", "b")
    assert feed_health(run(RunStatus.FAILED, minor, fatal), [source_status()]) == (
        Health.BROKEN,
        ("https://x.org/?token=…: no",),
    )
    assert feed_health(run(RunStatus.FAILED), [source_status()])[1] == ("the last run failed",)
    assert feed_health(run(RunStatus.FAILED, fatal), [failing_source()])[1] == ()


def test_open_incident_of_the_feed_makes_it_broken() -> None:
    fatal = Failure("world", "the disk is full", fatal=True)
    for last in (run(), run(RunStatus.FAILED, fatal)):
        health = feed_health(last, [source_status()], incident="the disk is full")
        assert health == (Health.BROKEN, ("the disk is full",))


UNREAD = Failure("https://x.org/a", "HTTP 403", unread=True)


def test_feed_with_unread_items_is_partial() -> None:
    assert feed_health(run(RunStatus.PARTIAL, UNREAD), [source_status()]) == (
        Health.PARTIAL,
        ("1 listed item is unread or incomplete",),
    )
    assert feed_health(run(RunStatus.PARTIAL, UNREAD, UNREAD), [failing_source()]) == (
        Health.BROKEN,
        ("2 listed items are unread or incomplete",),
    )
    other = Failure("https://x.org/a", "the recheck failed")
    assert feed_health(run(RunStatus.UPDATED, other), [source_status()]) == (Health.HEALTHY, ())


def test_late_is_worse_than_partial() -> None:
    health, _ = feed_health(run(RunStatus.PARTIAL, UNREAD), [source_status()], late="is late")
    assert health == Health.LATE


def test_stuck_and_late_runs_are_reasons() -> None:
    assert feed_health(run(), [source_status()], stuck="hangs", late="is late") == (
        Health.BROKEN,
        ("hangs", "is late"),
    )
    assert feed_health(run(), [source_status()], late="is late") == (Health.LATE, ("is late",))
    assert feed_health(None, []) == (Health.LATE, (NEVER_CHECKED,))
