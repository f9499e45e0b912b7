"""Cron expressions behave as in Vixie cron."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from feedpub.scheduler.cron import next_cron_time

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
def test_next_time_of_an_expression(expression: str, timezone: str, due: str) -> None:
    assert next_cron_time(expression, timezone, THURSDAY) == datetime.fromisoformat(due)


def test_given_time_itself_is_not_due_again() -> None:
    assert next_cron_time("0 12 * * *", "UTC", THURSDAY) == datetime(2026, 1, 2, 12, tzinfo=UTC)


def fires(expression: str, zone: str, after: str, times: int) -> list[str]:
    """Return the next times of an expression, as the clocks of the zone show them."""
    moment, found = datetime.fromisoformat(after), []
    for _ in range(times):
        moment = next_cron_time(expression, zone, moment)
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M %Z}")
    return found


SPRING, AUTUMN = (
    "2026-03-29T00:00:00+01:00",
    "2026-10-25T00:00:00+02:00",
)  # at 2 h to 3 h, at 3 h back to 2 h


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("30 2 * * *", ["29 03:00 CEST", "30 02:30 CEST"]),
        ("15,45 2 * * *", ["29 03:00 CEST", "30 02:15 CEST"]),
        ("0 2,3 * * *", ["29 03:00 CEST", "30 02:00 CEST"]),
        ("30 1-3 * * *", ["29 01:30 CET", "29 03:00 CEST", "29 03:30 CEST", "30 01:30 CEST"]),
        ("30 * * * *", ["29 00:30 CET", "29 01:30 CET", "29 03:30 CEST"]),
        ("*/30 2 * * *", ["30 02:00 CEST"]),
        ("0 */2 * * *", ["29 04:00 CEST", "29 06:00 CEST"]),
    ],
)
def test_skipped_time_is_due_after_the_gap(expression: str, due: list[str]) -> None:
    assert fires(expression, "Europe/Berlin", SPRING, len(due)) == due


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("30 2 * * *", ["25 02:30 CEST", "26 02:30 CET"]),
        ("15,45 2 * * *", ["25 02:15 CEST", "25 02:45 CEST", "26 02:15 CET"]),
        ("0 2,3 * * *", ["25 02:00 CEST", "25 03:00 CET", "26 02:00 CET"]),
        (
            "30 * * * *",
            ["25 00:30 CEST", "25 01:30 CEST", "25 02:30 CEST", "25 02:30 CET", "25 03:30 CET"],
        ),
        (
            "*/30 2 * * *",
            ["25 02:00 CEST", "25 02:30 CEST", "25 02:00 CET", "25 02:30 CET", "26 02:00 CET"],
        ),
    ],
)
def test_repeated_time_is_due_once_if_hours_are_fixed(expression: str, due: list[str]) -> None:
    assert fires(expression, "Europe/Berlin", AUTUMN, len(due)) == due


def test_next_time_between_two_equal_clock_times() -> None:
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 once more
    assert next_cron_time("30 2 * * *", "Europe/Berlin", second) == datetime(
        2026, 10, 26, 1, 30, tzinfo=UTC
    )
    assert next_cron_time(
        "*/30 2 25 10 *", "Europe/Berlin", second - timedelta(minutes=20)
    ) == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "after", "due"),
    [
        (
            "Australia/Lord_Howe",
            "2026-10-04T01:00:00+10:30",
            "04 02:30 +11",
        ),  # half an hour is skipped
        ("Pacific/Apia", "2011-12-29T12:00:00-10:00", "31 00:00 +14"),  # a day is
        ("America/Santiago", "2026-09-05T12:00:00-04:00", "06 02:10 -03"),  # midnight is
    ],
)
def test_unusual_clock_changes(zone: str, after: str, due: str) -> None:
    assert fires("10 2 * * *", zone, after, 1) == [due]
