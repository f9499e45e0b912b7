"""When each feed runs next: what a restart neither forgets nor does all at once."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import ScheduledRun
from feedpub.store.rows import as_row, chunks, from_row, upsert

_FARTHEST = timedelta(hours=1)

Queue = Callable[[object, Collection[str]], None]
"""Puts feeds into a queue that lies in the same database, in the transaction of the driver's connection."""

NextChecks = Mapping[str, tuple[datetime, str]]
"""Source key → when it is looked at next, and why."""


class ScheduleTable:
    """The plan by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, ScheduledRun]:
        """Feed → when it runs next, of every feed that was ever planned and not dropped."""
        with self._database.read_transaction() as connection:
            rows = connection.execute(select(schema.schedule)).mappings().all()
        return {row["feed"]: from_row(ScheduledRun, row) for row in rows}

    def get(self, feed: str) -> ScheduledRun | None:
        """When a feed runs next; None where it was never planned."""
        t = schema.schedule
        with self._database.read_transaction() as connection:
            row = connection.execute(select(t).where(t.c.feed == feed)).mappings().first()
        return from_row(ScheduledRun, row) if row else None

    def save(self, planned: ScheduledRun, looks: NextChecks | None = None) -> None:
        """Keep when a feed runs next, in place of what was planned before.

        Args:
            planned: the feed's next run.
            looks: of its sources.
        """
        with self._database.write_transaction() as connection:
            upsert(connection, schema.schedule, [as_row(planned) | {"handed": None}])
            _look_at(connection, planned.feed, looks or {})

    def check_now(self, feed: str, looks: NextChecks) -> None:
        """Keep when sources of a feed are looked at next; when the feed runs stays as it is."""
        with self._database.write_transaction() as connection:
            _look_at(connection, feed, looks)

    def mark_due(self, feeds: Collection[str]) -> None:
        """Forget when the sources of some feeds were to be looked at next: all are due."""
        t = schema.sources
        with self._database.write_transaction() as connection:
            for some in chunks(feeds):
                connection.execute(
                    update(t).where(t.c.feed.in_(some)).values(next_look=None, why="")
                )

    def next_times(self) -> dict[str, datetime]:
        """Feed → when it runs next."""
        t = schema.schedule
        with self._database.read_transaction() as connection:
            return {
                row.feed: row.next_run for row in connection.execute(select(t.c.feed, t.c.next_run))
            }

    def reschedule(self, moments: Mapping[str, datetime], why: str) -> None:
        """Keep when feeds run next, in place of what was planned before."""
        rows = [
            {"feed": feed, "next_run": moment, "why": why, "handed": None}
            for feed, moment in moments.items()
        ]
        with self._database.write_transaction() as connection:
            upsert(connection, schema.schedule, rows)

    def dispatch_due(self, now: datetime, limit: int, into: Queue) -> tuple[str, ...]:
        """Put the feeds that are due into a queue, those that wait longest first; all at once, or none.

        Args:
            now: what is planned up to this moment is due.
            limit: as many feeds at most.
            into: puts feeds into the queue, in the same transaction.

        Returns:
            The feeds.
        """
        t = schema.schedule
        due = (
            select(t.c.feed)
            .where(t.c.next_run <= now, t.c.handed.is_(None))
            .order_by(t.c.next_run, t.c.feed)
            .limit(limit)
        )
        with self._database.write_transaction("hand over") as connection:
            feeds = tuple(connection.scalars(due))
            if feeds:
                connection.execute(update(t).where(t.c.feed.in_(feeds)).values(handed=now))
                into(connection.connection.driver_connection, feeds)
        return feeds

    def requeue_lost(self, before: datetime, standing: Collection[str]) -> tuple[str, ...]:
        """Hand over again, when it is next asked, what was put into a queue and is lost there.

        Args:
            before: what was put in later is left alone: it may stand there without being known yet.
                What was put in an hour later still was put in by a clock that was ahead.
            standing: what the queue has.

        Returns:
            The feeds.
        """
        t = schema.schedule
        with self._database.write_transaction("hand over") as connection:
            old = or_(t.c.handed < before, t.c.handed > before + _FARTHEST)
            handed = connection.scalars(select(t.c.feed).where(old))
            lost = tuple(sorted(set(handed) - set(standing)))
            for some in chunks(lost):
                connection.execute(update(t).where(t.c.feed.in_(some)).values(handed=None))
        return lost

    def keep_only(self, feeds: Collection[str]) -> None:
        """Drop the plans of all other feeds.

        They left the config, or changed so that they run at once.
        """
        t = schema.schedule
        with self._database.write_transaction() as connection:
            for some in chunks(set(connection.scalars(select(t.c.feed))) - set(feeds)):
                connection.execute(delete(t).where(t.c.feed.in_(some)))


def _look_at(connection: Connection, feed: str, looks: NextChecks) -> None:
    t = schema.sources
    for key, (moment, why) in looks.items():
        connection.execute(
            update(t).where(t.c.feed == feed, t.c.key == key).values(next_look=moment, why=why)
        )
