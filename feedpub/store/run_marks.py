"""Marks of active runs, from which the next process learns which run crashed the previous one.

A run is marked before it starts and unmarked in the transaction that records its end. A mark whose
process has ended means that the process was killed, or crashed, during that run. Such feeds are
suspects until one of their runs ends.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import chunks, insert

PROCESS_MARK = ""  # instead of a feed's name: the mark of a long-running process


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
