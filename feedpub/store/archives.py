"""Which entry stands in which archive of its feed: said once, and never changed.

Rows outlive the entries that they name: an archive's number is never given again, whatever is forgotten.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import exists, select

from feedpub.model import Entry
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import put, to_record


class ArchivesTable:
    """Members by archive; archives are numbered from 1, the oldest first. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def numbers(self, feed: str) -> tuple[int, ...]:
        """The archives that a feed has, oldest first."""
        t = schema.archives
        query = select(t.c.number).distinct().where(t.c.feed == feed).order_by(t.c.number)
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def newest(self, feed: str) -> int | None:
        """The number of a feed's newest archive; None where it has none."""
        return max(self.numbers(feed), default=None)

    def entries(self, feed: str, number: int) -> tuple[Entry, ...]:
        """What an archive holds, newest first; entries that were forgotten are not among them."""
        t, members = schema.entries, schema.archives
        same = (members.c.feed == t.c.feed) & (members.c.entry == t.c.id)
        query = select(t).join(members, same).where(t.c.feed == feed, members.c.number == number)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(*schema.NEWEST_FIRST)).mappings().all()
        return tuple(to_record(Entry, row) for row in rows)

    def waiting(self, feed: str) -> tuple[Entry, ...]:
        """The entries that stand in no archive, newest first."""
        t, members = schema.entries, schema.archives
        archived = exists().where(members.c.feed == t.c.feed, members.c.entry == t.c.id)
        query = select(t).where(t.c.feed == feed, ~archived).order_by(*schema.NEWEST_FIRST)
        with self._database.reading() as connection:
            return tuple(to_record(Entry, row) for row in connection.execute(query).mappings())

    def add(self, feed: str, members: Mapping[int, Collection[str]]) -> None:
        """Keep what new archives hold: number → ids of entries. All of them, or none."""
        rows = [{"feed": feed, "entry": id_, "number": number} for number, ids in members.items() for id_ in ids]
        with self._database.writing() as connection:
            put(connection, schema.archives, rows)
