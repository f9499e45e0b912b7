"""What each look at a source brought, so that a source can be held against its own history."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, Integer, and_, delete, func, select, type_coerce, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import SourceObservation
from feedpub.store.rows import as_row, from_row

# looks as usual, of each source; before these, those that brought articles, and one every 6 hours
NEWEST_KEPT = 30
MOST_KEPT = 300  # of each source
_EVERY = 6 * 3600  # seconds
_BROKEN_KEPT = 5  # looks that are not as usual: the first ones in a row, and the newest


class ObservationTable:
    """The looks at each source, as many as say what is usual.

    Raises StoreError as the store does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_source(
        self, feed: str, key: str, settings: str | None = None
    ) -> tuple[SourceObservation, ...]:
        """The looks at a source, oldest first; with settings, only those under these."""
        t = schema.source_observations
        query = select(t).where(t.c.feed == feed, t.c.key == key).order_by(t.c.id)
        if settings is not None:
            query = query.where(t.c.settings == settings)
        with self._database.read_transaction() as connection:
            return tuple(
                from_row(SourceObservation, row) for row in connection.execute(query).mappings()
            )


def add_observations(connection: Connection, looks: Iterable[SourceObservation]) -> None:
    """Put looks in, as a part of a transaction that does more."""
    for look in looks:
        _make_way(connection, look)
        connection.execute(schema.source_observations.insert(), as_row(look))
        _thin_out(connection, look)


def prolong_observations(
    connection: Connection, feed: str, keys: Collection[str], now: datetime
) -> None:
    """Let the last looks at some sources be of now: nothing has changed since."""
    t = schema.source_observations
    for key in keys:
        last = select(func.max(t.c.id)).where(t.c.feed == feed, t.c.key == key).scalar_subquery()
        connection.execute(update(t).where(t.c.id == last).values(at=now))


def _make_way(connection: Connection, look: SourceObservation) -> None:
    """What a look puts an end to.

    Looks under other settings, looks as usual or not as usual so far.
    """
    t = schema.source_observations
    own = and_(t.c.feed == look.feed, t.c.key == look.key)
    broken = t.c.verdict != ""
    connection.execute(delete(t).where(own, t.c.settings != look.settings))
    if look.verdict:
        first = select(t.c.id).where(own, broken).order_by(t.c.id).limit(_BROKEN_KEPT - 1)
        connection.execute(delete(t).where(own, broken, t.c.id.not_in(first)))
    elif look.accepted:
        connection.execute(delete(t).where(own, ~broken))
        connection.execute(update(t).where(own).values(verdict=""))
    else:
        connection.execute(delete(t).where(own, broken))


def _thin_out(connection: Connection, look: SourceObservation) -> None:
    t = schema.source_observations
    own = and_(t.c.feed == look.feed, t.c.key == look.key)
    usual = and_(own, t.c.verdict == "")
    newest = select(t.c.id).where(usual).order_by(t.c.id.desc())
    by_time = select(func.max(t.c.id)).where(usual).group_by(type_coerce(t.c.at, Integer) // _EVERY)
    idle = and_(usual, t.c.read == 0)
    connection.execute(
        delete(t).where(idle, t.c.id.not_in(newest.limit(NEWEST_KEPT)), t.c.id.not_in(by_time))
    )
    connection.execute(delete(t).where(usual, t.c.id.not_in(newest.limit(MOST_KEPT))))
