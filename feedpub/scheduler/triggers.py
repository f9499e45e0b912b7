"""Cron expressions → when they are due, in their time zone, through APScheduler.

APScheduler counts weekdays from Monday and wants day and weekday both to fit; cron counts from Sunday and takes either
where both are given. What is written here is cron.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.combining import OrTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

from feedpub.config import cron_fields

_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def next_fire(expression: str, timezone: str, after: datetime) -> datetime:
    """The first moment after `after` (aware) that a cron expression means, in UTC.

    An hour that is skipped in spring counts when the clocks have gone on; one that comes twice counts twice.

    Args:
        expression: five parts, as the config has checked them.
        after: aware.
        timezone: IANA name.
    """
    zone = ZoneInfo(timezone)
    start = (after.astimezone(UTC) + timedelta(seconds=1)).astimezone(zone)
    found = _trigger(expression, zone).get_next_fire_time(None, start)
    assert isinstance(found, datetime)  # noqa: S101 -- the config refuses days that never come
    return found.astimezone(UTC)


def _trigger(expression: str, zone: ZoneInfo) -> BaseTrigger:
    minutes, hours, days, months, weekdays = cron_fields(expression)
    every_day, every_weekday = (part == "*" for part in (expression.split()[2], expression.split()[4]))

    def trigger(**when: str) -> BaseTrigger:
        return CronTrigger(minute=_list(minutes), hour=_list(hours), month=_list(months), timezone=zone, **when)

    by_day = trigger(day=_list(days))
    by_weekday = trigger(day_of_week=",".join(sorted({_NAMES[number] for number in weekdays})))
    if every_weekday:
        return by_day
    return by_weekday if every_day else OrTrigger([by_day, by_weekday])


def _list(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
