"""What robots.txt said, by origin: the fetcher's memory between two builds."""

from sqlalchemy import select

from feedpub.model import StoredRobots
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import put, to_record, to_row


class RobotsTable:
    """Answers by origin, so that a second build need not ask again. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, origin: str) -> StoredRobots | None:
        """What an origin's robots.txt said, expired or not; None where it was never asked."""
        t = schema.robots
        with self._database.reading() as connection:
            row = connection.execute(select(t).where(t.c.origin == origin)).mappings().first()
        return to_record(StoredRobots, row) if row else None

    def save(self, origin: str, robots: StoredRobots) -> None:
        """Keep what an origin's robots.txt said, in place of what it said before."""
        with self._database.writing() as connection:
            put(connection, schema.robots, [to_row(robots) | {"origin": origin}])
