"""Which archive each entry is in, and which published entries are not in an archive yet.

An entry never leaves its archive. Rows outlive the entries that they name, so that an archive's
number is never used again after its entries are pruned.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, select, union

from feedpub.core.models import Entry
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import chunks, insert, select_records, sorted_by_key


class ArchivesTable:
    """The archives of each feed, numbered from 1, the oldest first. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def numbers(self, feed: str) -> tuple[int, ...]:
        """Return the numbers of a feed's archives, oldest first."""
        t = schema.archives
        query = select(t.c.number).distinct().where(t.c.feed == feed).order_by(t.c.number)
        with self._database.read_transaction() as connection:
            return tuple(connection.scalars(query))

    def newest_number(self, feed: str) -> int | None:
        """Return the number of a feed's newest archive; None if it has none."""
        return max(self.numbers(feed), default=None)

    def entries(self, feed: str, number: int) -> tuple[Entry, ...]:
        """Return the entries of an archive that are still stored, newest first."""
        t, members = schema.entries, schema.archives
        same = (members.c.feed == t.c.feed) & (members.c.entry == t.c.id)
        query = select(t).join(members, same).where(t.c.feed == feed, members.c.number == number)
        return select_records(self._database, Entry, query.order_by(*schema.NEWEST_FIRST))

    def members(self, feed: str, number: int) -> set[str]:
        """Return the ids of all entries of an archive, including those that were pruned."""
        t = schema.archives
        query = select(t.c.entry).where(t.c.feed == feed, t.c.number == number)
        with self._database.read_transaction() as connection:
            return set(connection.scalars(query))

    def unpublished(self, feed: str) -> tuple[Entry, ...]:
        """Return the entries that are not in an archive, newest first."""
        t, members = schema.entries, schema.archives
        archived = exists().where(members.c.feed == t.c.feed, members.c.entry == t.c.id)
        query = select(t).where(t.c.feed == feed, ~archived).order_by(*schema.NEWEST_FIRST)
        return select_records(self._database, Entry, query)

    def add(self, feed: str, members: Mapping[int, Collection[str]]) -> None:
        """Store the members of new archives: number → ids of entries.

        An entry that is in an archive already stays there.
        """
        rows = []
        archived: list[str] = []
        for number, ids in members.items():
            rows += [{"feed": feed, "entry": entry_id, "number": number} for entry_id in ids]
            archived += ids
        t = schema.published
        with self._database.write_transaction() as connection:
            _insert_missing(connection, schema.archives, rows)
            for some in chunks(archived):
                connection.execute(delete(t).where(t.c.feed == feed, t.c.entry.in_(some)))

    def published(self, feed: str) -> set[str]:
        """Return the ids of entries that were published and are not in an archive."""
        t = schema.published
        with self._database.read_transaction() as connection:
            return set(connection.scalars(select(t.c.entry).where(t.c.feed == feed)))

    def mark_published(self, feed: str, ids: Collection[str]) -> None:
        """Record that stored entries are in the live document."""
        with self._database.read_transaction() as connection:
            unmarked = _find_unmarked(connection, feed, ids)
        if unmarked:
            with self._database.write_transaction() as connection:
                mark_published(connection, feed, unmarked)


def mark_published(connection: Connection, feed: str, ids: Collection[str]) -> None:
    """Record that stored entries are in the live document, as a part of a larger transaction."""
    rows = [{"feed": feed, "entry": id_} for id_ in _find_unmarked(connection, feed, ids)]
    if rows:
        _insert_missing(connection, schema.published, rows)


def _find_unmarked(connection: Connection, feed: str, ids: Collection[str]) -> set[str]:
    """Return the ids of the entries that are neither archived nor recorded as published."""
    known: set[str] = set()
    a, p = schema.archives, schema.published
    for some in chunks(ids):
        archived = select(a.c.entry).where(a.c.feed == feed, a.c.entry.in_(some))
        published = select(p.c.entry).where(p.c.feed == feed, p.c.entry.in_(some))
        known.update(connection.scalars(union(archived, published)))
    return set(ids) - known


def _insert_missing(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; leave existing rows with the same keys as they are."""
    statement = insert(connection, table).on_conflict_do_nothing()
    connection.execute(statement, sorted_by_key(rows, ["feed", "entry"]))
