"""How all feeds are, in a few queries however many there are: what a page or a metric about everything needs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, RowMapping, Select, func, select, type_coerce

from feedpub.model import Status
from feedpub.store import schema
from feedpub.store.columns import Moment
from feedpub.store.database import Database
from feedpub.store.records import Run, SourceState
from feedpub.store.rows import row_to_run, to_record

_DAY = 86400  # seconds
_AT_ONCE = 1000  # runs that may end at once
_FIRST_DAY = date(1970, 1, 1)


class Figures:
    """Questions about all feeds at once; changes nothing. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self) -> dict[str, int]:
        """Feed → how many entries are stored of it."""
        t = schema.entries
        return dict(self._pairs(select(t.c.feed, func.count()).group_by(t.c.feed)))

    def ran(self) -> set[str]:
        """The feeds that ran at least once."""
        return {row["feed"] for row in self._rows(select(schema.runs.c.feed).distinct())}

    def newest(self) -> dict[str, datetime]:
        """Feed → when its newest entry was published."""
        t = schema.entries
        return dict(self._pairs(select(t.c.feed, func.max(t.c.published, type_=Moment)).group_by(t.c.feed)))

    def per_day(self, since: datetime) -> dict[str, dict[date, int]]:
        """Feed → day (UTC) → how many of its entries were published on it; days without any are left out."""
        t = schema.entries
        day = (type_coerce(t.c.published, Integer) // _DAY).label("day")
        query = select(t.c.feed, day, func.count().label("n")).where(t.c.published >= since).group_by(t.c.feed, day)
        days: dict[str, dict[date, int]] = {}
        for row in self._rows(query):
            days.setdefault(row["feed"], {})[_FIRST_DAY + timedelta(days=row["day"])] = row["n"]
        return days

    def last_runs(self) -> dict[str, Run]:
        """Feed → its last run."""
        t = schema.runs
        newest = select(func.max(t.c.id)).group_by(t.c.feed)
        return {row["feed"]: row_to_run(row) for row in self._rows(select(t).where(t.c.id.in_(newest)))}

    def last_successes(self) -> dict[str, datetime]:
        """Feed → when the last of its runs that published what there was began."""
        t = schema.runs
        began = func.max(t.c.started, type_=Moment)
        return dict(self._pairs(select(t.c.feed, began).where(t.c.status != Status.FAILED).group_by(t.c.feed)))

    def sources(self) -> dict[tuple[str, str], SourceState]:
        """(feed, source key) → the state of each source that there ever was."""
        rows = self._rows(select(schema.sources))
        return {(row["feed"], row["key"]): to_record(SourceState, row) for row in rows}

    def breaks(self) -> dict[tuple[str, str], tuple[datetime, str]]:
        """(feed, source key) → since when and why, of all that is known to be broken; "" is the feed as a whole."""
        return {(row["feed"], row["key"]): (row["since"], row["reason"]) for row in self._rows(select(schema.breaks))}

    def changes(self, after: int) -> tuple[int, int]:
        """The number of the last run that wrote a file, and how many did, of those after a run of this number.

        Some before it count, too: runs that end at once become known in any order.
        """
        t = schema.runs
        wrote = t.c.status.in_((Status.UPDATED, Status.PARTIAL))
        query = select(func.coalesce(func.max(t.c.id), after), func.count()).where(t.c.id > after - _AT_ONCE, wrote)
        with self._database.reading() as connection:
            last, count = connection.execute(query).one()
        return last, count

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        with self._database.reading() as connection:
            return list(connection.execute(query).mappings())

    def _pairs(self, query: Select[Any]) -> Iterable[tuple[str, Any]]:
        with self._database.reading() as connection:
            return [(key, value) for key, value in connection.execute(query)]
