"""Compute when a cron expression is due in its time zone.

APScheduler evaluates the expression on a calendar in which every hour exists. It counts weekdays
from Monday, and it requires day and weekday both to match. Cron counts from Sunday, and either
matches if both are given.

Changes of a zone's clocks are handled here as in Vixie cron. An expression with fixed hours and
minutes is due once for each of its times: at the first of two if the time occurs twice, right after
the gap if it is skipped. An expression with `*` as minute or hour is due each time the clocks show
one of its times.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.combining import OrTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

from feedpub.config import cron_fields

_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_MAX_CACHED_TRIGGERS = 64  # each takes longer to make than to evaluate


def next_cron_time(expression: str, timezone: str, after: datetime) -> datetime:
    """Return the first time after `after` at which a cron expression is due, in UTC.

    Args:
        expression: Five fields, already validated by the config.
        timezone: IANA name.
        after: Aware.
    """
    zone = ZoneInfo(timezone)
    after = after.astimezone(UTC).replace(microsecond=0)
    shown = _clock_time(after, zone)
    repeated = max(timedelta(), shown - after - (_clock_time(after + _DAY, zone) - after - _DAY))
    is_fixed = not any(field.startswith("*") for field in expression.split()[:2])
    to_moments = _first_moment if is_fixed else _all_moments
    # The clocks may show again what they showed during the last `repeated`.
    start = shown if is_fixed else shown - repeated
    found: list[datetime] = []
    for clock_time in _iter_calendar(expression, start):
        found += [moment for moment in to_moments(clock_time, zone) if moment > after]
        if found and clock_time > shown:
            break
    return min(found)


def _clock_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of a zone show at a moment, labelled as UTC."""
    return moment.astimezone(zone).replace(tzinfo=UTC, fold=0)


def _first_moment(clock_time: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the first moment at which the clocks show a time.

    If they skip it, return the moment right after the gap.
    """
    if found := _all_moments(clock_time, zone):
        return found[:1]
    local = clock_time.replace(tzinfo=zone)
    early = local.replace(fold=1).astimezone(UTC)  # with the offset after the gap
    late = local.replace(fold=0).astimezone(UTC)  # with the offset before it
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        if _clock_time(middle, zone) < clock_time:
            early = middle
        else:
            late = middle
    return [late.replace(microsecond=0)]


def _all_moments(clock_time: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments at which the clocks show a time: one, two or none."""
    local = clock_time.replace(tzinfo=zone)
    found = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(moment for moment in found if _clock_time(moment, zone) == clock_time)


def _iter_calendar(expression: str, after: datetime) -> Iterator[datetime]:
    """Yield the times after `after` that match an expression, in a zone without clock changes."""
    trigger = _make_trigger(expression)
    while True:
        found = trigger.get_next_fire_time(None, after + _SECOND)
        assert isinstance(found, datetime)  # noqa: S101 -- the config rejects impossible dates
        yield found
        after = found


@lru_cache(_MAX_CACHED_TRIGGERS)
def _make_trigger(expression: str) -> BaseTrigger:
    minutes, hours, days, months, weekdays = cron_fields(expression)
    _, _, day_field, _, weekday_field = expression.split()
    common = {
        "minute": _join(minutes),
        "hour": _join(hours),
        "month": _join(months),
        "timezone": UTC,
    }
    by_day = CronTrigger(day=_join(days), **common)
    weekday_names = {_NAMES[number % 7] for number in weekdays}
    by_weekday = CronTrigger(day_of_week=",".join(sorted(weekday_names)), **common)
    if weekday_field == "*":
        return by_day
    if day_field == "*":
        return by_weekday
    return OrTrigger([by_day, by_weekday])


def _join(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
