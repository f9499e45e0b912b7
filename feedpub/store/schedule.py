"""The next run of each feed, which survives restarts."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import ScheduledRun
from feedpub.store.rows import as_row, chunks, select_record, select_records, select_rows, upsert

_DISPATCH_LOCK = "hand over"
# A feed that was queued later than this from now was queued while the clock was wrong.
_MAX_CLOCK_ERROR = timedelta(hours=1)

Queue = Callable[[object, Collection[str]], None]
"""Puts feeds into a queue in the same database, within the driver's connection's transaction."""

NextChecks = Mapping[str, tuple[datetime, str]]
"""Source key → the time of its next check, and the reason."""


class ScheduleTable:
    """The scheduled runs by feed. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, ScheduledRun]:
        """Return feed → its next run."""
        runs = select_records(self._database, ScheduledRun, select(schema.schedule))
        return {run.feed: run for run in runs}

    def get(self, feed: str) -> ScheduledRun | None:
        """Return a feed's next run; None if it was never scheduled."""
        t = schema.schedule
        return select_record(self._database, ScheduledRun, select(t).where(t.c.feed == feed))

    def save(self, planned: ScheduledRun, checks: NextChecks | None = None) -> None:
        """Store a feed's next run.

        Args:
            planned: the next run.
            checks: the next checks of the feed's sources.
        """
        with self._database.write_transaction() as connection:
            upsert(connection, schema.schedule, [as_row(planned) | {"handed": None}])
            _save_checks(connection, planned.feed, checks or {})

    def check_now(self, feed: str, checks: NextChecks) -> None:
        """Store the next checks of a feed's sources, but not the feed's next run."""
        with self._database.write_transaction() as connection:
            _save_checks(connection, feed, checks)

    def mark_due(self, feeds: Collection[str]) -> None:
        """Make all sources of some feeds due."""
        t = schema.sources
        with self._database.write_transaction() as connection:
            for some in chunks(feeds):
                own = update(t).where(t.c.feed.in_(some))
                connection.execute(own.values(next_look=None, why=""))

    def next_times(self) -> dict[str, datetime]:
        """Return feed → the time of its next run."""
        t = schema.schedule
        rows = select_rows(self._database, select(t.c.feed, t.c.next_run))
        return {row["feed"]: row["next_run"] for row in rows}

    def reschedule(self, times: Mapping[str, datetime], why: str) -> None:
        """Store the times of feeds' next runs, with one reason for all."""
        rows = []
        for feed, time in times.items():
            rows.append({"feed": feed, "next_run": time, "why": why, "handed": None})
        with self._database.write_transaction() as connection:
            upsert(connection, schema.schedule, rows)

    def dispatch_due(self, now: datetime, limit: int, queue: Queue) -> tuple[str, ...]:
        """Put due feeds into a queue, in one transaction; those that are most overdue first.

        Args:
            now: feeds that are scheduled until this time are due.
            limit: the maximum number of feeds.
            queue: puts feeds into the queue.

        Returns:
            The feeds.
        """
        t = schema.schedule
        due = select(t.c.feed).where(t.c.next_run <= now, t.c.handed.is_(None))
        due = due.order_by(t.c.next_run, t.c.feed).limit(limit)
        with self._database.write_transaction(_DISPATCH_LOCK) as connection:
            feeds = tuple(connection.scalars(due))
            if feeds:
                connection.execute(update(t).where(t.c.feed.in_(feeds)).values(handed=now))
                queue(connection.connection.driver_connection, feeds)
        return feeds

    def requeue_lost(self, before: datetime, queued: Collection[str]) -> tuple[str, ...]:
        """Mark feeds as not queued that the queue has lost, so that they are queued again.

        Args:
            before: feeds that were queued later are left alone, since the queue may not show them
                yet.
            queued: the feeds in the queue.

        Returns:
            The lost feeds.
        """
        t = schema.schedule
        is_old = or_(t.c.handed < before, t.c.handed > before + _MAX_CLOCK_ERROR)
        with self._database.write_transaction(_DISPATCH_LOCK) as connection:
            dispatched = set(connection.scalars(select(t.c.feed).where(is_old)))
            lost = tuple(sorted(dispatched - set(queued)))
            for some in chunks(lost):
                connection.execute(update(t).where(t.c.feed.in_(some)).values(handed=None))
        return lost

    def keep_only(self, feeds: Collection[str]) -> None:
        """Delete the scheduled runs of all other feeds: they left the config, or run at once."""
        t = schema.schedule
        with self._database.write_transaction() as connection:
            others = set(connection.scalars(select(t.c.feed))) - set(feeds)
            for some in chunks(others):
                connection.execute(delete(t).where(t.c.feed.in_(some)))


def _save_checks(connection: Connection, feed: str, checks: NextChecks) -> None:
    t = schema.sources
    for key, (time, why) in checks.items():
        own = update(t).where(t.c.feed == feed, t.c.key == key)
        connection.execute(own.values(next_look=time, why=why))
