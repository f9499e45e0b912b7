"""What is broken now, and what was told of it.

A break is opened once and closed once, whoever notices it.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.outbox import MAX_DUE, insert_messages
from feedpub.store.records import Incident, OutboxMessage, Proposal
from feedpub.store.rows import as_row, from_row, upsert

Tell = Callable[[Incident], Iterable[OutboxMessage]]
"""What others are told of a notice."""


class IncidentTable:
    """Open breaks, and notices by date. Raises StoreError as the store does.

    A break, its notice and the messages about it are one transaction: nothing is told twice, and
    nothing is forgotten.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_of(self, feed: str) -> dict[str, tuple[datetime, str]]:
        """Source key → since when and why, of all that is known to be broken.

        "" is the feed as a whole.
        """
        t = schema.open_incidents
        with self._database.read_transaction() as connection:
            rows = connection.execute(select(t).where(t.c.feed == feed)).mappings().all()
        return {row["key"]: (row["since"], row["reason"]) for row in rows}

    def feeds(self) -> set[str]:
        """The feeds that something is broken of."""
        with self._database.read_transaction() as connection:
            return set(connection.scalars(select(schema.open_incidents.c.feed)))

    def newest(self, limit: int | None = None) -> tuple[Incident, ...]:
        """The notices, newest first."""
        query = select(schema.incidents).order_by(schema.incidents.c.at.desc()).limit(limit)
        with self._database.read_transaction() as connection:
            return tuple(from_row(Incident, row) for row in connection.execute(query).mappings())

    def limit_to_now(self, now: datetime) -> None:
        """Let nothing be broken since a moment to come: the clock was ahead when that was noted."""
        breaks, notices, sources = schema.open_incidents.c, schema.incidents.c, schema.sources.c
        with self._database.write_transaction(MAX_DUE) as connection:
            for date in (breaks.since, notices.since, notices.at, sources.failing_since):
                connection.execute(update(date.table).where(date > now).values({date.name: now}))

    def start(self, notice: Incident) -> None:
        """Put in the very first notice; where there is any, nothing happens."""
        with self._database.write_transaction(MAX_DUE) as connection:
            if connection.execute(select(schema.incidents.c.id).limit(1)).first() is None:
                _add(connection, notice)

    def add(self, notice: Incident, tell: Tell) -> None:
        """Keep a notice of something that is over already."""
        with self._database.write_transaction(MAX_DUE) as connection:
            insert_messages(connection, tell(_add(connection, notice)))

    def open(self, notice: Incident, tell: Tell) -> bool:
        """Keep that something is broken; False where that is known already."""
        t = schema.open_incidents
        with self._database.write_transaction(MAX_DUE) as connection:
            own = (t.c.feed == notice.feed, t.c.key == notice.key)
            if connection.execute(select(t).where(*own)).first():
                return False
            row = {name: getattr(notice, name) for name in t.c.keys()}  # noqa: SIM118 -- no mapping
            connection.execute(t.insert(), row)
            insert_messages(connection, tell(_add(connection, notice)))
            return True

    def close(self, notice: Incident, tell: Tell) -> bool:
        """Keep that something is not broken any more; False where it was not known to be."""
        t = schema.open_incidents
        with self._database.write_transaction(MAX_DUE) as connection:
            if not connection.execute(
                delete(t).where(t.c.feed == notice.feed, t.c.key == notice.key)
            ).rowcount:
                return False
            insert_messages(connection, tell(_add(connection, notice)))
            return True


def _add(connection: Connection, notice: Incident) -> Incident:
    """Put a notice in, at the last moment that no other one has.

    Of two with one date, readers show one.
    """
    t = schema.incidents
    taken = set(connection.scalars(select(t.c.at)))
    last = notice.at.replace(microsecond=0)
    at = next(moment for n in count() if (moment := last - timedelta(seconds=n)) not in taken)
    added = {**as_row(notice), "at": at}
    connection.execute(t.insert(), added)
    return Incident(**added)


# SECTION: How the config could be changed so that broken sources are read again: at most one
# proposal a source.


class ProposalTable:
    """The proposals, by feed and source. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_feed(self, feed: str) -> dict[str, Proposal]:
        """Source key → what is proposed for it."""
        t = schema.proposals
        with self._database.read_transaction() as connection:
            rows = connection.execute(select(t).where(t.c.feed == feed)).mappings().all()
        return {row["key"]: from_row(Proposal, row) for row in rows}

    def load(self) -> dict[tuple[str, str], Proposal]:
        """(feed, source key) → what is proposed for it, of all feeds."""
        with self._database.read_transaction() as connection:
            rows = connection.execute(select(schema.proposals)).mappings().all()
        return {(row["feed"], row["key"]): from_row(Proposal, row) for row in rows}

    def save(self, feed: str, proposals: Iterable[Proposal], done: Collection[str]) -> None:
        """Keep proposals of a feed, each in place of the one before.

        Those of sources that need none are dropped.
        """
        t = schema.proposals
        rows = [as_row(proposal) for proposal in proposals]
        with self._database.write_transaction() as connection:
            connection.execute(delete(t).where(t.c.feed == feed, t.c.key.in_(sorted(done))))
            upsert(connection, t, rows)
