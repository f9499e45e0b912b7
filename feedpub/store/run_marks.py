"""Which feeds' runs are under way, and which were when their process died.

A run is marked before it begins and unmarked with the record of its end, so that a mark whose
process is gone means: it
was killed, or crashed, in the middle of that run. Feeds that were found so are suspects until a run
of theirs ends.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.rows import chunks, insert

PROCESS_MARK = ""  # in place of a feed: the mark of a process that runs feeds for months


class RunMarkTable:
    """The marks by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, feed: str, holder: str, now: datetime) -> None:
        """Mark a feed: a process is about to run it."""
        t = schema.run_marks
        with self._database.write_transaction() as connection:
            row = {"feed": feed, "holder": holder, "since": now}
            mark = insert(connection, t).values(row | {"crashes": 0})
            connection.execute(mark.on_conflict_do_update(index_elements=["feed"], set_=row))

    def release(self, holder: str) -> None:
        """Drop the marks of a process that ends in an orderly way; suspects stay suspects."""
        t = schema.run_marks
        with self._database.write_transaction() as connection:
            connection.execute(delete(t).where(t.c.holder == holder, t.c.crashes == 0))
            connection.execute(update(t).where(t.c.holder == holder).values(holder=""))

    def suspects(self) -> dict[str, int]:
        """Return feed → how many times in a row a process died in the middle of its run."""
        t = schema.run_marks
        with self._database.read_transaction() as connection:
            rows = connection.execute(
                select(t.c.feed, t.c.crashes).where(t.c.crashes > 0, t.c.feed != PROCESS_MARK)
            )
            return {row.feed: row.crashes for row in rows}

    def find_crashes(self, feeds: Collection[str], is_running: Callable[[str], bool]) -> bool:
        """Count the marks that dead processes left against their feeds.

        Where suspects are among these feeds, the others are taken to be innocent.

        Args:
            feeds: of the config; the marks of others are dropped.
            is_running: says of a process whether it is still there.

        Returns:
            True if a process died.
        """
        t = schema.run_marks
        with self._database.write_transaction() as connection:
            marked = [
                row
                for row in connection.execute(select(t).where(t.c.holder != ""))
                if not is_running(row.holder)
            ]
            left = {row.feed: row.crashes for row in marked if row.feed in feeds}
            guilty = {feed for feed, crashes in left.items() if crashes} or set(left)
            gone = ({row.feed for row in marked} | set(connection.scalars(select(t.c.feed)))) - {
                PROCESS_MARK,
                *feeds,
            }
            for some in chunks(guilty):
                counted = {"crashes": t.c.crashes + 1, "holder": ""}
                connection.execute(update(t).where(t.c.feed.in_(some)).values(counted))
            for some in chunks(
                (left.keys() - guilty) | gone | ({PROCESS_MARK} & {row.feed for row in marked})
            ):
                connection.execute(delete(t).where(t.c.feed.in_(some)))
        return bool(marked)


def unmark_run(connection: Connection, feed: str) -> None:
    """Unmark a feed, as a part of a transaction that does more.

    Its run has ended, and the process has not.
    """
    connection.execute(delete(schema.run_marks).where(schema.run_marks.c.feed == feed))
