"""Descriptions of a source's publishing pattern."""

from datetime import UTC, datetime

import pytest

from feedpub.scheduler.describe import DAY, HOUR, WEEK, describe_schedule

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp() / 60  # a Friday
MIDNIGHT = NOW - 12 * HOUR


def days_ago(*days: int, hours: tuple[float, ...] = (9.5,)) -> list[float]:
    return sorted(MIDNIGHT - day * DAY + hour * HOUR for day in days for hour in hours)


def test_busy_source_shows_rate_and_hours() -> None:
    hours = (7.5, 9, 10, 11.5, 13, 14, 15, 16.5, 17.5)
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW)
        == "publishes about 9 a day, mostly 7–18 h UTC"
    )


def test_hours_may_cross_midnight() -> None:
    hours = (0.5, 3, 5.5, 22, 23.5)
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW)
        == "publishes about 5 a day, mostly 22–6 h UTC"
    )


def test_source_without_hours_shows_only_the_rate() -> None:
    hours = tuple(range(24))
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW) == "publishes about 24 a day"
    )


def test_working_days_are_named() -> None:
    working = [day for day in range(1, 60) if int(MIDNIGHT / DAY - day + 3) % 7 < 5]
    assert describe_schedule(days_ago(*working, hours=(8, 14)), NOW) == (
        "publishes about 10 a week, mostly Monday to Friday, 8–15 h UTC"
    )


def test_weekly_source_shows_its_day() -> None:
    assert (
        describe_schedule(days_ago(*range(7, 500, 7)), NOW)
        == "publishes about 1 a week, mostly on Fridays, 9–10 h UTC"
    )
    assert describe_schedule(days_ago(*range(7, 500, 7), *range(8, 500, 7)), NOW) == (
        "publishes about 2 a week, mostly Thursday to Friday, 9–10 h UTC"
    )


def test_monthly_source_shows_a_monthly_rate() -> None:
    assert describe_schedule(days_ago(*range(20, 800, 30), hours=(3, 17)), NOW).startswith(
        "publishes about 2 a month"
    )


def test_bursts_are_named() -> None:
    description = describe_schedule(
        days_ago(*range(1, 60, 2), hours=tuple(9 + minute / 60 for minute in range(10))), NOW
    )
    assert description == "publishes about 5 a day in bursts, mostly 9–10 h UTC"


def test_hours_of_a_few_bursts_are_not_a_pattern() -> None:
    bursts = [
        MIDNIGHT - day * DAY + hour * HOUR + minute
        for day, hour in ((16, 9), (9, 10))
        for minute in range(20)
    ]
    assert describe_schedule(bursts, NOW) == "publishes about 2 a day in bursts"


def test_current_burst_is_counted() -> None:
    quiet = days_ago(*range(1, 60), hours=(3, 17))
    assert describe_schedule(
        [*quiet, *(NOW - minutes for minutes in (50, 40, 20, 10))], NOW
    ).endswith("; 4 in the last 3 h")
    assert "last" not in describe_schedule([*quiet, NOW - 50], NOW)


def test_silent_source_shows_silence_and_earlier_rate() -> None:
    assert (
        describe_schedule(days_ago(*range(35, 100)), NOW)
        == "has published nothing for 5 weeks; before that about 1 a day"
    )


@pytest.mark.parametrize("quiet", [DAY, 6 * DAY])
def test_few_quiet_days_are_not_a_silence(quiet: float) -> None:
    assert describe_schedule(
        days_ago(*range(1, 60), hours=tuple(range(24))), NOW + quiet
    ).startswith("publishes about")


def test_slow_source_within_its_rate_is_not_silent() -> None:
    moments = days_ago(*range(0, 500, 7))
    assert describe_schedule(moments, NOW + 3 * WEEK).startswith("publishes about")
    assert describe_schedule(moments, NOW + 6 * WEEK).startswith(
        "has published nothing for 6 weeks"
    )


def test_rare_source_shows_a_yearly_rate() -> None:
    yearly = [NOW - years * 365 * DAY for years in (6, 5, 4, 3, 2)]
    assert (
        describe_schedule(yearly, NOW)
        == "has published nothing for 2 years; before that about 1 a year"
    )
    assert describe_schedule([*yearly, NOW - 0.9 * 365 * DAY], NOW) == "publishes about 1 a year"


@pytest.mark.parametrize(
    ("ago", "description"),
    [
        (0, "minutes"),
        (HOUR, "an hour"),
        (5 * HOUR, "5 hours"),
        (3 * DAY, "3 days"),
        (70 * DAY, "2 months"),
    ],
)
def test_few_dates_show_the_age_of_the_last(ago: float, description: str) -> None:
    assert (
        describe_schedule([NOW - ago], NOW)
        == f"too few publication dates to estimate a rate from; the last is {description} old"
    )


def test_no_dates_give_no_rate() -> None:
    assert describe_schedule([], NOW) == "no publication dates to estimate a rate from"
    assert describe_schedule([NOW + DAY], NOW) == "no publication dates to estimate a rate from"


def test_identical_times_are_described() -> None:
    assert describe_schedule([NOW - DAY] * 50, NOW).startswith("publishes about 50 a day")
