"""What one of several processes has for itself for a time: the lead over them, and the turn to ask a server.

Times are the engine's, so that machines whose clocks differ agree. A claim ends by itself: a
process that dies, or hangs, or is cut off from the others, is in nobody's way for long.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Float, delete, func, literal, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import insert

MAX_SECONDS = (
    3600.0  # that a claim may last; one that ends later was made while the engine's clock was ahead
)


class LeaseTable:
    """Claims by name. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, seconds: float) -> float:
        """Claim something, or keep it for longer.

        Args:
            name: of what is claimed.
            holder: who wants it.
            seconds: for how long, up to `MAX_SECONDS`.

        Returns:
            0 where the holder has it now; else in how many seconds it will be free, unless it is
            let go before.
        """
        t = schema.leases
        with self._database.autocommit() as connection:
            now = _now(connection)
            wanted = insert(connection, t).values(
                name=name, holder=holder, until=now + literal(seconds, Float)
            )
            free = (
                (t.c.until <= now)
                | (t.c.until > now + literal(MAX_SECONDS, Float))
                | (t.c.holder == holder)
            )
            taken = wanted.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": holder, "until": wanted.excluded.until},
                where=free,
            )
            if connection.execute(taken.returning(t.c.name)).first():
                return 0.0
            left = connection.scalar(select(t.c.until - now).where(t.c.name == name))
        return max(float(left or 0.0), 0.001)

    def release(self, name: str, holder: str, seconds: float = 0.0) -> None:
        """Give something back; it is free for others in so many seconds."""
        t = schema.leases
        with self._database.autocommit() as connection:
            until = _now(connection) + literal(seconds, Float)
            connection.execute(
                update(t)
                .where(t.c.name == name, t.c.holder == holder)
                .values(until=until, holder="")
            )

    def holder(self, name: str) -> str | None:
        """Who has something now; None where nobody has."""
        t = schema.leases
        with self._database.read_transaction() as connection:
            now = _now(connection)
            holds = t.c.until.between(now, now + literal(MAX_SECONDS, Float))
            return connection.scalar(select(t.c.holder).where(t.c.name == name, holds))

    def prune(self, kept: Iterable[str]) -> None:
        """Drop what ended a day ago, but for these."""
        t = schema.leases
        with self._database.write_transaction() as connection:
            old = t.c.until < _now(connection) - literal(86400.0, Float)
            connection.execute(delete(t).where(old, t.c.name.not_in(list(kept))))


def _now(connection: Connection) -> ColumnElement[float]:
    """Seconds since 1970 by the engine's clock."""
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Float)
    return (func.julianday("now") - 2440587.5) * 86400.0
