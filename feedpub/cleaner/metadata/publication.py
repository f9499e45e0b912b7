"""When an article was published and updated, out of all that its page says. Owns the choice, not the reading."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from feedpub.cleaner.metadata import dates
from feedpub.cleaner.metadata.facts import Facts

FURTHEST = timedelta(hours=14)  # between a zone and UTC
STEP = timedelta(minutes=30)  # zones lie whole or half hours from UTC


def choose(
    stated: Sequence[Facts], shown: Facts, *, url: str | None = None, language: str | None = None
) -> tuple[datetime | None, datetime | None]:
    """Publication and, where it is later, update; aware, or None.

    Args:
        stated: what the page's machine-readable origins say, the most trusted first.
        shown: what the visible page says.
        url: of the page; its day counts where nothing else does.
        language: of the page, BCP 47.
    """
    visible = _read(shown.published, language)
    told = _all("published", stated, language)
    published = _first([*_shown_first(told, visible), *visible]) or dates.in_address(url or "")
    updated = _first([*_all("updated", stated, language), *_read(shown.updated, language)])
    published = _in_zone(published or updated, visible)
    updated = _in_zone(updated, ())
    return published, updated if published and updated and updated > published else None


def _all(field: str, stated: Iterable[Facts], language: str | None) -> list[datetime]:
    return [moment for facts in stated for moment in _read(getattr(facts, field), language)]


def _read(texts: Iterable[str], language: str | None) -> list[datetime]:
    return [moment for text in texts if (moment := dates.parse(text, language))]


def _shown_first(told: Sequence[datetime], visible: Sequence[datetime]) -> Sequence[datetime]:
    """Where the machine-readable dates are of different days, those of the day that the page shows come first."""
    day = visible[0].date() if visible else None
    return sorted(told, key=lambda moment: moment.date() != day)


def _first(moments: Sequence[datetime]) -> datetime | None:
    """The first moment; one without a zone yields to the same day's with one."""
    if not moments or moments[0].tzinfo:
        return moments[0] if moments else None
    near = (moment for moment in moments if moment.tzinfo and abs(_wall(moment) - moments[0]) <= FURTHEST)
    return next(near, moments[0])


def _in_zone(moment: datetime | None, shown: Iterable[datetime]) -> datetime | None:
    """A moment with a zone: its own; the one in which the page shows a moment given in UTC; else UTC."""
    if moment is None or moment.utcoffset():
        return moment
    minute = _wall(moment).replace(second=0)
    for ahead in (_wall(other) - minute for other in shown if moment.tzinfo and other.time() != datetime.min.time()):
        if abs(ahead) <= FURTHEST and not ahead % STEP:
            return moment.astimezone(timezone(ahead))
    return moment.replace(tzinfo=UTC)


def _wall(moment: datetime) -> datetime:
    """What a clock on the wall shows."""
    return moment.replace(tzinfo=None)
