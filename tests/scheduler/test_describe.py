"""A source's rhythm in words."""

from datetime import UTC, datetime

import pytest

from feedpub.scheduler.describe import DAY, HOUR, WEEK, describe_schedule

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp() / 60  # a Friday
MIDNIGHT = NOW - 12 * HOUR


def days_ago(*days: int, hours: tuple[float, ...] = (9.5,)) -> list[float]:
    return sorted(MIDNIGHT - day * DAY + hour * HOUR for day in days for hour in hours)


def test_a_busy_source() -> None:
    """How much, and in which hours."""
    hours = (7.5, 9, 10, 11.5, 13, 14, 15, 16.5, 17.5)
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW)
        == "publishes about 9 a day, mostly 7–18 h UTC"
    )


def test_hours_around_midnight() -> None:
    """The day is a ring."""
    hours = (0.5, 3, 5.5, 22, 23.5)
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW)
        == "publishes about 5 a day, mostly 22–6 h UTC"
    )


def test_all_around_the_clock() -> None:
    """Hours that are most of the day say nothing."""
    hours = tuple(range(24))
    assert (
        describe_schedule(days_ago(*range(1, 60), hours=hours), NOW) == "publishes about 24 a day"
    )


def test_working_days() -> None:
    """Named where next to nothing is published on others."""
    working = [day for day in range(1, 60) if int(MIDNIGHT / DAY - day + 3) % 7 < 5]
    assert describe_schedule(days_ago(*working, hours=(8, 14)), NOW) == (
        "publishes about 10 a week, mostly Monday to Friday, 8–15 h UTC"
    )


def test_a_weekly_source() -> None:
    """The day's name, and the hour."""
    assert (
        describe_schedule(days_ago(*range(7, 500, 7)), NOW)
        == "publishes about 1 a week, mostly on Fridays, 9–10 h UTC"
    )
    assert describe_schedule(days_ago(*range(7, 500, 7), *range(8, 500, 7)), NOW) == (
        "publishes about 2 a week, mostly Thursday to Friday, 9–10 h UTC"
    )


def test_a_monthly_source() -> None:
    """A year tells how much a quiet source publishes."""
    assert describe_schedule(days_ago(*range(20, 800, 30), hours=(3, 17)), NOW).startswith(
        "publishes about 2 a month"
    )


def test_a_source_that_publishes_in_bursts() -> None:
    """Ten at once every other day are not five a day."""
    told = describe_schedule(
        days_ago(*range(1, 60, 2), hours=tuple(9 + minute / 60 for minute in range(10))), NOW
    )
    assert told == "publishes about 5 a day in bursts, mostly 9–10 h UTC"


def test_a_few_bursts_are_no_habit() -> None:
    """However many moments lie on one day of the week, in one hour."""
    bursts = [
        MIDNIGHT - day * DAY + hour * HOUR + minute
        for day, hour in ((16, 9), (9, 10))
        for minute in range(20)
    ]
    assert describe_schedule(bursts, NOW) == "publishes about 2 a day in bursts"


def test_a_burst_now() -> None:
    """Tells why the next look is soon."""
    quiet = days_ago(*range(1, 60), hours=(3, 17))
    assert describe_schedule(
        [*quiet, *(NOW - minutes for minutes in (50, 40, 20, 10))], NOW
    ).endswith("; 4 in the last 3 h")
    assert "last" not in describe_schedule([*quiet, NOW - 50], NOW)


def test_a_source_that_has_fallen_silent() -> None:
    """For how long, and what it was used to."""
    assert (
        describe_schedule(days_ago(*range(35, 100)), NOW)
        == "has published nothing for 5 weeks; before that about 1 a day"
    )


@pytest.mark.parametrize("quiet", [DAY, 6 * DAY])
def test_a_few_quiet_days(quiet: float) -> None:
    """Are no silence, however busy the source: people have holidays."""
    assert describe_schedule(
        days_ago(*range(1, 60), hours=tuple(range(24))), NOW + quiet
    ).startswith("publishes about")


def test_a_quiet_source_is_not_silent() -> None:
    """Until it has missed several of its usual days."""
    moments = days_ago(*range(0, 500, 7))
    assert describe_schedule(moments, NOW + 3 * WEEK).startswith("publishes about")
    assert describe_schedule(moments, NOW + 6 * WEEK).startswith(
        "has published nothing for 6 weeks"
    )


def test_a_source_that_hardly_ever_publishes() -> None:
    """Is silent after a year."""
    yearly = [NOW - years * 365 * DAY for years in (6, 5, 4, 3, 2)]
    assert (
        describe_schedule(yearly, NOW)
        == "has published nothing for 2 years; before that about 1 a year"
    )
    assert describe_schedule([*yearly, NOW - 0.9 * 365 * DAY], NOW) == "publishes about 1 a year"


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (0, "minutes"),
        (HOUR, "an hour"),
        (5 * HOUR, "5 hours"),
        (3 * DAY, "3 days"),
        (70 * DAY, "2 months"),
    ],
)
def test_few_dates(ago: float, told: str) -> None:
    """Nothing is made up from them."""
    assert (
        describe_schedule([NOW - ago], NOW)
        == f"too few publication dates to estimate a rate from; the last is {told} old"
    )


def test_no_dates() -> None:
    """What lies ahead is not one."""
    assert describe_schedule([], NOW) == "no publication dates to estimate a rate from"
    assert describe_schedule([NOW + DAY], NOW) == "no publication dates to estimate a rate from"


def test_the_same_moment_again_and_again() -> None:
    """A first import is not a rhythm of thousands an hour."""
    assert describe_schedule([NOW - DAY] * 50, NOW).startswith("publishes about 50 a day")
