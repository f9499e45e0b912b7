"""Decide when an article was published and updated, from all dates on its page."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from feedpub.cleaner.metadata.byline import VisibleByline
from feedpub.cleaner.metadata.elements import Facts
from feedpub.core import dates

_MAX_OFFSET = timedelta(hours=14)  # between a time zone and UTC
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_OFFSET_STEP = timedelta(minutes=30)  # offsets of time zones are multiples of it
_MIDNIGHT = datetime.min.time()


def choose_dates(
    stated: Sequence[Facts],
    visible: VisibleByline,
    *,
    url: str | None = None,
    language: str | None = None,
) -> tuple[datetime | None, datetime | None]:
    """Return the time of publication and, if it is later, of the update; aware, or None.

    If the page states only the time of an update, both are that time.

    Args:
        stated: facts of the page's machine-readable origins, the most trusted first.
        visible: dates that the visible page shows.
        url: of the page; a date in it is used if there is no other.
        language: of the page, BCP 47.
    """
    url_date = dates.date_in_address(url or "")
    published_dates = _parse_stated("published", stated, language)
    visible_dates = _parse_all(visible.facts.published, language)
    visible_dates = [_fix_day_order(date, url_date) for date in visible_dates]
    visible_days = {date.date() for date in visible_dates}
    shown = dates.parse_page_date(visible.dateline, language)
    if published_dates and published_dates[0].date() in visible_days:
        shown = published_dates[0]  # one of several visible dates
    if shown is not None:
        shown = _fix_day_order(shown, url_date)
    candidates = [*_rank_by_dateline(published_dates, shown), *visible_dates]
    published = _first_date(candidates) or url_date
    published = dates.with_time_of_day(published, [*published_dates, *visible_dates])
    updated_dates = _parse_stated("updated", stated, language)
    updated = _first_date([*updated_dates, *_parse_all(visible.facts.updated, language)])
    if published is None:
        updated = _with_zone(updated, visible_dates)
        return updated, updated
    published = _with_zone(published, visible_dates)
    updated = _with_zone(updated, ())
    if published is None or updated is None or updated <= published:
        return published, None
    return published, updated


def _parse_stated(field: str, stated: Iterable[Facts], language: str | None) -> list[datetime]:
    found = []
    for facts in stated:
        found += _parse_all(getattr(facts, field), language)
    return found


def _parse_all(texts: Iterable[str], language: str | None) -> list[datetime]:
    parsed = [dates.parse_page_date(text, language) for text in texts]
    return list(filter(None, parsed))


def _fix_day_order(date: datetime, url_date: datetime | None) -> datetime:
    """Swap the day and month of a visible date if that makes it the date in the page's URL."""
    if url_date is None:
        return date
    if (date.year, date.month, date.day) == (url_date.year, url_date.day, url_date.month):
        return date.replace(month=url_date.month, day=url_date.day)
    return date


def _rank_by_dateline(published: Sequence[datetime], shown: datetime | None) -> Sequence[datetime]:
    """Return the machine-readable dates of publication, ranked by the date that the page shows.

    Dates of the day shown come first. A page is not published after that day: if all dates are
    later, by more than a time zone, they state when the page was built, and the shown date is used.
    """
    if shown is None or not published or published[0].date() == shown.date():
        return published
    same_day: list[datetime] = []
    same_local_day: list[datetime] = []
    all_later = True
    for date in published:
        days_later = date.date() - shown.date()
        if not days_later:
            same_day.append(date)
        if days_later <= _uncertainty(date):
            all_later = False
        local = _on_local_day(date, shown)
        if local is not None:
            same_local_day.append(local)
    if all_later and not same_local_day:
        return [*same_day, shown, *published]
    return [*same_day, *same_local_day, *published]


def _uncertainty(date: datetime) -> timedelta:
    """Return by how many days a date may differ from the one shown in an unknown time zone."""
    return timedelta(0) if date.utcoffset() == timedelta(0) else _DAY


def _on_local_day(date: datetime, shown: datetime) -> datetime | None:
    """Convert a UTC time to the nearest time zone in which it falls on the day shown.

    None if there is no such zone, or if the page shows a time of day.
    """
    if date.utcoffset() != timedelta(0) or shown.time() != _MIDNIGHT:
        return None
    since_midnight = _without_zone(date) - _without_zone(shown)
    if since_midnight > timedelta(0):
        offset = -_HOUR * ((since_midnight - _DAY) // _HOUR + 1)
    else:
        offset = -_HOUR * (since_midnight // _HOUR)
    return date.astimezone(timezone(offset)) if abs(offset) <= _MAX_OFFSET else None


def _first_date(candidates: Sequence[datetime]) -> datetime | None:
    """Return the first date, or one of about the same time that has a time zone if it has none."""
    if not candidates:
        return None
    first = candidates[0]
    if first.tzinfo is None:
        for date in candidates:
            if date.tzinfo and abs(_without_zone(date) - first) <= _MAX_OFFSET:
                return date
    return first


def _with_zone(date: datetime | None, visible_dates: Iterable[datetime]) -> datetime | None:
    """Add a time zone to a date.

    A date in UTC is converted to the zone in which the page shows it. A date without a zone is
    taken as UTC.
    """
    if date is None or date.utcoffset():
        return date
    minute = _without_zone(date).replace(second=0)
    for visible in visible_dates:
        if date.tzinfo is None or visible.time() == _MIDNIGHT:
            continue
        offset = _without_zone(visible) - minute
        if abs(offset) <= _MAX_OFFSET and not offset % _OFFSET_STEP:
            return date.astimezone(timezone(offset))
    return date.replace(tzinfo=UTC)


def _without_zone(date: datetime) -> datetime:
    return date.replace(tzinfo=None)
