"""How all feeds are, in a few queries however many there are.

What a page or a metric about everything needs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    RowMapping,
    Select,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
)

from feedpub.core.models import Removed, RunStatus
from feedpub.store import schema
from feedpub.store.column_types import UtcSeconds
from feedpub.store.database import Database
from feedpub.store.records import RemovalStat, RunRecord, SourceState, StoredSummary
from feedpub.store.rows import as_row, from_row, insert, run_from_row, sorted_by_key, upsert

_DAY = 86400  # seconds
_AT_ONCE = 1000  # runs that may end at once
_FIRST_DAY = date(1970, 1, 1)


class FeedStats:
    """Questions about all feeds at once; changes nothing. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entry_counts(self) -> dict[str, int]:
        """Feed → how many entries are stored of it."""
        t = schema.entries
        return dict(self._pairs(select(t.c.feed, func.count()).group_by(t.c.feed)))

    def feeds_with_runs(self) -> set[str]:
        """The feeds that ran at least once."""
        return {row["feed"] for row in self._rows(select(schema.runs.c.feed).distinct())}

    def newest_entries(self) -> dict[str, datetime]:
        """Feed → when its newest entry was published."""
        t = schema.entries
        return dict(
            self._pairs(
                select(t.c.feed, func.max(t.c.published, type_=UtcSeconds)).group_by(t.c.feed)
            )
        )

    def per_day(self, since: datetime) -> dict[str, dict[date, int]]:
        """Feed → day (UTC) → how many of its entries were published on it.

        Days without any are left out.
        """
        t = schema.entries
        day = (type_coerce(t.c.published, Integer) // _DAY).label("day")
        query = (
            select(t.c.feed, day, func.count().label("n"))
            .where(t.c.published >= since)
            .group_by(t.c.feed, day)
        )
        days: dict[str, dict[date, int]] = {}
        for row in self._rows(query):
            days.setdefault(row["feed"], {})[_FIRST_DAY + timedelta(days=row["day"])] = row["n"]
        return days

    def last_runs(self) -> dict[str, RunRecord]:
        """Feed → its last run."""
        t = schema.runs
        newest = select(func.max(t.c.id)).group_by(t.c.feed)
        return {
            row["feed"]: run_from_row(row)
            for row in self._rows(select(t).where(t.c.id.in_(newest)))
        }

    def last_successes(self) -> dict[str, datetime]:
        """Feed → when the last of its runs that published what there was began."""
        t = schema.runs
        began = func.max(t.c.started, type_=UtcSeconds)
        return dict(
            self._pairs(
                select(t.c.feed, began).where(t.c.status != RunStatus.FAILED).group_by(t.c.feed)
            )
        )

    def source_states(self) -> dict[tuple[str, str], SourceState]:
        """(feed, source key) → the state of each source that there ever was."""
        rows = self._rows(select(schema.sources))
        return {(row["feed"], row["key"]): from_row(SourceState, row) for row in rows}

    def open_incidents(self) -> dict[tuple[str, str], tuple[datetime, str]]:
        """(feed, source key) → since when and why, of all that is known to be broken.

        "" is the feed as a whole.
        """
        return {
            (row["feed"], row["key"]): (row["since"], row["reason"])
            for row in self._rows(select(schema.open_incidents))
        }

    def changed_counts(self, after: int) -> tuple[int, int]:
        """The number of the last run that wrote a file, and how many did, of those after a run of this number.

        Some before it count, too: runs that end at once become known in any order.
        """
        t = schema.runs
        wrote = t.c.status.in_((RunStatus.UPDATED, RunStatus.PARTIAL))
        query = select(func.coalesce(func.max(t.c.id), after), func.count()).where(
            t.c.id > after - _AT_ONCE, wrote
        )
        with self._database.read_transaction() as connection:
            last, count = connection.execute(query).one()
        return last, count

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        with self._database.read_transaction() as connection:
            return list(connection.execute(query).mappings())

    def _pairs(self, query: Select[Any]) -> Iterable[tuple[str, Any]]:
        with self._database.read_transaction() as connection:
            return [(key, value) for key, value in connection.execute(query)]


# SECTION: What the page of all feeds says of each: a light row a feed, gone as soon as its
# entries change.


class SummaryTable:
    """The fronts by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, StoredSummary]:
        """Feed → its front, of all feeds whose entries are still those that it was made of."""
        with self._database.read_transaction() as connection:
            rows = connection.execute(select(schema.feed_summaries)).mappings().all()
        return {row["feed"]: from_row(StoredSummary, row) for row in rows}

    def get(self, feed: str) -> StoredSummary | None:
        """The front of one feed; None where its entries have changed since it was kept."""
        t = schema.feed_summaries
        with self._database.read_transaction() as connection:
            row = connection.execute(select(t).where(t.c.feed == feed)).mappings().first()
        return from_row(StoredSummary, row) if row else None

    def save(self, front: StoredSummary) -> None:
        """Keep a front.

        To be called alone with the feed, or it may be one of entries that have changed meanwhile.
        """
        with self._database.write_transaction() as connection:
            upsert(connection, schema.feed_summaries, [as_row(front)])


def drop_summary(connection: Connection, feed: str) -> None:
    """Its entries change."""
    connection.execute(delete(schema.feed_summaries).where(schema.feed_summaries.c.feed == feed))


# SECTION: What the cleaner removes from a feed's articles: how often each line, and since when.
#
# What repeats is boilerplate; what stood in one article only gives way to what is newer.

KEPT = 500  # lines of each feed
LONGEST = 160  # characters of a line
REPEATED = 2  # articles that a line was removed from, for it to be told of
_SHORTEST = 3  # characters; shorter ones are bullets and dividers


class RemovalTable:
    """Lines that were removed, by feed. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, feed: str, articles: Iterable[Sequence[Removed]], now: datetime) -> None:
        """Count what was removed from articles that were read just now."""
        counts: Counter[str] = Counter()
        reasons: dict[str, str] = {}
        for removed in articles:
            lines = dict(_lines(removed))
            counts.update(lines.keys())
            reasons |= lines
        rows = [
            {
                "feed": feed,
                "text": text,
                "reason": reasons[text],
                "first": now,
                "last": now,
                "count": count,
            }
            for text, count in counts.most_common(KEPT)
        ]
        if rows:
            with self._database.write_transaction() as connection:
                _count(connection, rows)
                _forget(connection, feed)

    def latest(self, each: int) -> dict[str, tuple[RemovalStat, ...]]:
        """Feed → what began to be removed from several of its articles last, newest first.

        So many of each feed.
        """
        t = schema.removal_stats
        order = (t.c.first.desc(), t.c.count.desc(), t.c.text)
        rank = func.row_number().over(partition_by=t.c.feed, order_by=order).label("rank")
        ranked = select(t, rank).where(t.c.count >= REPEATED).subquery()
        query = select(ranked).where(ranked.c.rank <= each).order_by(ranked.c.feed, ranked.c.rank)
        found: dict[str, tuple[RemovalStat, ...]] = {}
        with self._database.read_transaction() as connection:
            for row in connection.execute(query).mappings():
                found[row["feed"]] = (*found.get(row["feed"], ()), from_row(RemovalStat, row))
        return found


def _lines(removed: Iterable[Removed]) -> Iterator[tuple[str, str]]:
    """Each line that was removed, as it is counted, with the reason."""
    for block in removed:
        for line in block.text.split("\n"):
            text = " ".join(line.split())
            if len(text) >= _SHORTEST and any(map(str.isalpha, text)):
                yield (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"), block.reason


def _count(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    t = schema.removal_stats
    new = insert(connection, t)
    again = {name: new.excluded[name] for name in ("reason", "last")} | {
        "count": t.c.count + new.excluded["count"]
    }
    keys = ["feed", "text"]
    connection.execute(
        new.on_conflict_do_update(index_elements=keys, set_=again), sorted_by_key(rows, keys)
    )


def _forget(connection: Connection, feed: str) -> None:
    """Drop what was not removed for longest, beyond so many lines.

    What repeats is removed again and again.
    """
    t = schema.removal_stats
    order = (t.c.last.desc(), t.c.count.desc(), t.c.text)
    too_many = select(t.c.feed, t.c.text).where(t.c.feed == feed).order_by(*order).offset(KEPT)
    connection.execute(delete(t).where(tuple_(t.c.feed, t.c.text).in_(too_many)))
