"""When each feed runs next: what a restart neither forgets nor does all at once."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import Planned
from feedpub.store.rows import chunks, put, to_record, to_row

Looks = Mapping[str, tuple[datetime, str]]
"""Source key → when it is looked at next, and why."""


class ScheduleTable:
    """The plan by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, Planned]:
        """Feed → when it runs next, of every feed that was ever planned and not dropped."""
        with self._database.reading() as connection:
            rows = connection.execute(select(schema.schedule)).mappings().all()
        return {row["feed"]: to_record(Planned, row) for row in rows}

    def of(self, feed: str) -> Planned | None:
        """When a feed runs next; None where it was never planned."""
        t = schema.schedule
        with self._database.reading() as connection:
            row = connection.execute(select(t).where(t.c.feed == feed)).mappings().first()
        return to_record(Planned, row) if row else None

    def save(self, planned: Planned, looks: Looks | None = None) -> None:
        """Keep when a feed runs next, in place of what was planned before.

        Args:
            planned: the feed's next run.
            looks: of its sources.
        """
        with self._database.writing() as connection:
            put(connection, schema.schedule, [to_row(planned)])
            _look_at(connection, planned.feed, looks or {})

    def look_at(self, feed: str, looks: Looks) -> None:
        """Keep when sources of a feed are looked at next; when the feed runs stays as it is."""
        with self._database.writing() as connection:
            _look_at(connection, feed, looks)

    def look_again(self, feeds: Collection[str]) -> None:
        """Forget when the sources of some feeds were to be looked at next: all are due."""
        t = schema.sources
        with self._database.writing() as connection:
            for some in chunks(feeds):
                connection.execute(update(t).where(t.c.feed.in_(some)).values(next_look=None, why=""))

    def keep_only(self, feeds: Collection[str]) -> None:
        """Drop the plans of all other feeds: they left the config, or changed so that they run at once."""
        t = schema.schedule
        with self._database.writing() as connection:
            for some in chunks(set(connection.scalars(select(t.c.feed))) - set(feeds)):
                connection.execute(delete(t).where(t.c.feed.in_(some)))


def _look_at(connection: Connection, feed: str, looks: Looks) -> None:
    t = schema.sources
    for key, (moment, why) in looks.items():
        connection.execute(update(t).where(t.c.feed == feed, t.c.key == key).values(next_look=moment, why=why))
