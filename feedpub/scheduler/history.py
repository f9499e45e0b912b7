"""When a source published, out of what its entries say: fit for learning its rhythm from."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

_SOON = timedelta(hours=36)
_NOON = timedelta(hours=12)
_APART = timedelta(minutes=10)  # entries without dates get the seconds before the look that found them, one each


def moments(entries: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    """Return the moments of publication, ascending.

    An entry without a date counts as published when it was first seen, unless that was the source's first look: all
    that was listed then had been published before, nobody knows when.

    A date without a time of day stands at midnight, which says nothing of the hour: when the entry was first seen says
    more, where that was soon after; else noon is the best guess.

    Args:
        entries: of one source; when each was published and first seen, aware.
    """
    known = list(entries)
    first_look = min((seen for _, seen in known), default=None)
    return sorted(_moment(*entry) for entry in known if not _is_undated(*entry) or entry[1] != first_look)


def _is_undated(published: datetime, seen: datetime) -> bool:
    """Return True if an entry's date is that of the look that found it; the store has no other mark of that."""
    return timedelta(0) <= seen - published < _APART


def _moment(published: datetime, seen: datetime) -> datetime:
    if published.astimezone(UTC).time() != time():
        return published
    return seen if timedelta(0) <= seen - published < _SOON else published + _NOON
