"""When a source published, out of what its entries say: fit for learning its rhythm from."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

_SOON = timedelta(hours=36)
_NOON = timedelta(hours=12)


def moments(entries: Iterable[tuple[datetime, datetime]]) -> list[datetime]:
    """The moments of publication, ascending.

    A date without a time of day stands at midnight, which says nothing of the hour: when the entry was first seen says
    more, where that was soon after; else noon is the best guess.

    Args:
        entries: when each was published and first seen, aware.
    """
    return sorted(_moment(published, seen) for published, seen in entries)


def _moment(published: datetime, seen: datetime) -> datetime:
    if published.astimezone(UTC).time() != time():
        return published
    return seen if timedelta(0) <= seen - published < _SOON else published + _NOON
