"""What was learned from each source's publications, and the dates that it is learned from.

Every change of a source's entries is counted. A stored rhythm that covers all changes is current,
so a check of its source reads no entry.
"""

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union_all,
    update,
)

from feedpub.store import schema
from feedpub.store.column_types import Seconds
from feedpub.store.database import Database
from feedpub.store.records import PublicationDates, StoredRhythm
from feedpub.store.rows import chunks, from_row, select_rows, upsert

_MAX_SOURCES = 20  # whose dates one query reads

SourceId: TypeAlias = tuple[str, str]
"""The name of a source's feed, and the source's key."""


class RhythmTable:
    """The learned rhythms by source. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, sources: Collection[SourceId]) -> dict[SourceId, StoredRhythm]:
        """Return the stored rhythms of some sources, current or not."""
        t = schema.publishing_rhythms
        found = {}
        for feeds in chunks({feed for feed, _ in sources}):
            for row in select_rows(self._database, select(t).where(t.c.feed.in_(feeds))):
                source = (row["feed"], row["key"])
                if source in sources:
                    found[source] = from_row(StoredRhythm, row)
        return found

    def read_dates(
        self, sources: Collection[SourceId], limit: int
    ) -> dict[SourceId, PublicationDates]:
        """Return the dates of the newest entries of some sources, without backfilled ones.

        Args:
            sources: the sources; those without entries are left out of the result.
            limit: the maximum number of entries of each source.
        """
        found: dict[SourceId, PublicationDates] = {}
        ordered = sorted(sources)
        for start in range(0, len(ordered), _MAX_SOURCES):
            newest = self._read_newest(ordered[start : start + _MAX_SOURCES], limit)
            for source, dates in newest.items():
                found[source] = PublicationDates(tuple(dates))
            # The others have no earlier entries.
            full = [source for source, dates in newest.items() if len(dates) == limit]
            for source, total, first_check in self._count(full):
                dates = newest[source]
                found[source] = PublicationDates(tuple(dates), total - limit, first_check)
        return found

    def save(self, rhythms: Iterable[StoredRhythm]) -> None:
        """Store what was learned."""
        with self._database.write_transaction() as connection:
            save_rhythms(connection, rhythms)

    def _read_newest(
        self, sources: Iterable[SourceId], limit: int
    ) -> dict[SourceId, list[tuple[int, int]]]:
        query = union_all(*[_select_newest(source, limit) for source in sources])
        found: dict[SourceId, list[tuple[int, int]]] = {}
        with self._database.read_transaction() as connection:
            for feed, key, published, first_seen in connection.execute(query):
                found.setdefault((feed, key), []).append((published, first_seen))
        return found

    def _count(self, sources: Collection[SourceId]) -> list[tuple[SourceId, int, int]]:
        """Return each source, the number of its entries and their earliest first-seen time."""
        if not sources:
            return []
        t = schema.entries
        first_check = func.min(type_coerce(t.c.first_seen, Seconds))
        query = select(t.c.feed, t.c.source, func.count(), first_check)
        own = or_(*[_is_own(source) for source in sources])
        query = query.where(own).group_by(t.c.feed, t.c.source)
        with self._database.read_transaction() as connection:
            rows = connection.execute(query).all()
        return [((feed, key), total, first) for feed, key, total, first in rows]


def save_rhythms(connection: Connection, rhythms: Iterable[StoredRhythm]) -> None:
    """Store what was learned, as a part of a larger transaction."""
    rows: list[dict[str, object]] = []
    for rhythm in rhythms:
        source = {"feed": rhythm.feed, "key": rhythm.key}
        rows.append(source | {"covered": rhythm.covered, "data": rhythm.data})
    upsert(connection, schema.publishing_rhythms, rows)


def count_change(
    connection: Connection, feed: str, keys: Collection[str], ids: Collection[str]
) -> None:
    """Count a change of entries, before it is made in the same transaction.

    Args:
        connection: the transaction.
        feed: the feed's name.
        keys: the sources that the entries get.
        ids: the entries, which may have other sources so far.
    """
    t, e = schema.publishing_rhythms, schema.entries
    for some in chunks(ids):
        former = select(e.c.source).where(e.c.feed == feed, e.c.id.in_(some))
        of_sources = or_(t.c.key.in_(keys), t.c.key.in_(former))
        own = update(t).where(t.c.feed == feed, of_sources)
        connection.execute(own.values(changes=t.c.changes + 1))


def count_removal(connection: Connection, feed: str) -> None:
    """Count a removal of entries of any source of a feed, in the same transaction."""
    t = schema.publishing_rhythms
    connection.execute(update(t).where(t.c.feed == feed).values(changes=t.c.changes + 1))


def prune_rhythms(connection: Connection) -> None:
    """Delete the rhythms of sources whose states were deleted."""
    t, s = schema.publishing_rhythms, schema.sources
    is_source = exists().where(s.c.feed == t.c.feed, s.c.key == t.c.key)
    connection.execute(delete(t).where(~is_source))


def _select_newest(source: SourceId, limit: int) -> Select[Any]:
    t = schema.entries
    published = type_coerce(t.c.published, Seconds).label("published")
    first_seen = type_coerce(t.c.first_seen, Seconds).label("first_seen")
    query = select(t.c.feed, t.c.source, published, first_seen).where(_is_own(source))
    return select(query.order_by(t.c.published.desc()).limit(limit).subquery())


def _is_own(source: SourceId) -> ColumnElement[bool]:
    """Return the condition that an entry belongs to a source, and not to its archives alone."""
    t = schema.entries
    return and_(t.c.feed == source[0], t.c.source == source[1], t.c.backfilled.is_(False))
