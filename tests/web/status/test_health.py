"""Healthy, late or broken, and why."""

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
from tests.support.overviews import HOUR, MINUTE, NOW, broken_source, source

LOOKED = SourceState("world", "a", NOW - HOUR, NOW - HOUR, 20, next_look=NOW + HOUR)
FAILING = SourceState(
    "world", "a", NOW, None, 0, failure="HTTP 404", failing_since=NOW - HOUR, failures=3
)
DUE = SourceState("world", "a", NOW - HOUR, NOW - HOUR, 20, next_look=NOW - GRACE_PERIOD - MINUTE)


def run(status: RunStatus = RunStatus.UPDATED, *problems: Failure) -> RunRecord:
    return RunRecord(RunResult("world", status, problems=problems), NOW - HOUR)


def test_the_worst_counts() -> None:
    """Broken before late before healthy."""
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
def test_sources(state: SourceState | None, expected: object) -> None:
    """One that fails is broken; one that waits for longer than it should is late."""
    assert source_health(state, None, NOW, busy=False) == expected


def test_a_source_that_is_being_looked_at_is_not_late() -> None:
    """The look that it waits for has begun."""
    assert source_health(DUE, None, NOW, busy=True) == (Health.HEALTHY, "", None)


def test_a_source_may_be_broken_though_it_can_be_read() -> None:
    """Where what it lists is not what it used to be."""
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
def test_overdue_runs(last: RunRecord | None, minutes: int, *, expected: bool) -> None:
    """A run that was due a while ago and did not come, whoever starts runs here."""
    assert is_overdue(last, NOW + timedelta(minutes=minutes), NOW, None) is expected


def test_what_nobody_planned_is_not_overdue() -> None:
    """But for a feed that never ran though the service has been running for a while."""
    assert not is_overdue(run(), None, NOW, NOW - HOUR)
    assert not is_overdue(None, None, NOW, None)
    assert not is_overdue(None, None, NOW, NOW - MINUTE)
    assert is_overdue(None, None, NOW, NOW - HOUR)


def test_a_feed_is_as_its_worst_source() -> None:
    """The source itself says what is wrong."""
    assert feed_health(run(RunStatus.PARTIAL), [source(), broken_source()]) == (Health.BROKEN, ())
    assert feed_health(run(), [source()]) == (Health.HEALTHY, ())


def test_a_failed_run_is_explained() -> None:
    """By what was fatal, where no source is to blame; without secrets."""
    fatal, minor = Failure("world", "https://x.org/?token=s: no", fatal=True), Failure("a", "b")
    assert feed_health(run(RunStatus.FAILED, minor, fatal), [source()]) == (
        Health.BROKEN,
        ("https://x.org/?token=…: no",),
    )
    assert feed_health(run(RunStatus.FAILED), [source()])[1] == ("the last run failed",)
    assert feed_health(run(RunStatus.FAILED, fatal), [broken_source()])[1] == ()


def test_a_feed_may_be_broken_as_a_whole() -> None:
    """Which is told once, also where its last run says the same."""
    fatal = Failure("world", "the disk is full", fatal=True)
    for last in (run(), run(RunStatus.FAILED, fatal)):
        told = feed_health(last, [source()], incident="the disk is full")
        assert told == (Health.BROKEN, ("the disk is full",))


def test_hung_and_late_runs() -> None:
    """Both are told, and the worse one counts."""
    assert feed_health(run(), [source()], stuck="hangs", late="is late") == (
        Health.BROKEN,
        ("hangs", "is late"),
    )
    assert feed_health(run(), [source()], late="is late") == (Health.LATE, ("is late",))
    assert feed_health(None, []) == (Health.LATE, (NEVER_CHECKED,))
