"""What the page of all feeds says of each: a light row a feed, gone as soon as its entries change."""

from sqlalchemy import Connection, delete, select

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import Front
from feedpub.store.rows import put, to_record, to_row


class FrontsTable:
    """The fronts by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, Front]:
        """Feed → its front, of all feeds whose entries are still those that it was made of."""
        with self._database.reading() as connection:
            rows = connection.execute(select(schema.fronts)).mappings().all()
        return {row["feed"]: to_record(Front, row) for row in rows}

    def of(self, feed: str) -> Front | None:
        """The front of one feed; None where its entries have changed since it was kept."""
        t = schema.fronts
        with self._database.reading() as connection:
            row = connection.execute(select(t).where(t.c.feed == feed)).mappings().first()
        return to_record(Front, row) if row else None

    def keep(self, front: Front) -> None:
        """Keep a front; to be called alone with the feed, or it may be one of entries that have changed meanwhile."""
        with self._database.writing() as connection:
            put(connection, schema.fronts, [to_row(front)])


def drop_front(connection: Connection, feed: str) -> None:
    """Its entries change."""
    connection.execute(delete(schema.fronts).where(schema.fronts.c.feed == feed))
