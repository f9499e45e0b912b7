"""What the cleaner removes from a feed's articles: how often each line, and since when.

What repeats is boilerplate; what stood in one article only gives way to what is newer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, tuple_

from feedpub.model import Removed
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import Removal
from feedpub.store.rows import in_order, insert, to_record

KEPT = 500  # lines of each feed
LONGEST = 160  # characters of a line
REPEATED = 2  # articles that a line was removed from, for it to be told of
_SHORTEST = 3  # characters; shorter ones are bullets and dividers


class RemovalsTable:
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
            {"feed": feed, "text": text, "reason": reasons[text], "first": now, "last": now, "count": count}
            for text, count in counts.most_common(KEPT)
        ]
        if rows:
            with self._database.writing() as connection:
                _count(connection, rows)
                _forget(connection, feed)

    def latest(self, each: int) -> dict[str, tuple[Removal, ...]]:
        """Feed → what began to be removed from several of its articles last, newest first; so many of each feed."""
        t = schema.removals
        order = (t.c.first.desc(), t.c.count.desc(), t.c.text)
        rank = func.row_number().over(partition_by=t.c.feed, order_by=order).label("rank")
        ranked = select(t, rank).where(t.c.count >= REPEATED).subquery()
        query = select(ranked).where(ranked.c.rank <= each).order_by(ranked.c.feed, ranked.c.rank)
        found: dict[str, tuple[Removal, ...]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query).mappings():
                found[row["feed"]] = (*found.get(row["feed"], ()), to_record(Removal, row))
        return found


def _lines(removed: Iterable[Removed]) -> Iterator[tuple[str, str]]:
    """Each line that was removed, as it is counted, with the reason."""
    for block in removed:
        for line in block.text.split("\n"):
            text = " ".join(line.split())
            if len(text) >= _SHORTEST and any(map(str.isalpha, text)):
                yield (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"), block.reason


def _count(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    t = schema.removals
    new = insert(connection, t)
    again = {name: new.excluded[name] for name in ("reason", "last")} | {"count": t.c.count + new.excluded["count"]}
    keys = ["feed", "text"]
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_=again), in_order(rows, keys))


def _forget(connection: Connection, feed: str) -> None:
    """Drop what was not removed for longest, beyond so many lines: what repeats is removed again and again."""
    t = schema.removals
    order = (t.c.last.desc(), t.c.count.desc(), t.c.text)
    too_many = select(t.c.feed, t.c.text).where(t.c.feed == feed).order_by(*order).offset(KEPT)
    connection.execute(delete(t).where(tuple_(t.c.feed, t.c.text).in_(too_many)))
