"""Which entry is in which archive of its feed, and which live entries no archive holds yet.

An entry stays in the archive that it is in. Rows outlive the entries that they name, so that an
archive's number is never given again, whatever is forgotten.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, select, union

from feedpub.core.models import Entry
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import chunks, from_row, insert, sorted_by_key


class ArchivesTable:
    """Members by archive.

    Archives are numbered from 1, the oldest first. Raises StoreError as the store does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def numbers(self, feed: str) -> tuple[int, ...]:
        """The archives that a feed has, oldest first."""
        t = schema.archives
        query = select(t.c.number).distinct().where(t.c.feed == feed).order_by(t.c.number)
        with self._database.read_transaction() as connection:
            return tuple(connection.scalars(query))

    def newest_number(self, feed: str) -> int | None:
        """The number of a feed's newest archive; None where it has none."""
        return max(self.numbers(feed), default=None)

    def entries(self, feed: str, number: int) -> tuple[Entry, ...]:
        """What an archive holds, newest first; entries that were forgotten are not among them."""
        t, members = schema.entries, schema.archives
        same = (members.c.feed == t.c.feed) & (members.c.entry == t.c.id)
        query = select(t).join(members, same).where(t.c.feed == feed, members.c.number == number)
        with self._database.read_transaction() as connection:
            rows = connection.execute(query.order_by(*schema.NEWEST_FIRST)).mappings().all()
        return tuple(from_row(Entry, row) for row in rows)

    def members(self, feed: str, number: int) -> set[str]:
        """Return the ids of all entries that an archive holds, also of those that were forgotten."""
        t = schema.archives
        with self._database.read_transaction() as connection:
            return set(
                connection.scalars(select(t.c.entry).where(t.c.feed == feed, t.c.number == number))
            )

    def unpublished(self, feed: str) -> tuple[Entry, ...]:
        """The entries that stand in no archive, newest first."""
        t, members = schema.entries, schema.archives
        archived = exists().where(members.c.feed == t.c.feed, members.c.entry == t.c.id)
        query = select(t).where(t.c.feed == feed, ~archived).order_by(*schema.NEWEST_FIRST)
        with self._database.read_transaction() as connection:
            return tuple(from_row(Entry, row) for row in connection.execute(query).mappings())

    def add(self, feed: str, members: Mapping[int, Collection[str]]) -> None:
        """Store what new archives hold: number → ids of entries. All of them, or none.

        An entry that is in an archive already stays there.
        """
        rows = [
            {"feed": feed, "entry": id_, "number": number}
            for number, ids in members.items()
            for id_ in ids
        ]
        p = schema.published
        with self._database.write_transaction() as connection:
            _add_missing(connection, schema.archives, rows)
            for some in chunks([id_ for ids in members.values() for id_ in ids]):
                connection.execute(delete(p).where(p.c.feed == feed, p.c.entry.in_(some)))

    def published(self, feed: str) -> set[str]:
        """Return the ids of the entries that a live document has shown and no archive holds."""
        t = schema.published
        with self._database.read_transaction() as connection:
            return set(connection.scalars(select(t.c.entry).where(t.c.feed == feed)))

    def mark_published(self, feed: str, ids: Collection[str]) -> None:
        """Note that a live document shows these entries, all of which are stored."""
        tables = (schema.archives, schema.published)
        known: set[str] = set()
        with self._database.read_transaction() as connection:
            for some in chunks(ids):
                found = (
                    select(t.c.entry).where(t.c.feed == feed, t.c.entry.in_(some)) for t in tables
                )
                known.update(connection.scalars(union(*found)))
        if new := set(ids) - known:
            with self._database.write_transaction() as connection:
                _add_missing(
                    connection, schema.published, [{"feed": feed, "entry": id_} for id_ in new]
                )


def _add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose keys are not there; leave those that are there as they are."""
    statement = insert(connection, table).on_conflict_do_nothing()
    connection.execute(statement, sorted_by_key(rows, ["feed", "entry"]))
