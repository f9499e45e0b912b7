"""The cached robots.txt of each origin."""

from sqlalchemy import select

from feedpub.core.models import CachedRobots
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import as_row, select_record, upsert


class RobotsCacheTable:
    """The cached robots.txt files, so that the next run need not fetch them. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, origin: str) -> CachedRobots | None:
        """Return an origin's robots.txt, even if it has expired; None if it is not cached."""
        t = schema.robots_cache
        return select_record(self._database, CachedRobots, select(t).where(t.c.origin == origin))

    def save(self, origin: str, robots: CachedRobots) -> None:
        """Store an origin's robots.txt and replace the previous one."""
        with self._database.write_transaction() as connection:
            upsert(connection, schema.robots_cache, [as_row(robots) | {"origin": origin}])
