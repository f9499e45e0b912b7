"""When an article was published and updated, out of all that its page says.

Owns the choice, not the reading.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from feedpub.cleaner.metadata.byline import VisibleByline
from feedpub.cleaner.metadata.facts import Facts
from feedpub.core import dates

FURTHEST = timedelta(hours=14)  # between a zone and UTC
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=30)  # zones lie whole or half hours from UTC


def choose_dates(
    stated: Sequence[Facts],
    seen: VisibleByline,
    *,
    url: str | None = None,
    language: str | None = None,
) -> tuple[datetime | None, datetime | None]:
    """Publication and, where it is later, update; aware, or None.

    Args:
        stated: what the page's machine-readable origins say, the most trusted first.
        seen: what the visible page says.
        url: of the page; its day counts where nothing else does.
        language: of the page, BCP 47.
    """
    address = dates.date_in_address(url or "")
    told = _all("published", stated, language)
    visible = [_in_order(moment, address) for moment in _read(seen.facts.published, language)]
    shown = dates.parse_page_date(seen.dateline, language)
    if told and told[0].date() in {moment.date() for moment in visible}:
        shown = told[0]  # one of several dates that readers see
    published = _first([*_as_shown(told, shown and _in_order(shown, address)), *visible]) or address
    updated = _first([*_all("updated", stated, language), *_read(seen.facts.updated, language)])
    published = _in_zone(published or updated, visible)
    updated = _in_zone(updated, ())
    return published, updated if published and updated and updated > published else None


def _as_shown(told: Sequence[datetime], shown: datetime | None) -> Sequence[datetime]:
    """The machine-readable dates of publication, the most trusted first, in the light of the one that readers see.

    Those of the day that is shown come first. A page is not published after that day: where all are
    later, and not only by their zone, they tell when the page was built, and the shown date counts.
    """
    if shown is None or not told or told[0].date() == shown.date():
        return told
    same = [moment for moment in told if moment.date() == shown.date()]
    near = [local for moment in told if (local := _on_day(moment, shown))]
    late = not near and all(moment.date() - shown.date() > _doubt(moment) for moment in told)
    return [*same, *near, *([shown] if late else ()), *told]


def _doubt(moment: datetime) -> timedelta:
    """How far a moment may lie behind the day that is shown, and be of that day all the same, in an unknown zone."""
    return timedelta(0) if moment.utcoffset() == timedelta(0) else DAY


def _in_order(moment: datetime, address: datetime | None) -> datetime:
    """A day that people see, its day and month in the order that makes it the day in the page's address."""
    if address and (moment.year, moment.month, moment.day) == (
        address.year,
        address.day,
        address.month,
    ):
        return moment.replace(month=address.month, day=address.day)
    return moment


def _on_day(moment: datetime, shown: datetime) -> datetime | None:
    """A moment given in UTC, in the nearest zone in which it was the day that the page shows."""
    if moment.utcoffset() != timedelta(0) or shown.time() != datetime.min.time():
        return None
    wall, midnight = _wall(moment), _wall(shown)
    late = wall > midnight
    ahead = (
        -HOUR * ((wall - midnight - DAY) // HOUR + 1)
        if late
        else -HOUR * ((wall - midnight) // HOUR)
    )
    return moment.astimezone(timezone(ahead)) if abs(ahead) <= FURTHEST else None


def _all(field: str, stated: Iterable[Facts], language: str | None) -> list[datetime]:
    return [moment for facts in stated for moment in _read(getattr(facts, field), language)]


def _read(texts: Iterable[str], language: str | None) -> list[datetime]:
    return [moment for text in texts if (moment := dates.parse_page_date(text, language))]


def _first(moments: Sequence[datetime]) -> datetime | None:
    """The first moment; one without a zone yields to the same day's with one."""
    if not moments or moments[0].tzinfo:
        return moments[0] if moments else None
    near = (
        moment
        for moment in moments
        if moment.tzinfo and abs(_wall(moment) - moments[0]) <= FURTHEST
    )
    return next(near, moments[0])


def _in_zone(moment: datetime | None, shown: Iterable[datetime]) -> datetime | None:
    """A moment with a zone.

    Its own; the one in which the page shows a moment given in UTC; else UTC.
    """
    if moment is None or moment.utcoffset():
        return moment
    minute = _wall(moment).replace(second=0)
    for ahead in (
        _wall(other) - minute
        for other in shown
        if moment.tzinfo and other.time() != datetime.min.time()
    ):
        if abs(ahead) <= FURTHEST and not ahead % STEP:
            return moment.astimezone(timezone(ahead))
    return moment.replace(tzinfo=UTC)


def _wall(moment: datetime) -> datetime:
    """What a clock on the wall shows."""
    return moment.replace(tzinfo=None)
