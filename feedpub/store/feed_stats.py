"""Statistics of all feeds in a few queries, feed summaries, and statistics of removed lines."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    RowMapping,
    Select,
    Text,
    cast,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
    union,
)

from feedpub.core.models import Removed, RunStatus
from feedpub.store import schema
from feedpub.store.checks import CheckTable
from feedpub.store.column_types import UtcSeconds
from feedpub.store.database import Database
from feedpub.store.records import RemovalStat, RunRecord, SourceState, StoredSummary
from feedpub.store.rows import (
    as_row,
    chunks,
    insert,
    of_feeds,
    run_from_row,
    select_record,
    select_records,
    select_rows,
    sorted_by_key,
    upsert,
)

_DAY_SECONDS = 86400
_EPOCH_DAY = date(1970, 1, 1)
_MAX_CONCURRENT_RUNS = 1000

MAX_LINES = 500  # removed lines that are counted of each feed
MAX_LINE_CHARS = 160
MIN_ARTICLES = 2  # a line is reported if it was removed from this many articles
_MIN_LINE_CHARS = 3  # shorter lines are bullets and dividers


class FeedStats:
    """Queries over all feeds, for the status page and metrics. Raises StoreError.

    Queries that are asked for more feeds than a statement can name may return others as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checks = CheckTable(database)

    def entry_counts(self) -> dict[str, int]:
        """Return feed → its number of stored entries."""
        t = schema.entries
        return self._dict(select(t.c.feed, func.count()).group_by(t.c.feed))

    def feeds_with_runs(self) -> set[str]:
        """Return the feeds that have run at least once."""
        names = union(select(schema.runs.c.feed), select(schema.sources.c.feed))
        with self._database.read_transaction() as connection:
            return set(connection.scalars(names))

    def live_entries(
        self, feeds: Collection[str] | None = None
    ) -> dict[str, tuple[int, int | None]]:
        """Return feed → the number of entries in its live document, and the newest one's date.

        The date is in seconds since 1970. Feeds without a summary are left out.
        """
        t = schema.feed_summaries
        query = select(t.c.feed, t.c.entries, type_coerce(t.c.newest, Integer))
        return self._counts_by_feed(of_feeds(query, t, feeds))

    def stored_entries(self, feeds: Collection[str]) -> dict[str, tuple[int, int | None]]:
        """Return feed → the number of its stored entries, and the newest one's date.

        The date is in seconds since 1970.
        """
        t = schema.entries
        newest = func.max(type_coerce(t.c.published, Integer))
        query = select(t.c.feed, func.count(), newest).group_by(t.c.feed)
        found: dict[str, tuple[int, int | None]] = {}
        for some in chunks(feeds):
            found |= self._counts_by_feed(query.where(t.c.feed.in_(some)))
        return found

    def per_day(
        self, since: datetime, feeds: Collection[str] | None = None
    ) -> dict[str, dict[date, int]]:
        """Return feed → day (UTC) → the number of entries that were published then.

        Days without entries are left out.
        """
        t = schema.entries
        day = (type_coerce(t.c.published, Integer) // _DAY_SECONDS).label("day")
        query = select(t.c.feed, day, func.count().label("n")).where(t.c.published >= since)
        query = of_feeds(query, t, feeds)
        days: dict[str, dict[date, int]] = {}
        for row in self._rows(query.group_by(t.c.feed, day)):
            published = _EPOCH_DAY + timedelta(days=row["day"])
            days.setdefault(row["feed"], {})[published] = row["n"]
        return days

    def last_runs(self, feeds: Collection[str] | None = None) -> dict[str, RunRecord]:
        """Return feed → its latest run, which may be a check without news."""
        t = schema.runs
        newest = of_feeds(select(func.max(t.c.id)).group_by(t.c.feed), t, feeds)
        rows = self._rows(select(t).where(t.c.id.in_(newest)))
        runs = {row["feed"]: run_from_row(row) for row in rows}
        for feed, check in self._checks.last_runs(feeds).items():
            if feed not in runs or check.started > runs[feed].started:
                runs[feed] = check
        return runs

    def last_successes(self, feeds: Collection[str] | None = None) -> dict[str, datetime]:
        """Return feed → the start of its latest run that did not fail."""
        t = schema.runs
        started = func.max(t.c.started, type_=UtcSeconds)
        query = select(t.c.feed, started).where(t.c.status != RunStatus.FAILED)
        successes = self._dict(of_feeds(query.group_by(t.c.feed), t, feeds))
        for feed, check in self._checks.last_runs(feeds).items():
            successes[feed] = max(check.started, successes.get(feed, check.started))
        return successes

    def source_states(
        self, feeds: Collection[str] | None = None
    ) -> dict[tuple[str, str], SourceState]:
        """Return (feed, source key) → the source's state."""
        query = of_feeds(select(schema.sources), schema.sources, feeds)
        states = select_records(self._database, SourceState, query)
        return {(state.feed, state.key): state for state in states}

    def check_digests(self) -> dict[str, int]:
        """Return feed → a number that changes with each check of its sources and each plan.

        The numbers are only comparable within one process.
        """
        t = schema.sources
        plans = func.sum(func.coalesce(type_coerce(t.c.next_look, Integer), 0))
        checked = func.max(type_coerce(t.c.checked, Integer))
        query = select(t.c.feed, checked, plans, func.sum(t.c.failures)).group_by(t.c.feed)
        digests: dict[str, int] = {}
        for row in self._tuples(query):
            digests[row[0]] = hash(tuple(row[1:]))
        t = schema.schedule
        for row in self._tuples(select(t.c.feed, type_coerce(t.c.next_run, Integer))):
            digests[row[0]] = hash((digests.get(row[0]), row[1]))
        return digests

    def open_incidents(
        self, feeds: Collection[str] | None = None
    ) -> dict[tuple[str, str], tuple[datetime, str]]:
        """Return (feed, source key) → since when it has been failing, and why.

        The key "" is the feed itself.
        """
        rows = self._rows(of_feeds(select(schema.open_incidents), schema.open_incidents, feeds))
        return {(row["feed"], row["key"]): (row["since"], row["reason"]) for row in rows}

    def changed_counts(self, after: int) -> tuple[int, int]:
        """Return the number of the latest run that wrote a file, and how many such runs there are.

        Args:
            after: only count later runs. Some earlier ones count as well, since concurrent runs
                are committed in any order.
        """
        t = schema.runs
        has_files = cast(t.c.written, Text) != "[]"
        is_changed = (t.c.status == RunStatus.PARTIAL) & has_files
        wrote = (t.c.status == RunStatus.UPDATED) | is_changed
        counts = select(func.coalesce(func.max(t.c.id), after), func.count())
        query = counts.where(t.c.id > after - _MAX_CONCURRENT_RUNS, wrote)
        with self._database.read_transaction() as connection:
            last, count = connection.execute(query).one()
        return last, count

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        return select_rows(self._database, query)

    def _tuples(self, query: Select[Any]) -> Sequence[Any]:
        with self._database.read_transaction() as connection:
            return connection.execute(query).all()

    def _counts_by_feed(self, query: Select[Any]) -> dict[str, tuple[int, int | None]]:
        return {feed: (count, newest) for feed, count, newest in self._tuples(query)}

    def _dict(self, query: Select[Any]) -> dict[str, Any]:
        with self._database.read_transaction() as connection:
            return {key: value for key, value in connection.execute(query)}  # noqa: C416 -- mypy does not accept rows as pairs


class SummaryTable:
    """The feed summaries, each of which is deleted when the feed's entries change.

    It also holds the records of rendered files. Raises StoreError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, StoredSummary]:
        """Return feed → its summary, for the feeds that have a current one."""
        query = select(schema.feed_summaries)
        summaries = select_records(self._database, StoredSummary, query)
        return {summary.feed: summary for summary in summaries}

    def get(self, feed: str) -> StoredSummary | None:
        """Return a feed's summary; None if its entries have changed since it was stored."""
        t = schema.feed_summaries
        return select_record(self._database, StoredSummary, select(t).where(t.c.feed == feed))

    def save(self, summary: StoredSummary) -> None:
        """Store a summary. The caller holds the feed's lock, so that its entries are current."""
        with self._database.write_transaction() as connection:
            upsert(connection, schema.feed_summaries, [as_row(summary)])

    def load_rendered(self, feed: str) -> bytes | None:
        """Return the record of a feed's files; None if there is none.

        Args:
            feed: the feed's name; with an asterisk, the name of files about all feeds.
        """
        t = schema.rendered_files
        with self._database.read_transaction() as connection:
            return connection.scalar(select(t.c.record).where(t.c.feed == feed))

    def save_rendered(self, records: Mapping[str, bytes]) -> None:
        """Store records of files: name as in `load_rendered` → record."""
        with self._database.write_transaction() as connection:
            save_rendered_files(connection, records)


def save_rendered_files(connection: Connection, records: Mapping[str, bytes]) -> None:
    """Store records of files as a part of a larger transaction."""
    rows = [{"feed": name, "record": record} for name, record in records.items()]
    upsert(connection, schema.rendered_files, rows)


def drop_summary(connection: Connection, feed: str) -> None:
    """Delete a feed's summary, because its entries change."""
    connection.execute(delete(schema.feed_summaries).where(schema.feed_summaries.c.feed == feed))


class RemovalTable:
    """Lines that the cleaner removed from each feed's articles. Raises StoreError.

    Lines that repeat are boilerplate; those that do not are replaced by newer ones.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, feed: str, articles: Iterable[Sequence[Removed]], now: datetime) -> None:
        """Count the lines that were removed from new articles."""
        with self._database.write_transaction() as connection:
            add_removed_lines(connection, feed, articles, now)

    def latest(
        self, each: int, feeds: Collection[str] | None = None
    ) -> dict[str, tuple[RemovalStat, ...]]:
        """Return feed → lines that were removed from several articles, latest first.

        Args:
            each: the maximum number of lines of each feed.
            feeds: only the lines of these feeds; None for all.
        """
        t = schema.removal_stats
        order = (t.c.first.desc(), t.c.count.desc(), t.c.text)
        rank = func.row_number().over(partition_by=t.c.feed, order_by=order).label("rank")
        repeated = select(t, rank).where(t.c.count >= MIN_ARTICLES)
        ranked = of_feeds(repeated, t, feeds).subquery()
        query = select(ranked).where(ranked.c.rank <= each).order_by(ranked.c.feed, ranked.c.rank)
        found: dict[str, tuple[RemovalStat, ...]] = {}
        for stat in select_records(self._database, RemovalStat, query):
            found[stat.feed] = (*found.get(stat.feed, ()), stat)
        return found


def add_removed_lines(
    connection: Connection, feed: str, articles: Iterable[Sequence[Removed]], now: datetime
) -> None:
    """Count the lines that were removed from new articles, as a part of a larger transaction."""
    counts: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    for removed in articles:
        lines = dict(_lines(removed))
        counts.update(lines.keys())
        reasons |= lines
    rows = []
    for text, count in counts.most_common(MAX_LINES):
        row = {"feed": feed, "text": text, "reason": reasons[text]}
        rows.append({**row, "first": now, "last": now, "count": count})
    if rows:
        _add_counts(connection, rows)
        _prune_lines(connection, feed)


def _lines(removed: Iterable[Removed]) -> Iterator[tuple[str, str]]:
    """Yield each removed line as it is stored, with the reason."""
    for block in removed:
        for line in block.text.split("\n"):
            text = " ".join(line.split())
            if len(text) < _MIN_LINE_CHARS or not any(map(str.isalpha, text)):
                continue
            if len(text) > MAX_LINE_CHARS:
                text = f"{text[: MAX_LINE_CHARS - 1]}…"
            yield text, block.reason


def _add_counts(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    t = schema.removal_stats
    keys = ["feed", "text"]
    statement = insert(connection, t)
    new = statement.excluded
    values = {"reason": new["reason"], "last": new["last"], "count": t.c.count + new["count"]}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    connection.execute(statement, sorted_by_key(rows, keys))


def _prune_lines(connection: Connection, feed: str) -> None:
    """Delete the lines of a feed whose latest removal is oldest, beyond the maximum."""
    t = schema.removal_stats
    order = (t.c.last.desc(), t.c.count.desc(), t.c.text)
    newest_first = select(t.c.feed, t.c.text).where(t.c.feed == feed).order_by(*order)
    excess = newest_first.offset(MAX_LINES)
    connection.execute(delete(t).where(tuple_(t.c.feed, t.c.text).in_(excess)))
