"""The state: all queries, and the transactions that change it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    Select,
    delete,
    exists,
    func,
    select,
    tuple_,
    union,
    update,
)

from feedpub.core.errors import StoreError
from feedpub.core.models import GUID_PREFIX, Alias, AliasKind, Entry, Removed
from feedpub.store import schema
from feedpub.store.archives import ArchivesTable, mark_published
from feedpub.store.checks import CheckTable, earliest_recheck, prune_checks
from feedpub.store.column_types import UtcSeconds
from feedpub.store.copy import CopyProgress, copy_state, no_progress
from feedpub.store.database import Database
from feedpub.store.feed_state import (
    EntryChanges,
    FeedState,
    FeedTransaction,
    KnownKeys,
    RelatedEntries,
    load_aliases,
    load_entries,
    load_feed_state,
    load_item_states,
    load_known_keys,
    load_rechecks,
    load_related_entries,
    without_claims,
)
from feedpub.store.feed_stats import (
    FeedStats,
    RemovalTable,
    SummaryTable,
    add_removed_lines,
    drop_summary,
    save_rendered_files,
)
from feedpub.store.files import FILE_NAME, StatePlace
from feedpub.store.incidents import IncidentTable, ProposalTable, save_proposals
from feedpub.store.leases import LeaseTable, RobotsCacheTable
from feedpub.store.observations import ObservationTable, add_observations
from feedpub.store.outbox import OutboxTable
from feedpub.store.records import (
    BackfillState,
    CachedDocument,
    Headline,
    ItemState,
    PageSnapshot,
    ProbeState,
    Proposal,
    RunRecord,
    SourceObservation,
    SourceState,
    WatchedText,
)
from feedpub.store.rhythms import RhythmTable, count_change, count_removal, prune_rhythms
from feedpub.store.rows import (
    as_row,
    chunks,
    from_row,
    run_as_row,
    run_from_row,
    select_record,
    select_records,
    select_rows,
    upsert,
)
from feedpub.store.schedule import RunMarkTable, ScheduleTable, unmark_run
from feedpub.store.snapshots import (
    SnapshotTable,
    drop_snapshots,
    prune_snapshots,
)
from feedpub.store.sqlite import FileDatabase

if TYPE_CHECKING:
    from feedpub.store.postgres import PostgresDatabase

MAX_RUNS = 200  # of each feed
MAX_INCIDENTS = 1000  # of all feeds; health.rss contains the latest 50
MAX_URL_CHARS = 2000  # of a cached document; PostgreSQL's indexes allow 2,700 bytes
_DAY = timedelta(days=1)


class Store:
    """The state of all feeds, in a file or in PostgreSQL. Threads and processes may share it.

    Every method raises StoreError if the state cannot be read or written. The message names the
    state and what to do. A method's changes are one transaction: they are on the disk when it
    returns, or not made at all.

    Attributes:
        robots_cache: the robots.txt of each origin.
        checks: the checks that found nothing new.
        schedule: the next run of each feed.
        rhythms: the learned rhythm of each source's publications.
        archives: the archive of each entry.
        snapshots: the pages that entries were made from.
        outbox: messages that are not sent yet.
        removal_stats: lines that the cleaner removes.
        stats: statistics of all feeds.
        summaries: each feed's line on the index page, and what its files were rendered from.
        observations: the results of each source's checks.
        incidents: failures and recoveries, and the alerts about them.
        proposals: changes of the config that would repair sources.
        leases: exclusive rights of one of several processes.
        run_marks: the runs that are active, or were when their process crashed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.robots_cache = RobotsCacheTable(database)
        self.checks = CheckTable(database)
        self.schedule = ScheduleTable(database)
        self.rhythms = RhythmTable(database)
        self.archives = ArchivesTable(database)
        self.snapshots = SnapshotTable(database)
        self.outbox = OutboxTable(database)
        self.removal_stats = RemovalTable(database)
        self.stats = FeedStats(database)
        self.summaries = SummaryTable(database)
        self.observations = ObservationTable(database)
        self.incidents = IncidentTable(database)
        self.proposals = ProposalTable(database)
        self.leases = LeaseTable(database)
        self.run_marks = RunMarkTable(database)

    @classmethod
    def open(
        cls,
        place: StatePlace,
        *,
        copy: bool = False,
        snapshots_of: Collection[str] | None = None,
        timeout_seconds: float = 30.0,
    ) -> Self:
        """Open a state, and migrate it to this code's version.

        Args:
            place: a folder, which is created if it is missing; or the address of a database.
            copy: work on a temporary copy, and leave the original as it is.
            snapshots_of: the feeds whose page snapshots the copy needs; None for all. A copy of a
                folder always has all of them.
            timeout_seconds: the maximum wait for another process's transaction.
        """
        if copy:
            return cls._temporary_copy(place, snapshots_of)
        store = cls.lazy(place, timeout_seconds=timeout_seconds)
        store.connect()
        return store

    @classmethod
    def lazy(cls, place: StatePlace, *, timeout_seconds: float = 30.0) -> Self:
        """Return a state without opening it, so that it can be rebuilt if it is corrupt."""
        if isinstance(place, Path):
            return cls(FileDatabase(place / FILE_NAME, timeout_seconds=timeout_seconds))
        return cls(_import_postgres()(place, timeout_seconds=timeout_seconds))

    @classmethod
    def read_only(cls, place: StatePlace) -> Self:
        """Open a state that is only read: it is neither changed nor migrated.

        Raises:
            StoreError: there is no state.
        """
        if isinstance(place, str):
            store = cls(_import_postgres()(place, read_only=True))
            store.connect()
            return store
        if not cls.lazy(place).exists():
            raise StoreError(f"{place} contains no state; is it the folder that `state` names?")
        return cls(FileDatabase.temporary_copy(place / FILE_NAME))

    @classmethod
    def _temporary_copy(cls, place: StatePlace, snapshots_of: Collection[str] | None) -> Self:
        if isinstance(place, Path):
            return cls(FileDatabase.temporary_copy(place / FILE_NAME))
        copy = cls.empty()
        try:
            if cls.lazy(place).exists():
                with cls.read_only(place) as original:
                    original.copy_to(copy, snapshots_of=snapshots_of)
        except BaseException:
            copy.close()
            raise
        return copy

    @classmethod
    def empty(cls) -> Self:
        """Return an empty state that is deleted when it is closed."""
        return cls(FileDatabase.temporary())

    def exists(self) -> bool:
        """Return True if there is a state of any version. None is created."""
        return self._database.exists()

    def connect(self) -> None:
        """Open the state.

        Raises:
            CorruptStateError: it has to be rebuilt.
        """
        self._database.open()

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Quarantine a corrupt file and create a new one.

        Args:
            fill: called with the path of the quarantined file. It fills the new one by methods of
                this store; other threads and processes have to wait until it returns.

        Returns:
            The path of the quarantined file; None if the state was rebuilt already.
        """
        return self._database.rebuild(fill)

    def close(self) -> None:
        """Close the state. Everything that was committed is on the disk already."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def feed_lock(self, feed: str) -> AbstractContextManager[None]:
        """Hold a feed's lock, which excludes other threads and processes from running it."""
        return self._database.feed_lock(feed)

    def check_lock(self) -> None:
        """Check that this thread still holds its feed's lock, before it publishes anything.

        Raises:
            StoreError: the lock was lost, and another process may run the feed.
        """
        self._database.check_lock()

    def other_connections(self) -> int:
        """Return the number of connections of other processes; 0 for a file."""
        return self._database.other_connections()

    def copy_to(
        self,
        other: Self,
        progress: CopyProgress = no_progress,
        *,
        snapshots_of: Collection[str] | None = None,
    ) -> int:
        """Copy everything into another, empty state.

        Args:
            other: the target, in either engine.
            progress: called with each table's name and the number of its copied rows.
            snapshots_of: the feeds whose page snapshots are copied, which are most of the data;
                None for all feeds.

        Returns:
            The number of copied rows.

        Raises:
            StoreError: the target is not empty.
        """
        return copy_state(self._database, other._database, progress, snapshots_of=snapshots_of)

    # --- entries ---

    def entries(self, feed: str, limit: int | None = None) -> tuple[Entry, ...]:
        """Return a feed's entries, newest first; those of the same date as they were listed."""
        t = schema.entries
        newest = select(t).where(t.c.feed == feed).order_by(*schema.NEWEST_FIRST).limit(limit)
        return select_records(self._database, Entry, newest)

    def live_entries(self, feed: str, limit: int | None = None) -> tuple[Entry, ...]:
        """Return a feed's entries as `entries` does, without those that a backfill added."""
        t = schema.entries
        own = select(t).where(t.c.feed == feed, t.c.backfilled.is_(False))
        newest = own.order_by(*schema.NEWEST_FIRST).limit(limit)
        return select_records(self._database, Entry, newest)

    def entry(self, feed: str, id: str) -> Entry | None:  # noqa: A002 -- the field's name
        """Return an entry by its id."""
        t = schema.entries
        query = select(t).where(t.c.feed == feed, t.c.id == id)
        return select_record(self._database, Entry, query)

    def entries_by_id(self, feed: str, ids: Sequence[str]) -> tuple[Entry, ...]:
        """Return the entries with the given ids, in their order."""
        with self._database.read_transaction() as connection:
            found = load_entries(connection, feed, ids)
        return tuple(found[id_] for id_ in ids if id_ in found)

    def entry_texts(self, feed: str, ids: Sequence[str]) -> tuple[Entry, ...]:
        """Return the entries with the given ids, in their order, with what is compared of them.

        That is their titles, texts, lead images, dates, addresses and sources.
        """
        t = schema.entries
        names = ("id", "url", "title", "first_seen", "published", "updated")
        columns = [t.c[name] for name in (*names, "text", "image", "source")]
        query = select(*columns).where(t.c.feed == feed)
        found: dict[str, Entry] = {}
        with self._database.read_transaction() as connection:
            for some in chunks(ids):
                for row in connection.execute(query.where(t.c.id.in_(some))).mappings():
                    found[row["id"]] = Entry(**row)
        return tuple(found[id_] for id_ in ids if id_ in found)

    def headlines_between(
        self, feed: str, since: datetime, until: datetime, limit: int
    ) -> tuple[Headline, ...]:
        """Return the headlines of the entries that were published in a period, newest first.

        Args:
            feed: the feed's name.
            since: the earliest time.
            until: the latest time.
            limit: the maximum number of entries.
        """
        t = schema.entries
        columns = [t.c[name] for name in Headline.__dataclass_fields__]
        query = select(*columns).where(t.c.feed == feed, t.c.published.between(since, until))
        newest = query.order_by(*schema.NEWEST_FIRST).limit(limit)
        return select_records(self._database, Headline, newest)

    def count(self, feed: str) -> int:
        """Return the number of a feed's stored entries."""
        t = schema.entries
        return int(self._rows(select(func.count().label("n")).where(t.c.feed == feed))[0]["n"])

    def updated_by_id(self, feed: str, ids: Collection[str] | None = None) -> dict[str, datetime]:
        """Return entry id → its `updated`, for some entries or for all."""
        t = schema.entries
        query = select(t.c.id, t.c.updated).where(t.c.feed == feed)
        with self._database.read_transaction() as connection:
            if ids is None:
                rows = list(connection.execute(query))
            else:
                rows = []
                for some in chunks(ids):
                    rows += connection.execute(query.where(t.c.id.in_(some)))
        return {row.id: row.updated for row in rows}

    def ids_ending_in(self, feed: str, endings: Collection[str]) -> list[str]:
        """Return the ids of a feed's entries that end in one of some texts of equal length."""
        t = schema.entries
        found: list[str] = []
        with self._database.read_transaction() as connection:
            for some in chunks(endings):
                start = func.length(t.c.id) - len(some[0]) + 1
                query = select(t.c.id).where(t.c.feed == feed, func.substr(t.c.id, start).in_(some))
                found += connection.scalars(query)
        return found

    def slugs(self, feed: str) -> set[str]:
        """Return the stems of the web pages of a feed's entries."""
        t = schema.entries
        rows = self._rows(select(t.c.slug).where(t.c.feed == feed, t.c.slug != ""))
        return {row["slug"] for row in rows}

    def aliases(self, feed: str, keys: Collection[str]) -> dict[str, str]:
        """Return key → entry id, for those of the keys under which an entry was listed."""
        return without_claims(self.all_aliases(feed, keys))

    def all_aliases(self, feed: str, keys: Collection[str]) -> dict[str, Alias]:
        """Return key → alias, for those of the keys that were listed or claimed by a page."""
        with self._database.read_transaction() as connection:
            return load_aliases(connection, feed, keys)

    def owners(self, feed: str, keys: Collection[str]) -> dict[str, str]:
        """Return key → the source of its entry, for those of the keys that are an entry's own."""
        a, e = schema.aliases, schema.entries
        same = (a.c.feed == e.c.feed) & (a.c.entry == e.c.id)
        query = (
            select(a.c.key, e.c.source)
            .join(e, same)
            .where(a.c.feed == feed, a.c.kind == AliasKind.OWN)
        )
        found: dict[str, str] = {}
        for some in chunks(keys):
            rows = self._rows(query.where(a.c.key.in_(some)))
            found.update({row["key"]: row["source"] for row in rows})
        return found

    def guid_keys(self, feed: str, ids: Collection[str]) -> dict[str, set[str]]:
        """Return entry id → the keys made from its guids, for some entries."""
        return self.entry_keys(feed, ids, GUID_PREFIX)

    def entry_keys(self, feed: str, ids: Collection[str], prefix: str) -> dict[str, set[str]]:
        """Return entry id → its keys with a prefix, for some entries."""
        t = schema.aliases
        query = select(t.c.key, t.c.entry).where(
            t.c.feed == feed, t.c.key.startswith(prefix, autoescape=True)
        )
        found: dict[str, set[str]] = {}
        for some in chunks(ids):
            for row in self._rows(query.where(t.c.entry.in_(some))):
                found.setdefault(row["entry"], set()).add(row["key"])
        return found

    def listed_since(self, feed: str, time: datetime, limit: int) -> tuple[str, ...]:
        """Return the ids of the entries that were listed at a time or later, latest first.

        Args:
            feed: the feed's name.
            time: the earliest time.
            limit: the maximum number of entries.
        """
        t = schema.entries
        recent = select(t.c.id).where(t.c.feed == feed, t.c.last_listed >= time)
        newest = recent.order_by(t.c.last_listed.desc(), *schema.NEWEST_FIRST).limit(limit)
        with self._database.read_transaction() as connection:
            return tuple(connection.scalars(newest))

    def item_states(self, feed: str, keys: Collection[str]) -> dict[str, ItemState]:
        """Return key → the item's state, for those of the keys that were listed."""
        with self._database.read_transaction() as connection:
            return load_item_states(connection, feed, keys)

    def unread_items(self, feed: str) -> tuple[tuple[ItemState, datetime], ...]:
        """Return the items of a feed that could not be read completely, by key.

        Each has the time at which it was listed last.
        """
        t = schema.item_states
        query = select(t).where(t.c.feed == feed, t.c.state.in_(("failed", "partial")))
        rows = self._rows(query.order_by(t.c.key))
        return tuple((from_row(ItemState, row), row["last_listed"]) for row in rows)

    def recently_listed(self, feed: str, limit: int) -> set[str]:
        """Return the keys of the items of a feed that were listed latest, up to a limit."""
        t = schema.item_states
        keys = select(t.c.key).where(t.c.feed == feed)
        newest = keys.order_by(t.c.last_listed.desc(), t.c.key).limit(limit)
        return {row["key"] for row in self._rows(newest)}

    def next_recheck(self, feed: str, now: datetime) -> datetime | None:
        """Return the time of a feed's next recheck, even if it is past; None if there is none."""
        t = schema.item_states
        bounds = select(
            func.min(t.c.recheck_at, type_=UtcSeconds).label("first"),
            func.max(t.c.recheck_at, type_=UtcSeconds).label("last"),
        )
        row = self._rows(bounds.where(t.c.feed == feed))[0]
        return earliest_recheck(row["first"], row["last"], now)

    def rechecks(self, feed: str, now: datetime, limit: int) -> tuple[ItemState, ...]:
        """Return the items of a feed whose rechecks are due, the most overdue first."""
        with self._database.read_transaction() as connection:
            return tuple(load_rechecks(connection, feed, now, limit))

    def end_rechecks(self, feed: str, keys: Collection[str]) -> None:
        """Cancel the rechecks of some items of a feed."""
        t = schema.item_states
        with self._database.write_transaction() as connection:
            for some in chunks(keys):
                own = (t.c.feed == feed, t.c.key.in_(some))
                connection.execute(update(t).where(*own).values(recheck_at=None, url=""))

    def commit_entries(  # noqa: PLR0913 -- all that one transaction stores, by name
        self,
        feed: str,
        *,
        entries: Collection[Entry] = (),
        aliases: Mapping[str, str],
        item_states: Collection[ItemState],
        claimed: Mapping[str, Alias] | None = None,
        listed: Collection[str] = (),
        snapshots: Mapping[str, PageSnapshot] | None = None,
        same_content: Collection[str] = (),
        backfilled: Collection[str] = (),
        now: datetime,
    ) -> None:
        """Store entries, ids and item states in a transaction of their own.

        The arguments are the fields of `EntryChanges`; only aliases are divided into those under
        which an entry is listed, as key → entry id, and all others (`claimed`).
        """
        own = {key: Alias(entry_id) for key, entry_id in aliases.items()}
        changes = EntryChanges(
            entries=entries,
            aliases={**(claimed or {}), **own},
            listed=listed,
            item_states=item_states,
            snapshots=snapshots or {},
            same_content=same_content,
            backfilled=backfilled,
            now=now,
        )
        with self.feed_transaction(feed) as transaction:
            transaction.save(changes)

    @contextmanager
    def feed_transaction(self, feed: str) -> Iterator[FeedTransaction]:
        """Open the transaction that changes a feed's entries. The caller holds the feed's lock."""
        with self._database.write_transaction() as connection:
            yield FeedTransaction(connection, feed)

    def replace_entries(self, feed: str, entries: Iterable[Entry]) -> None:
        """Replace the stored entries with the same ids. No entry is added or marked as listed."""
        t = schema.entries
        rows = [as_row(entry) for entry in entries]
        with self._database.write_transaction() as connection:
            drop_summary(connection, feed)
            count_change(
                connection, feed, {row["source"] for row in rows}, {row["id"] for row in rows}
            )
            for row in rows:
                own = update(t).where(t.c.feed == feed, t.c.id == row["id"])
                connection.execute(own.values(row))

    # --- what a run reads ---

    def feed_state(self, feed: str, now: datetime, max_rechecks: int = 0) -> FeedState:
        """Return the state of a feed at the start of a run, with due rechecks up to a limit."""
        with self._database.read_transaction() as connection:
            return load_feed_state(connection, feed, now, max_rechecks)

    def known_keys(self, feed: str, keys: Collection[str]) -> KnownKeys:
        """Return what is stored about the keys of listed items."""
        with self._database.read_transaction() as connection:
            return load_known_keys(connection, feed, keys)

    def related_entries(
        self, feed: str, keys: Collection[str], ids: Collection[str], since: datetime
    ) -> RelatedEntries:
        """Return the entries that some keys refer to, and what identifies them.

        Args:
            feed: the feed's name.
            keys: the keys.
            ids: the ids of further entries.
            since: earlier update times are not returned.
        """
        with self._database.read_transaction() as connection:
            return load_related_entries(connection, feed, keys, ids, since)

    # --- sources and runs ---

    def cached_document(self, url: str, config: str) -> CachedDocument | None:
        """Return a source's cached document that was fetched with settings of this digest."""
        t = schema.document_cache
        query = select(t).where(t.c.url == url, t.c.config_digest == config)
        return select_record(self._database, CachedDocument, query)

    def sources(self, feed: str) -> tuple[SourceState, ...]:
        """Return the states of all sources that a feed has had, by key."""
        t = schema.sources
        query = select(t).where(t.c.feed == feed).order_by(t.c.key)
        return select_records(self._database, SourceState, query)

    def runs(self, feed: str, limit: int | None = None) -> tuple[RunRecord, ...]:
        """Return the runs of a feed, latest first."""
        t = schema.runs
        newest = select(t).where(t.c.feed == feed).order_by(t.c.id.desc()).limit(limit)
        return tuple(run_from_row(row) for row in self._rows(newest))

    def last_run(self, feed: str) -> RunRecord | None:
        """Return the latest run of a feed; None if it has never run."""
        return next(iter(self.runs(feed, limit=1)), None)

    def commit_run(  # noqa: PLR0913 -- all that one transaction stores, by name
        self,
        run: RunRecord,
        *,
        documents: Iterable[CachedDocument] = (),
        sources: Iterable[SourceState] = (),
        observations: Iterable[SourceObservation] = (),
        watched: Iterable[WatchedText] = (),
        probe_states: Mapping[str, ProbeState | None] | None = None,
        removed: Iterable[Sequence[Removed]] = (),
        memories: Mapping[str, bytes | None] | None = None,
        proposals: Collection[Proposal] = (),
        repaired: Collection[str] = (),
        published: Collection[str] = (),
        rendered: bytes | None = None,
    ) -> None:
        """Store a run's result, after publishing: documents with validators are not fetched again.

        Args:
            run: the run. The latest `MAX_RUNS` of each feed are kept.
            documents: the source documents that were fetched. Those with very long URLs are not
                stored.
            sources: the states of the sources.
            observations: the results of the successful checks.
            watched: the texts of watched pages.
            probe_states: source key → its state without pending work; None deletes it. Those of
                other sources stay.
            removed: the lines that were removed from each new article.
            memories: site → its new memory; None if it was used and has not changed.
            proposals: new proposals, which replace earlier ones of their sources.
            repaired: the keys of sources whose proposals are deleted.
            published: the ids of entries that are in the live document now.
            rendered: the new record of the feed's files; None if it has not changed.
        """
        feed = run.outcome.feed
        cached = [as_row(document) for document in documents if len(document.url) <= MAX_URL_CHARS]
        with self._database.write_transaction() as connection:
            upsert(connection, schema.document_cache, cached)
            upsert(connection, schema.sources, [as_row(source) for source in sources])
            add_observations(connection, observations)
            upsert(connection, schema.watched_pages, [as_row(text) for text in watched])
            _save_probe_states(connection, feed, probe_states or {})
            add_removed_lines(connection, feed, removed, run.started)
            _save_memories(connection, memories or {}, run.started)
            save_proposals(connection, feed, proposals, repaired)
            mark_published(connection, feed, published)
            if rendered is not None:
                save_rendered_files(connection, {feed: rendered})
            unmark_run(connection, feed)
            connection.execute(schema.runs.insert(), run_as_row(run))
            _prune_runs(connection, feed)

    def watched_text(self, feed: str, key: str) -> WatchedText | None:
        """Return the text of a watched page at its last change; None if there is none."""
        t = schema.watched_pages
        query = select(t).where(t.c.feed == feed, t.c.key == key)
        return select_record(self._database, WatchedText, query)

    def backfill_state(self, feed: str, key: str) -> BackfillState | None:
        """Return how far the past of a source was read; None if it never was."""
        t = schema.backfills
        query = select(t).where(t.c.feed == feed, t.c.key == key)
        return select_record(self._database, BackfillState, query)

    def save_backfill_state(self, state: BackfillState) -> None:
        """Store how far the past of a source was read."""
        with self._database.write_transaction() as connection:
            upsert(connection, schema.backfills, [as_row(state)])

    # --- sites ---

    def site_memory(self, site: str) -> bytes | None:
        """Return the stored memory of a site; None if there is none."""
        return self.site_memories([site]).get(site)

    def site_memories(self, sites: Collection[str]) -> dict[str, bytes]:
        """Return site → its stored memory, for those of the sites that have one."""
        t = schema.site_memories
        rows: list[Row[Any]] = []
        if sites:
            with self._database.read_transaction() as connection:
                for some in chunks(sites):
                    query = select(t.c.site, t.c.memory).where(t.c.site.in_(some))
                    rows += connection.execute(query)
        return {row.site: row.memory for row in rows}

    def save_memories(self, memories: Mapping[str, bytes | None], now: datetime) -> None:
        """Store the memories of sites, and record that others were used without changing.

        Args:
            memories: site → its new memory; None if it has not changed.
            now: the time of use, which is recorded at most once a day.
        """
        if memories:
            with self._database.write_transaction() as connection:
                _save_memories(connection, memories, now)

    # --- all feeds ---

    def feeds(self) -> tuple[str, ...]:
        """Return the names of all feeds with stored data, even if they left the config."""
        tables = (schema.entries, schema.item_states, schema.sources, schema.runs)
        names = union(*(select(t.c.feed) for t in tables))
        with self._database.read_transaction() as connection:
            return tuple(sorted(connection.scalars(names)))

    def live_ids(self, feed: str, limit: int) -> list[str]:
        """Return the ids of a feed's newest entries, up to a limit, newest first."""
        t = schema.entries
        own = select(t.c.id).where(t.c.feed == feed, t.c.backfilled.is_(False))
        newest = own.order_by(*schema.NEWEST_FIRST).limit(limit)
        return [row["id"] for row in self._rows(newest)]

    def prune(
        self,
        before: datetime,
        keep: Mapping[str, Collection[str]],
        *,
        snapshots: datetime | None = None,
        robots: datetime | None = None,
    ) -> None:
        """Delete data that was last listed, fetched, checked or used before a time.

        Each feed's entries are one transaction, everything else another one.

        Args:
            before: the time. Entries are deleted with their aliases. Of the incidents, only the
                latest `MAX_INCIDENTS` are kept.
            keep: feed → ids of the entries in its live document, which are kept with their aliases
                however old they are. The snapshots of its other entries are deleted.
            snapshots: the time for page snapshots; None for the same.
            robots: the time for the expiry of robots.txt files; None for the same.
        """
        feeds = [row["feed"] for row in self._rows(select(schema.entries.c.feed).distinct())]
        for feed in feeds:
            self._prune_entries(feed, before, keep.get(feed))
        t = schema.item_states
        aliased = select(schema.aliases.c.feed, schema.aliases.c.key)
        old_items = delete(t).where(t.c.last_listed < before)
        with self._database.write_transaction() as connection:
            prune_snapshots(connection, snapshots or before)
            connection.execute(old_items.where(tuple_(t.c.feed, t.c.key).not_in(aliased)))
            for date in (
                schema.document_cache.c.fetched,
                schema.sources.c.checked,
                schema.watched_pages.c.checked,
                schema.runs.c.started,
                schema.removal_stats.c.last,
                schema.source_observations.c.at,
                schema.incidents.c.at,
                schema.proposals.c.at,
                schema.source_probes.c.until,
                schema.schedule.c.next_run,
                schema.outbox.c.due,
                schema.site_memories.c.used,
            ):
                connection.execute(delete(date.table).where(date < before))
            prune_checks(connection, before)
            prune_rhythms(connection)
            _prune_incidents(connection)
            _prune_summaries(connection, keep.keys())
            expires = schema.robots_cache.c.expires
            connection.execute(delete(schema.robots_cache).where(expires < (robots or before)))

    def prune_feed(self, feed: str, before: datetime, live: Collection[str]) -> None:
        """Delete a feed's entries and items that were last listed before a time.

        `prune` deletes what else is old, of all feeds.

        Args:
            feed: the feed's name.
            before: the time.
            live: the ids of the entries in its live document, which are kept.
        """
        self._prune_entries(feed, before, live)
        t = schema.item_states
        aliased = select(schema.aliases.c.key).where(schema.aliases.c.feed == feed)
        is_old = (t.c.feed == feed, t.c.last_listed < before, t.c.key.not_in(aliased))
        with self._database.write_transaction() as connection:
            connection.execute(delete(t).where(*is_old))

    def _prune_entries(self, feed: str, before: datetime, live: Collection[str] | None) -> None:
        """Delete a feed's old entries except for live ones, and the snapshots of all others.

        Args:
            feed: the feed's name.
            before: delete entries that were last listed before this time.
            live: the ids of the live entries; None if they are unknown.
        """
        t, p = schema.entries, schema.page_snapshots
        is_old = (t.c.feed == feed, t.c.last_listed < before)
        old = {row["id"] for row in self._rows(select(t.c.id).where(*is_old))}
        old -= set(live or ())
        with_snapshot = self._rows(select(p.c.entry).where(p.c.feed == feed))
        outdated = set()
        if live is not None:
            outdated = {row["entry"] for row in with_snapshot} - set(live)
        if not old and not outdated:
            return
        with self._database.write_transaction() as connection:
            for some in chunks(old):
                # The date again: another process may have listed one of them since.
                connection.execute(delete(t).where(*is_old, t.c.id.in_(some)))
            if old:
                count_removal(connection, feed)
            drop_snapshots(connection, feed, outdated)

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        return select_rows(self._database, query)


