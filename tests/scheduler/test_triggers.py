"""Cron expressions mean what cron means by them."""

from datetime import UTC, datetime

import pytest

from feedpub.scheduler.triggers import next_fire

THURSDAY = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "timezone", "due"),
    [
        ("*/30 * * * *", "UTC", "2026-01-01T12:30:00+00:00"),
        ("0 6 * * *", "UTC", "2026-01-02T06:00:00+00:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-01-02T05:00:00+00:00"),
        ("0 6 * * *", "Asia/Kolkata", "2026-01-02T00:30:00+00:00"),
        ("15 6,18 * * *", "UTC", "2026-01-01T18:15:00+00:00"),
        ("0 0 1 * *", "UTC", "2026-02-01T00:00:00+00:00"),
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00:00+00:00"),
        ("0 9 * jun *", "UTC", "2026-06-01T09:00:00+00:00"),
        ("0 6 * * 0", "UTC", "2026-01-04T06:00:00+00:00"),
        ("0 6 * * 7", "UTC", "2026-01-04T06:00:00+00:00"),
        ("0 6 * * sun", "UTC", "2026-01-04T06:00:00+00:00"),
        ("0 6 * * 1", "UTC", "2026-01-05T06:00:00+00:00"),
        ("0 6 * * 1-5", "UTC", "2026-01-02T06:00:00+00:00"),
        ("0 6 * * sat,sun", "UTC", "2026-01-03T06:00:00+00:00"),
        ("0 6 15 * mon", "UTC", "2026-01-05T06:00:00+00:00"),
        ("0 6 3 * mon", "UTC", "2026-01-03T06:00:00+00:00"),
    ],
)
def test_when_it_is_due(expression: str, timezone: str, due: str) -> None:
    """Sunday is 0 and 7; where day and weekday are both given, either will do."""
    assert next_fire(expression, timezone, THURSDAY) == datetime.fromisoformat(due)


def test_the_moment_itself_is_past() -> None:
    """What is due now has just been done."""
    assert next_fire("0 12 * * *", "UTC", THURSDAY) == datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_an_hour_that_is_skipped() -> None:
    """Half past two does not exist on the day on which summer begins; it is done at half past three."""
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_fire("30 2 * * *", "Europe/Berlin", before) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice() -> None:
    """Half past two comes twice on the day on which summer ends, and each time it is due."""
    first = next_fire("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC))
    second = next_fire("30 2 * * *", "Europe/Berlin", first)
    assert (first, second) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
