"""The first runs after a start."""

from datetime import UTC, datetime, timedelta

from feedpub.scheduler.timer import MAX_SPREAD, MIN_GAP, spread_overdue

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_future_times_are_kept() -> None:
    assert spread_overdue({"a": NOW + HOUR, "b": NOW + 2 * HOUR}, NOW) == {
        "a": NOW + HOUR,
        "b": NOW + 2 * HOUR,
    }


def test_first_overdue_feed_runs_at_once() -> None:
    planned = spread_overdue({"a": NOW - HOUR, "b": NOW - 2 * HOUR, "c": NOW + HOUR}, NOW)
    assert planned == {"b": NOW, "a": NOW + MIN_GAP, "c": NOW + HOUR}


def test_new_feed_is_due_now() -> None:
    assert spread_overdue({"new": None, "late": NOW - HOUR}, NOW) == {
        "late": NOW,
        "new": NOW + MIN_GAP,
    }


def test_many_overdue_feeds_are_spread_over_a_bounded_time() -> None:
    planned = spread_overdue({f"feed-{n}": NOW - HOUR for n in range(1000)}, NOW)
    moments = sorted(planned.values())
    assert moments[0] == NOW
    assert moments[-1] <= NOW + MAX_SPREAD
    assert len(set(moments)) == 1000


def test_no_feeds_give_no_times() -> None:
    assert spread_overdue({}, NOW) == {}
