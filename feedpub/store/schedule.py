"""The next run of each feed, and marks of the runs that are active. Both survive restarts.

A run is marked before it starts and unmarked in the transaction that records its end. A mark whose
process has ended means that the process was killed, or crashed, during that run. Such feeds are
suspects until one of their runs ends.

From the marks the next process learns which run crashed the previous one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import ScheduledRun, StoredRhythm
from feedpub.store.rhythms import save_rhythms
from feedpub.store.rows import (
    as_row,
    chunks,
    insert,
    select_record,
    select_records,
    select_rows,
    upsert,
)

_DISPATCH_LOCK = "hand over"
# A feed that was queued later than this from now was queued while the clock was wrong.
_MAX_CLOCK_ERROR = timedelta(hours=1)

Queue = Callable[[object, Sequence[str]], None]
"""Puts feeds into a queue in the same database, within the driver's connection's transaction."""

NextChecks = Mapping[str, tuple[datetime, str]]
"""Source key → the time of its next check, and the reason."""
PROCESS_MARK = ""  # instead of a feed's name: the mark of a long-running process


class ScheduleTable:
    """The scheduled runs by feed. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, feeds: Collection[str] | None = None) -> dict[str, ScheduledRun]:
        """Return feed → its next run, for all feeds or some."""
        query = select(schema.schedule)
        if feeds is not None:
            query = query.where(schema.schedule.c.feed.in_(list(feeds)))
        runs = select_records(self._database, ScheduledRun, query)
        return {run.feed: run for run in runs}

    def get(self, feed: str) -> ScheduledRun | None:
        """Return a feed's next run; None if it was never scheduled."""
        t = schema.schedule
        return select_record(self._database, ScheduledRun, select(t).where(t.c.feed == feed))

    def save(
        self,
        planned: ScheduledRun,
        checks: NextChecks | None = None,
        learned: Iterable[StoredRhythm] = (),
    ) -> None:
        """Store a feed's next run.

        Args:
            planned: the next run.
            checks: the next checks of the feed's sources.
            learned: the rhythms that were learned to plan them.
        """
        with self._database.write_transaction() as connection:
            upsert(connection, schema.schedule, [as_row(planned) | {"handed": None}])
            _save_checks(connection, planned.feed, checks or {})
            save_rhythms(connection, learned)

    def check_now(
        self, feed: str, checks: NextChecks, learned: Iterable[StoredRhythm] = ()
    ) -> None:
        """Store the next checks of a feed's sources, but not the feed's next run."""
        with self._database.write_transaction() as connection:
            _save_checks(connection, feed, checks)
            save_rhythms(connection, learned)

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

    def dispatched(self, feeds: Collection[str]) -> frozenset[str]:
        """Return the feeds that are queued and have not run since."""
        t = schema.schedule
        found: set[str] = set()
        with self._database.read_transaction() as connection:
            for some in chunks(feeds):
                query = select(t.c.feed).where(t.c.feed.in_(some), t.c.handed.is_not(None))
                found.update(connection.scalars(query))
        return frozenset(found)

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


class RunMarkTable:
    """The marks by feed. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, feed: str, holder: str, now: datetime) -> None:
        """Mark a feed before a process runs it."""
        row = {"feed": feed, "holder": holder, "since": now}
        with self._database.write_transaction() as connection:
            statement = insert(connection, schema.run_marks).values(row | {"crashes": 0})
            statement = statement.on_conflict_do_update(index_elements=["feed"], set_=row)
            connection.execute(statement)

    def release(self, holder: str) -> None:
        """Delete the marks of a process that shuts down. Suspects remain suspects."""
        t = schema.run_marks
        with self._database.write_transaction() as connection:
            connection.execute(delete(t).where(t.c.holder == holder, t.c.crashes == 0))
            connection.execute(update(t).where(t.c.holder == holder).values(holder=""))

    def suspects(self) -> dict[str, int]:
        """Return feed → how many times in a row a process died during its run."""
        t = schema.run_marks
        query = select(t.c.feed, t.c.crashes).where(t.c.crashes > 0, t.c.feed != PROCESS_MARK)
        with self._database.read_transaction() as connection:
            return {row.feed: row.crashes for row in connection.execute(query)}

    def find_crashes(self, feeds: Collection[str], is_running: Callable[[str], bool]) -> bool:
        """Count crashes for the feeds whose runs were active when their process died.

        If some of these feeds are suspects already, the others are assumed to be innocent.

        Args:
            feeds: the feeds of the config. Marks of other feeds are deleted.
            is_running: returns True if a process still runs.

        Returns:
            True if a process died.
        """
        t = schema.run_marks
        with self._database.write_transaction() as connection:
            marks = connection.execute(select(t)).all()
            dead = [mark for mark in marks if mark.holder and not is_running(mark.holder)]
            crashed = {mark.feed: mark.crashes for mark in dead if mark.feed in feeds}
            guilty = {feed for feed, crashes in crashed.items() if crashes} or set(crashed)
            removed = {mark.feed for mark in marks} - {PROCESS_MARK, *feeds}
            innocent = {mark.feed for mark in dead} - guilty
            for some in chunks(guilty):
                counted = {"crashes": t.c.crashes + 1, "holder": ""}
                connection.execute(update(t).where(t.c.feed.in_(some)).values(counted))
            for some in chunks(innocent | removed):
                connection.execute(delete(t).where(t.c.feed.in_(some)))
        return bool(dead)


def unmark_run(connection: Connection, feed: str) -> None:
    """Delete a feed's mark after its run, as a part of a larger transaction."""
    connection.execute(delete(schema.run_marks).where(schema.run_marks.c.feed == feed))
