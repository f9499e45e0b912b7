"""The rhythm of each source's publications, and the dates that it is learned from.

Every change of a source's entries is counted. A stored rhythm that covers all changes is current,
so a check of its source reads no entry.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from feedpub.store import schema
from feedpub.store.column_types import ColumnDecodeError
from feedpub.store.database import Database
from feedpub.store.records import PublicationDates, StoredRhythm
from feedpub.store.rows import chunks, from_row, select_rows, upsert

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
        with self._database.read_transaction() as connection:
            for source in sources:
                rows = connection.execute(_NEWEST_DATES, _parameters(source, limit)).all()
                if rows:
                    found[source] = _read_rows(rows)
        return found

    def save(self, rhythms: Iterable[StoredRhythm]) -> None:
        """Store learned rhythms."""
        with self._database.write_transaction() as connection:
            save_rhythms(connection, rhythms)


def save_rhythms(connection: Connection, rhythms: Iterable[StoredRhythm]) -> None:
    """Store learned rhythms, as a part of a larger transaction."""
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


def _select_newest_dates() -> Select[Any]:
    """Return the query for the dates of a source, the number of its entries and its first check.

    Backfilled entries are left out. The index `entries_by_source` contains all that it reads.
    """
    t = schema.entries
    own = (
        t.c.feed == bindparam("feed"),
        t.c.source == bindparam("key"),
        t.c.backfilled.is_(False),
    )
    published, first_seen = (
        type_coerce(t.c.published, Integer),
        type_coerce(t.c.first_seen, Integer),
    )
    total = select(func.count()).where(*own).scalar_subquery()
    first_check = select(func.min(first_seen)).where(*own).scalar_subquery()
    newest = select(published, first_seen, total, first_check).where(*own)
    return newest.order_by(t.c.published.desc()).limit(bindparam("limit", type_=Integer))


_NEWEST_DATES = _select_newest_dates()


def _parameters(source: SourceId, limit: int) -> dict[str, object]:
    return {"feed": source[0], "key": source[1], "limit": limit}


def _read_rows(rows: Sequence[Sequence[Any]]) -> PublicationDates:
    """Return the dates of a source.

    Raises:
        ColumnDecodeError: a date is not a number.
    """
    newest = tuple([(published, first_seen) for published, first_seen, *_ in rows])
    if {type(value) for row in rows for value in row} != {int}:
        raise ColumnDecodeError("a stored date is not a number")
    _, _, total, first_check = rows[0]
    return PublicationDates(newest, total - len(rows), first_check)
