"""What processes share in the state: leases of exclusive rights, and each origin's robots.txt."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Float, delete, func, literal, select, update

from feedpub.core.models import CachedRobots
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import as_row, insert, select_record, upsert

# Of a lease. One that expires later was acquired while the engine's clock was ahead.
MAX_SECONDS = 3600.0
_DAY_SECONDS = 86400.0
_MIN_WAIT_SECONDS = 0.001


class LeaseTable:
    """The leases by name. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, seconds: float) -> float:
        """Acquire a lease, or renew it.

        Args:
            name: the lease's name.
            holder: the process.
            seconds: the duration, at most `MAX_SECONDS`.

        Returns:
            0 if the holder has the lease now; otherwise the seconds until it expires.
        """
        t = schema.leases
        with self._database.autocommit() as connection:
            now = _engine_time(connection)
            until = now + literal(seconds, Float)
            statement = insert(connection, t).values(name=name, holder=holder, until=until)
            is_expired = t.c.until <= now
            is_invalid = t.c.until > now + literal(MAX_SECONDS, Float)
            statement = statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": holder, "until": statement.excluded.until},
                where=is_expired | is_invalid | (t.c.holder == holder),
            )
            if connection.execute(statement.returning(t.c.name)).first():
                return 0.0
            remaining = connection.scalar(select(t.c.until - now).where(t.c.name == name))
        return max(float(remaining or 0.0), _MIN_WAIT_SECONDS)

    def release(self, name: str, holder: str, seconds: float = 0.0) -> None:
        """Release a lease, so that others can acquire it after the given number of seconds."""
        t = schema.leases
        with self._database.autocommit() as connection:
            until = _engine_time(connection) + literal(seconds, Float)
            own = update(t).where(t.c.name == name, t.c.holder == holder)
            connection.execute(own.values(until=until, holder=""))

    def holder(self, name: str) -> str | None:
        """Return the present holder of a lease; None if it has expired or never existed."""
        t = schema.leases
        with self._database.read_transaction() as connection:
            now = _engine_time(connection)
            is_valid = t.c.until.between(now, now + literal(MAX_SECONDS, Float))
            return connection.scalar(select(t.c.holder).where(t.c.name == name, is_valid))

    def prune(self, kept: Iterable[str]) -> None:
        """Delete leases that expired a day ago, except for those with the given names."""
        t = schema.leases
        with self._database.write_transaction() as connection:
            is_old = t.c.until < _engine_time(connection) - literal(_DAY_SECONDS, Float)
            connection.execute(delete(t).where(is_old, t.c.name.not_in(list(kept))))


def _engine_time(connection: Connection) -> ColumnElement[float]:
    """Return an expression for the engine's time in seconds since 1970."""
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Float)
    return (func.julianday("now") - 2440587.5) * _DAY_SECONDS


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
