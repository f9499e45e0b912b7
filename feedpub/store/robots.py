"""What robots.txt said, by origin: the fetcher's memory between two builds."""

from sqlalchemy import select

from feedpub.core.models import CachedRobots
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import as_row, from_row, upsert


class RobotsCacheTable:
    """Answers by origin, so that a second build need not ask again.

    Raises StoreError as the store does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, origin: str) -> CachedRobots | None:
        """What an origin's robots.txt said, expired or not; None where it was never asked."""
        t = schema.robots_cache
        with self._database.read_transaction() as connection:
            row = connection.execute(select(t).where(t.c.origin == origin)).mappings().first()
        return from_row(CachedRobots, row) if row else None

    def save(self, origin: str, robots: CachedRobots) -> None:
        """Keep what an origin's robots.txt said, in place of what it said before."""
        with self._database.write_transaction() as connection:
            upsert(connection, schema.robots_cache, [as_row(robots) | {"origin": origin}])