def _import_postgres() -> "type[PostgresDatabase]":
    """Return the engine whose driver is an optional dependency."""
    try:
        from feedpub.store.postgres import PostgresDatabase  # noqa: PLC0415 -- optional
    except ImportError as error:
        raise StoreError(
            f"the state in PostgreSQL requires pip install 'feedpub[postgres]': {error}"
        ) from error
    return PostgresDatabase


def _save_probe_states(
    connection: Connection, feed: str, states: Mapping[str, ProbeState | None]
) -> None:
    t = schema.source_probes
    upsert(connection, t, [as_row(state) for state in states.values() if state])
    ended = [key for key, state in states.items() if state is None]
    if ended:
        connection.execute(delete(t).where(t.c.feed == feed, t.c.key.in_(ended)))


def _save_memories(
    connection: Connection, memories: Mapping[str, bytes | None], now: datetime
) -> None:
    t = schema.site_memories
    rows = [
        {"site": site, "memory": memory, "used": now}
        for site, memory in memories.items()
        if memory is not None
    ]
    upsert(connection, t, rows)
    unchanged = [site for site, memory in memories.items() if memory is None]
    for some in chunks(unchanged):
        old = update(t).where(t.c.site.in_(some), t.c.used < now - _DAY)
        connection.execute(old.values(used=now))


def _prune_incidents(connection: Connection) -> None:
    """Delete the oldest incidents beyond the maximum."""
    t = schema.incidents
    too_old = select(t.c.at).order_by(t.c.at.desc()).offset(MAX_INCIDENTS).limit(1)
    connection.execute(delete(t).where(t.c.at <= too_old.scalar_subquery()))


def _prune_summaries(connection: Connection, published: Collection[str]) -> None:
    """Delete the summaries and records of feeds that have no entries and are not published."""
    for t in (schema.feed_summaries, schema.rendered_files):
        empty = select(t.c.feed).where(
            ~exists().where(schema.entries.c.feed == t.c.feed),
            t.c.feed.not_like("*%"),  # files about all feeds
        )
        for some in chunks(set(connection.scalars(empty)) - set(published)):
            connection.execute(delete(t).where(t.c.feed.in_(some)))


def _prune_runs(connection: Connection, feed: str) -> None:
    """Delete a feed's oldest runs beyond the maximum."""
    t = schema.runs
    newest = select(t.c.id).where(t.c.feed == feed).order_by(t.c.id.desc())
    too_old = newest.offset(MAX_RUNS).limit(1).scalar_subquery()
    connection.execute(delete(t).where(t.c.feed == feed, t.c.id <= too_old))
