"""Cron expressions → when they are due, in their time zone.

APScheduler reads the calendar, of days and hours that all exist; it counts weekdays from Monday and
wants day and weekday both to fit, while cron counts from Sunday and takes either where both are
given. What a zone's clocks make of that is decided here, as Vixie cron does. An expression with
fixed hours and minutes is due once for each of its moments: one that comes twice counts the first
time, one that is skipped counts right after the gap. One whose minute or hour is a `*` goes by the
hours that there are: each time that the clocks show one of its moments.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.combining import OrTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

from feedpub.config import cron_fields

_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def next_cron_time(expression: str, timezone: str, after: datetime) -> datetime:
    """Return the first moment after `after` (aware) that a cron expression means, in UTC.

    Args:
        expression: five parts, as the config has checked them.
        after: aware.
        timezone: IANA name.
    """
    zone = ZoneInfo(timezone)
    after = after.astimezone(UTC).replace(microsecond=0)
    shown = _shown(after, zone)
    repeated = max(timedelta(), shown - after - (_shown(after + _DAY, zone) - after - _DAY))
    fixed = not any(part.startswith("*") for part in expression.split()[:2])
    found: list[datetime] = []
    # The clocks may show again what they showed in the last `repeated`.
    for moment in _calendar(expression, shown - (timedelta() if fixed else repeated)):
        found += [each for each in (_once if fixed else _each_time)(moment, zone) if each > after]
        if found and moment > shown:
            break
    return min(found)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of a zone show at a moment, as if they were those of UTC, which are never changed."""
    return moment.astimezone(zone).replace(tzinfo=UTC, fold=0)


def _once(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the clocks first show a time, or when they have gone on where they never do."""
    if found := _each_time(shown, zone):
        return found[:1]
    local = shown.replace(tzinfo=zone)
    early, late = (
        local.replace(fold=fold).astimezone(UTC) for fold in (1, 0)
    )  # with the offset after, and before
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        early, late = (middle, late) if _shown(middle, zone) < shown else (early, middle)
    return [late.replace(microsecond=0)]


def _each_time(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the clocks show a time.

    Once, twice where they are put back over it, never where they skip it.
    """
    local = shown.replace(tzinfo=zone)
    found = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(moment for moment in found if _shown(moment, zone) == shown)


def _calendar(expression: str, after: datetime) -> Iterator[datetime]:
    """Yield the times after one that an expression means, in a zone without changes."""
    trigger = _trigger(expression)
    while True:
        found = trigger.get_next_fire_time(None, after + _SECOND)
        assert isinstance(found, datetime)  # noqa: S101 -- the config refuses days that never come
        yield found
        after = found


def _trigger(expression: str) -> BaseTrigger:
    minutes, hours, days, months, weekdays = cron_fields(expression)
    every_day, every_weekday = (
        part == "*" for part in (expression.split()[2], expression.split()[4])
    )

    def trigger(**when: str) -> BaseTrigger:
        return CronTrigger(
            minute=_list(minutes), hour=_list(hours), month=_list(months), timezone=UTC, **when
        )

    by_day = trigger(day=_list(days))
    by_weekday = trigger(day_of_week=",".join(sorted({_NAMES[number % 7] for number in weekdays})))
    if every_weekday:
        return by_day
    return by_weekday if every_day else OrTrigger([by_day, by_weekday])


def _list(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
