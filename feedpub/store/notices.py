"""What is broken now, and what was told of it: a break is opened once and closed once, whoever notices it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.messages import TURN, insert_messages
from feedpub.store.records import Message, Notice
from feedpub.store.rows import to_record, to_row

Tell = Callable[[Notice], Iterable[Message]]
"""What others are told of a notice."""


class NoticesTable:
    """Open breaks, and notices by date. Raises StoreError as the store does.

    A break, its notice and the messages about it are one transaction: nothing is told twice, and nothing is forgotten.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def broken(self, feed: str) -> dict[str, tuple[datetime, str]]:
        """Source key → since when and why, of all that is known to be broken; "" is the feed as a whole."""
        t = schema.breaks
        with self._database.reading() as connection:
            rows = connection.execute(select(t).where(t.c.feed == feed)).mappings().all()
        return {row["key"]: (row["since"], row["reason"]) for row in rows}

    def feeds(self) -> set[str]:
        """The feeds that something is broken of."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(schema.breaks.c.feed)))

    def newest(self, limit: int | None = None) -> tuple[Notice, ...]:
        """The notices, newest first."""
        query = select(schema.notices).order_by(schema.notices.c.at.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(to_record(Notice, row) for row in connection.execute(query).mappings())

    def pull_back(self, now: datetime) -> None:
        """Let nothing be broken since a moment to come: the clock was ahead when that was noted."""
        breaks, notices, sources = schema.breaks.c, schema.notices.c, schema.sources.c
        with self._database.writing(TURN) as connection:
            for date in (breaks.since, notices.since, notices.at, sources.failing_since):
                connection.execute(update(date.table).where(date > now).values({date.name: now}))

    def start(self, notice: Notice) -> None:
        """Put in the very first notice; where there is any, nothing happens."""
        with self._database.writing(TURN) as connection:
            if connection.execute(select(schema.notices.c.id).limit(1)).first() is None:
                _add(connection, notice)

    def add(self, notice: Notice, tell: Tell) -> None:
        """Keep a notice of something that is over already."""
        with self._database.writing(TURN) as connection:
            insert_messages(connection, tell(_add(connection, notice)))

    def open(self, notice: Notice, tell: Tell) -> bool:
        """Keep that something is broken; False where that is known already."""
        t = schema.breaks
        with self._database.writing(TURN) as connection:
            own = (t.c.feed == notice.feed, t.c.key == notice.key)
            if connection.execute(select(t).where(*own)).first():
                return False
            row = {name: getattr(notice, name) for name in t.c.keys()}  # noqa: SIM118 -- no mapping
            connection.execute(t.insert(), row)
            insert_messages(connection, tell(_add(connection, notice)))
            return True

    def close(self, notice: Notice, tell: Tell) -> bool:
        """Keep that something is not broken any more; False where it was not known to be."""
        t = schema.breaks
        with self._database.writing(TURN) as connection:
            if not connection.execute(delete(t).where(t.c.feed == notice.feed, t.c.key == notice.key)).rowcount:
                return False
            insert_messages(connection, tell(_add(connection, notice)))
            return True


def _add(connection: Connection, notice: Notice) -> Notice:
    """Put a notice in, at the last moment that no other one has: of two with one date, readers show one."""
    t = schema.notices
    taken = set(connection.scalars(select(t.c.at)))
    last = notice.at.replace(microsecond=0)
    at = next(moment for n in count() if (moment := last - timedelta(seconds=n)) not in taken)
    added = {**to_row(notice), "at": at}
    connection.execute(t.insert(), added)
    return Notice(**added)
