"""Store: every question that may be asked of the state, and the few transactions that change it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    union,
    update,
)

from feedpub.core.errors import StoreError
from feedpub.core.models import GUID_PREFIX, Alias, AliasKind, Entry
from feedpub.store import schema
from feedpub.store.archives import ArchivesTable
from feedpub.store.column_types import UtcSeconds
from feedpub.store.copy import CopyProgress, copy_state, no_progress
from feedpub.store.database import Database, StatePlace
from feedpub.store.feed_stats import FeedStats, RemovalTable, SummaryTable, drop_summary
from feedpub.store.incidents import IncidentTable, ProposalTable
from feedpub.store.leases import LeaseTable
from feedpub.store.observations import ObservationTable, add_observations, prolong_observations
from feedpub.store.outbox import OutboxTable
from feedpub.store.records import (
    CachedDocument,
    ItemState,
    PageSnapshot,
    ProbeState,
    RunRecord,
    SourceObservation,
    SourceState,
)
from feedpub.store.robots import RobotsCacheTable
from feedpub.store.rows import as_row, chunks, from_row, run_as_row, run_from_row, upsert
from feedpub.store.run_marks import RunMarkTable, unmark_run
from feedpub.store.schedule import ScheduleTable
from feedpub.store.snapshots import (
    SnapshotTable,
    drop_snapshots,
    prune_snapshots,
    replace_snapshots,
)
from feedpub.store.sqlite import FILE_NAME, FileDatabase

if TYPE_CHECKING:
    from feedpub.store.postgres import PostgresDatabase

FARTHEST_RECHECK = timedelta(days=3)  # none is planned for later, unless by a clock that was ahead
RUNS_KEPT = 200  # of each feed
NOTICES_KEPT = 1000  # of all feeds; health.rss shows the last 50
_DAY = timedelta(days=1)
LONGEST_ADDRESS = (
    2000  # characters of a document that is kept; PostgreSQL's indexes hold up to 2,700 bytes
)


class Store:
    """The state of all feeds, in a file or in a database server. Threads may share it, and other processes use it, too.

    Every method raises StoreError where it cannot be read or written; the message names it and says
    what to do. What a method changes is one transaction: it is on the disk when the method returns,
    or nothing of it is.

    Attributes:
        robots: what robots.txt said, by origin.
        schedule: when each feed runs next.
        archives: which entry stands in which archive.
        pages: what entries were made of.
        messages: what has to be told to others.
        removals: what the cleaner removes.
        figures: questions about all feeds at once.
        fronts: what the page of all feeds says of each.
        looks: what is usual for each source.
        notices: what is broken now, and what was told of it.
        proposals: how the config could be changed so that it is read again.
        claims: what one of several processes has for itself.
        marks: which feeds' runs are under way, or were when their process died.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.robots_cache = RobotsCacheTable(database)
        self.schedule = ScheduleTable(database)
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
        pages_of: Collection[str] | None = None,
        patience: float = 30.0,
    ) -> Self:
        """Open the state at a place, brought to the version of this code.

        Args:
            place: a folder, made where it is missing, for its owner alone; or the address of a
                database.
            copy: work on a copy that is gone on closing, and leave the place as it is.
            pages_of: the feeds whose kept pages a copy needs; left out, all. Of a folder they all
                come.
            patience: seconds to wait for another process's transaction.
        """
        if copy:
            return cls._copy_of(place, pages_of)
        store = cls.lazy(place, patience=patience)
        store.connect()
        return store

    @classmethod
    def lazy(cls, place: StatePlace, *, patience: float = 30.0) -> Self:
        """The state at a place, not opened yet: one that turns out to be damaged can be renewed."""
        if isinstance(place, Path):
            return cls(FileDatabase(place / FILE_NAME, patience=patience))
        return cls(_postgres()(place, patience=patience))

    @classmethod
    def read_only(cls, place: StatePlace) -> Self:
        """The state at a place, to be read alone: nothing is changed there, nor brought up to date.

        Raises:
            StoreError: there is none.
        """
        if isinstance(place, str):
            store = cls(_postgres()(place, untouched=True))
            store.connect()
            return store
        if not cls.lazy(place).exists():
            raise StoreError(
                f"{place}: no state of feedpub's lies there; is it the folder that `state` names?"
            )
        return cls(FileDatabase.temporary_copy(place / FILE_NAME))

    @classmethod
    def _copy_of(cls, place: StatePlace, pages_of: Collection[str] | None) -> Self:
        if isinstance(place, Path):
            return cls(FileDatabase.temporary_copy(place / FILE_NAME))
        copy = cls.empty()
        try:
            if cls.lazy(place).exists():
                with cls.read_only(place) as original:
                    original.copy_to(copy, pages_of=pages_of)
        except BaseException:
            copy.close()
            raise
        return copy

    @staticmethod
    def quarantined_files(place: StatePlace) -> tuple[Path, ...]:
        """The damaged files of a state that were set aside, oldest first. Raises StoreError."""
        return (
            FileDatabase(place / FILE_NAME).quarantined_files() if isinstance(place, Path) else ()
        )

    @staticmethod
    def exposures(place: StatePlace) -> tuple[str, ...]:
        """Say which rights others have on a state in a folder, and how to take them away.

        Raises StoreError.
        """
        return FileDatabase(place / FILE_NAME).exposures() if isinstance(place, Path) else ()

    @classmethod
    def empty(cls) -> Self:
        """A state that knows nothing, and is gone on closing."""
        return cls(FileDatabase.temporary())

    def exists(self) -> bool:
        """Whether there is one at its place already, of whichever version; asking makes none."""
        return self._database.exists()

    def connect(self) -> None:
        """Open it now. Raises StoreError; CorruptStateError where it has to be renewed."""
        self._database.open()

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Set a damaged file aside and go on with a new one; no thread and no process sees it before it is filled.

        Args:
            fill: is told where the damaged file lies, and puts into the new one, by methods of this
                store, what is known from elsewhere.

        Returns:
            Where the damaged file lies now; None where somebody has renewed it already.
        """
        return self._database.rebuild(fill)

    def close(self) -> None:
        """Close it. What was committed is on the disk already."""
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
        """Work on a feed while no other thread or process does.

        From what it knows to what it publishes.
        """
        return self._database.feed_lock(feed)

    def check_lock(self) -> None:
        """Ask whether this thread is still alone with its feed, before others see what it made of it.

        Raises:
            StoreError: it is not: the lock was lost, and somebody else may be at work on the feed.
        """
        self._database.check_lock()

    def other_connections(self) -> int:
        """How many connections other processes of feedpub have to it.

        Of a file nobody knows, so 0.
        """
        return self._database.other_connections()

    def copy_to(
        self,
        other: Self,
        progress: CopyProgress = no_progress,
        *,
        pages_of: Collection[str] | None = None,
    ) -> int:
        """Put all that there is into another state, which knows nothing yet; all of it, or nothing.

        Args:
            other: of whichever engine.
            progress: told of each table and how many of its rows are there.
            pages_of: the feeds whose kept pages come along, the bulk of most states; left out, all.

        Returns:
            How many rows there are now.

        Raises:
            StoreError: the other state knows something already.
        """
        return copy_state(self._database, other._database, progress, pages_of=pages_of)

    # --- entries ---

    def entries(self, feed: str, limit: int | None = None) -> tuple[Entry, ...]:
        """A feed's entries, newest first; of equal dates, in the order that they were listed in."""
        t = schema.entries
        newest = select(t).where(t.c.feed == feed).order_by(*schema.NEWEST_FIRST).limit(limit)
        return tuple(from_row(Entry, row) for row in self._rows(newest))

    def entry(self, feed: str, id: str) -> Entry | None:  # noqa: A002 -- the field's name
        """One entry by its id."""
        t = schema.entries
        rows = self._rows(select(t).where(t.c.feed == feed, t.c.id == id))
        return from_row(Entry, rows[0]) if rows else None

    def published(self, feed: str) -> dict[str, list[tuple[datetime, datetime]]]:
        """Source key → when each of its entries was published and first seen, by date of publication."""
        t = schema.entries
        columns = (t.c.source, t.c.published, t.c.first_seen)
        found: dict[str, list[tuple[datetime, datetime]]] = {}
        for row in self._rows(select(*columns).where(t.c.feed == feed).order_by(t.c.published)):
            found.setdefault(row["source"], []).append((row["published"], row["first_seen"]))
        return found

    def count(self, feed: str) -> int:
        """How many entries are stored of a feed."""
        t = schema.entries
        return int(self._rows(select(func.count().label("n")).where(t.c.feed == feed))[0]["n"])

    def update_times(self, feed: str) -> set[datetime]:
        """Every `updated` that an entry of the feed has."""
        t = schema.entries
        return {row["updated"] for row in self._rows(select(t.c.updated).where(t.c.feed == feed))}

    def updated_by_id(self, feed: str) -> dict[str, datetime]:
        """Entry id → its `updated`."""
        t = schema.entries
        return {
            row["id"]: row["updated"]
            for row in self._rows(select(t.c.id, t.c.updated).where(t.c.feed == feed))
        }

    def slugs(self, feed: str) -> set[str]:
        """The stem of every own page of the feed."""
        t = schema.entries
        return {
            row["slug"]
            for row in self._rows(select(t.c.slug).where(t.c.feed == feed, t.c.slug != ""))
        }

    def aliases(self, feed: str, keys: Collection[str]) -> dict[str, str]:
        """Key → entry id, for those of the keys under which an entry was ever listed."""
        found = self.all_aliases(feed, keys)
        return {
            key: alias.entry for key, alias in found.items() if alias.kind is not AliasKind.CLAIMED
        }

    def all_aliases(self, feed: str, keys: Collection[str]) -> dict[str, Alias]:
        """Return what those of the keys lead to that were ever listed, or claimed by an entry's page."""
        return {
            row["key"]: from_row(Alias, row) for row in self._of_keys(schema.aliases, feed, keys)
        }

    def owners(self, feed: str, keys: Collection[str]) -> dict[str, str]:
        """Return the key of the source that each entry belongs to, by the keys under which it was listed."""
        a, e = schema.aliases, schema.entries
        same = (a.c.feed == e.c.feed) & (a.c.entry == e.c.id)
        query = (
            select(a.c.key, e.c.source)
            .join(e, same)
            .where(a.c.feed == feed, a.c.kind == AliasKind.OWN)
        )
        rows = [row for some in chunks(keys) for row in self._rows(query.where(a.c.key.in_(some)))]
        return {row["key"]: row["source"] for row in rows}

    def guid_keys(self, feed: str, ids: Collection[str]) -> dict[str, set[str]]:
        """Return the keys of guids that lead to each of some entries, by id."""
        t = schema.aliases
        query = select(t.c.key, t.c.entry).where(
            t.c.feed == feed, t.c.key.startswith(GUID_PREFIX, autoescape=True)
        )
        found: dict[str, set[str]] = {}
        for some in chunks(ids):
            for row in self._rows(query.where(t.c.entry.in_(some))):
                found.setdefault(row["entry"], set()).add(row["key"])
        return found

    def listed_since(self, feed: str, moment: datetime, limit: int) -> tuple[Entry, ...]:
        """Return the entries that were listed at a moment or later, those of the last list first.

        Args:
            feed: its name.
            moment: aware.
            limit: how many to return at most.
        """
        t = schema.entries
        recent = select(t).where(t.c.feed == feed, t.c.last_listed >= moment)
        newest = recent.order_by(t.c.last_listed.desc(), *schema.NEWEST_FIRST).limit(limit)
        return tuple(from_row(Entry, row) for row in self._rows(newest))

    def item_states(self, feed: str, keys: Collection[str]) -> dict[str, ItemState]:
        """Key → what became of the article, for those of the keys that were ever listed."""
        return {
            row["key"]: from_row(ItemState, row)
            for row in self._of_keys(schema.item_states, feed, keys)
        }

    def recently_listed(self, feed: str, limit: int) -> set[str]:
        """The keys of so many articles of a feed that were listed last."""
        t = schema.item_states
        newest = (
            select(t.c.key)
            .where(t.c.feed == feed)
            .order_by(t.c.last_listed.desc(), t.c.key)
            .limit(limit)
        )
        return {row["key"] for row in self._rows(newest)}

    def next_recheck(self, feed: str, now: datetime) -> datetime | None:
        """Return when the next article of a feed is to be looked at again, also if that is past.

        None if none is.
        """
        t = schema.item_states
        bounds = select(
            func.min(t.c.recheck_at, type_=UtcSeconds).label("first"),
            func.max(t.c.recheck_at, type_=UtcSeconds).label("last"),
        )
        row = self._rows(bounds.where(t.c.feed == feed))[0]
        first: datetime | None = row["first"]
        is_far = first is not None and row["last"] > now + FARTHEST_RECHECK
        return min(first, now) if first and is_far else first

    def rechecks(self, feed: str, now: datetime, limit: int) -> tuple[ItemState, ...]:
        """The articles of a feed that are to be looked at again by now, those that wait longest first."""
        t = schema.item_states
        is_due = or_(t.c.recheck_at <= now, t.c.recheck_at > now + FARTHEST_RECHECK)
        due = select(t).where(t.c.feed == feed, is_due)
        return tuple(
            from_row(ItemState, row)
            for row in self._rows(due.order_by(t.c.recheck_at, t.c.key).limit(limit))
        )

    def end_rechecks(self, feed: str, keys: Collection[str]) -> None:
        """Look at some articles of a feed no more."""
        t = schema.item_states
        with self._database.write_transaction() as connection:
            for some in chunks(keys):
                own = (t.c.feed == feed, t.c.key.in_(some))
                connection.execute(update(t).where(*own).values(recheck_at=None, url=""))

    def commit_entries(  # noqa: PLR0913 -- all that one transaction keeps, by name
        self,
        feed: str,
        *,
        entries: Iterable[Entry] = (),
        aliases: Mapping[str, str],
        seen: Iterable[ItemState],
        claims: Mapping[str, Alias] | None = None,
        listed: Collection[str] = (),
        pages: Mapping[str, PageSnapshot] | None = None,
        now: datetime,
    ) -> None:
        """Keep what one look at a feed's sources brought: before it is published, so that no id is ever lost.

        Args:
            feed: its name.
            entries: new and changed ones, whole.
            aliases: key → entry id, for keys under which an entry is listed; the known ones stay.
            claims: key → its entry, for keys that lead to one by what a page claims.
            listed: keys of entries that are listed now, besides those in `aliases` and `seen`.
            seen: what became of each article that is listed now, the unchanged ones too.
            pages: entry id → what it was made of; of entries that changed and are not among these,
                nothing is kept.
            now: when they were listed.
        """
        marks = {"feed": feed, "last_listed": now}
        seen_rows = [as_row(article) | marks for article in seen]
        entry_rows = [as_row(entry) | marks for entry in entries]
        with self._database.write_transaction() as connection:
            if entry_rows:
                drop_summary(connection, feed)
            upsert(connection, schema.entries, entry_rows)
            replace_snapshots(connection, feed, [row["id"] for row in entry_rows], pages or {})
            keys = {**(claims or {}), **{key: Alias(id_) for key, id_ in aliases.items()}}
            upsert(
                connection,
                schema.aliases,
                [as_row(alias) | {"feed": feed, "key": k} for k, alias in keys.items()],
            )
            upsert(connection, schema.item_states, seen_rows)
            _mark_listed(
                connection, feed, {*aliases, *listed, *(row["key"] for row in seen_rows)}, now
            )

    def replace_entries(self, feed: str, entries: Iterable[Entry]) -> None:
        """Keep entries in place of those of the same ids, though nobody listed them now.

        None is added.
        """
        t = schema.entries
        with self._database.write_transaction() as connection:
            drop_summary(connection, feed)
            for entry in entries:
                connection.execute(
                    update(t).where(t.c.feed == feed, t.c.id == entry.id).values(as_row(entry))
                )

    # --- sources and runs ---

    def cached_document(self, url: str, config: str) -> CachedDocument | None:
        """The last body of a source's document, where it was fetched with settings of this digest."""
        t = schema.document_cache
        rows = self._rows(select(t).where(t.c.url == url, t.c.config_digest == config))
        return from_row(CachedDocument, rows[0]) if rows else None

    def sources(self, feed: str) -> tuple[SourceState, ...]:
        """The state of each source that the feed ever had, by key."""
        t = schema.sources
        return tuple(
            from_row(SourceState, row)
            for row in self._rows(select(t).where(t.c.feed == feed).order_by(t.c.key))
        )

    def probe_states(self, feed: str) -> dict[str, tuple[ProbeState, SourceState]]:
        """Source key → how to ask it and how it is, for a feed's sources of which nothing is left to do."""
        calm, sources = schema.source_probes, schema.sources
        same = (calm.c.feed == sources.c.feed) & (calm.c.key == sources.c.key)
        own = [column for column in calm.columns if column.name not in sources.columns]
        query = select(sources, *own).join(calm, same).where(sources.c.feed == feed)
        return {
            row["key"]: (from_row(ProbeState, row), from_row(SourceState, row))
            for row in self._rows(query)
        }

    def runs(self, feed: str, limit: int | None = None) -> tuple[RunRecord, ...]:
        """The last regenerations of a feed, newest first."""
        t = schema.runs
        newest = select(t).where(t.c.feed == feed).order_by(t.c.id.desc()).limit(limit)
        return tuple(run_from_row(row) for row in self._rows(newest))

    def last_run(self, feed: str) -> RunRecord | None:
        """The last regeneration of a feed; None before the first."""
        return next(iter(self.runs(feed, limit=1)), None)

    def commit_run(  # noqa: PLR0913 -- all that one transaction keeps, by name
        self,
        run: RunRecord,
        *,
        documents: Iterable[CachedDocument] = (),
        sources: Iterable[SourceState] = (),
        looks: Iterable[SourceObservation] = (),
        calm: Mapping[str, ProbeState | None] | None = None,
        still: Collection[str] = (),
    ) -> None:
        """Keep how a regeneration went: after publishing, since what has validators is not fetched again.

        Args:
            run: the last `RUNS_KEPT` of each feed are kept.
            documents: the source documents that were fetched; those of monstrous addresses are not
                kept.
            sources: how each source is now.
            looks: what the looks at those sources brought that could be read.
            calm: source key → of which nothing is left to do, or None; what is known of others
                stays.
            still: the keys of sources whose last looks still say all that there is to say.
        """
        with self._database.write_transaction() as connection:
            upsert(
                connection,
                schema.document_cache,
                [as_row(each) for each in documents if len(each.url) <= LONGEST_ADDRESS],
            )
            upsert(connection, schema.sources, [as_row(source) for source in sources])
            add_observations(connection, looks)
            _keep_calm(connection, run.outcome.feed, calm or {})
            prolong_observations(connection, run.outcome.feed, still, run.started)
            unmark_run(connection, run.outcome.feed)
            connection.execute(schema.runs.insert(), run_as_row(run))
            _forget_runs(connection, run.outcome.feed)

    # --- sites ---

    def site_memory(self, site: str) -> bytes | None:
        """What the cleaner learned about a site, as it was saved."""
        t = schema.site_memories
        rows = self._rows(select(t.c.memory).where(t.c.site == site))
        return bytes(rows[0]["memory"]) if rows else None

    def save_memory(self, site: str, memory: bytes, now: datetime) -> None:
        """Keep what the cleaner learned about a site, in place of what was kept before."""
        with self._database.write_transaction() as connection:
            upsert(
                connection, schema.site_memories, [{"site": site, "memory": memory, "used": now}]
            )

    def use_memory(self, site: str, now: datetime) -> None:
        """Note, once a day, that what was learned about a site was of use, though nothing was added to it."""
        t = schema.site_memories
        with self._database.write_transaction() as connection:
            connection.execute(
                update(t).where(t.c.site == site, t.c.used < now - _DAY).values(used=now)
            )

    # --- all feeds ---

    def feeds(self) -> tuple[str, ...]:
        """The names of all feeds that something is stored of, whether the config has them or not."""
        tables = (schema.entries, schema.item_states, schema.sources, schema.runs)
        with self._database.read_transaction() as connection:
            return tuple(sorted(connection.scalars(union(*(select(t.c.feed) for t in tables)))))

    def live_ids(self, feed: str, limit: int) -> list[str]:
        """The ids of so many of a feed's newest entries, newest first."""
        t = schema.entries
        newest = select(t.c.id).where(t.c.feed == feed).order_by(*schema.NEWEST_FIRST).limit(limit)
        return [row["id"] for row in self._rows(newest)]

    def prune(
        self,
        before: datetime,
        keep: Mapping[str, Collection[str]],
        *,
        pages: datetime | None = None,
        robots: datetime | None = None,
    ) -> None:
        """Drop what was last listed, fetched, looked at or used before a moment: feed by feed, each a transaction.

        Args:
            before: older entries go with their aliases, and so do older seen articles, documents,
                sources, runs, removals, looks, notices, proposals, plans, messages, robots.txt and
                what was learned of sites. Of notices, only the last `NOTICES_KEPT` stay.
            keep: feed → ids of the entries in its live document, which stay however old, aliases
                and all; the pages of its others go. It is asked for one feed after another.
            pages: pages go that came before this moment; left out, before the other one.
            robots: robots.txt go that expired before this moment; left out, before the other one.
        """
        for feed in self._with_entries():
            self._forget_entries(feed, before, keep.get(feed))
        t = schema.item_states
        aliased = select(schema.aliases.c.feed, schema.aliases.c.key)
        with self._database.write_transaction() as connection:
            prune_snapshots(connection, before if pages is None else pages)
            connection.execute(
                delete(t).where(t.c.last_listed < before, tuple_(t.c.feed, t.c.key).not_in(aliased))
            )
            for date in (
                schema.document_cache.c.fetched,
                schema.sources.c.checked,
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
            _forget_notices(connection)
            _forget_fronts(connection, keep.keys())
            connection.execute(
                delete(schema.robots_cache).where(
                    schema.robots_cache.c.expires < (robots or before)
                )
            )

    def _with_entries(self) -> list[str]:
        """The feeds of which entries are stored."""
        return [row["feed"] for row in self._rows(select(schema.entries.c.feed).distinct())]

    def _forget_entries(self, feed: str, before: datetime, live: Collection[str] | None) -> None:
        """Drop a feed's old entries but the live ones, and the pages of all others.

        None: which are live is unknown.
        """
        t, p = schema.entries, schema.page_snapshots
        old = {
            row["id"]
            for row in self._rows(select(t.c.id).where(t.c.feed == feed, t.c.last_listed < before))
        }
        old -= set(live or ())
        kept = {row["entry"] for row in self._rows(select(p.c.entry).where(p.c.feed == feed))}
        fallen = kept - set(kept if live is None else live)
        if not old and not fallen:
            return
        with self._database.write_transaction() as connection:
            for some in chunks(old):
                # the date once more: where there are several writers, one may have been listed
                # since
                connection.execute(
                    delete(t).where(t.c.feed == feed, t.c.id.in_(some), t.c.last_listed < before)
                )
            drop_snapshots(connection, feed, fallen)

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        with self._database.read_transaction() as connection:
            return list(connection.execute(query).mappings())

    def _of_keys(self, table: Table, feed: str, keys: Collection[str]) -> list[RowMapping]:
        """The rows of a feed with one of the keys."""
        of_feed = select(table).where(table.c.feed == feed)
        with self._database.read_transaction() as connection:
            return [
                row
                for some in chunks(keys)
                for row in connection.execute(of_feed.where(table.c.key.in_(some))).mappings()
            ]


def _postgres() -> "type[PostgresDatabase]":
    """The engine whose driver is an extra. Raises StoreError."""
    try:
        from feedpub.store.postgres import PostgresDatabase  # noqa: PLC0415 -- not everybody has it
    except ImportError as error:
        raise StoreError(
            f"the state in PostgreSQL needs pip install 'feedpub[postgres]': {error}"
        ) from error
    return PostgresDatabase


def _mark_listed(connection: Connection, feed: str, keys: Collection[str], now: datetime) -> None:
    """Note that the entries of these keys were listed, though nothing about them changed."""
    entries, aliases = schema.entries, schema.aliases
    for some in chunks(keys):
        ids = select(aliases.c.entry).where(aliases.c.feed == feed, aliases.c.key.in_(some))
        connection.execute(
            update(entries)
            .where(entries.c.feed == feed, entries.c.id.in_(ids))
            .values(last_listed=now)
        )


def _keep_calm(connection: Connection, feed: str, calm: Mapping[str, ProbeState | None]) -> None:
    t = schema.source_probes
    upsert(connection, t, [as_row(each) for each in calm.values() if each])
    if gone := [key for key, each in calm.items() if each is None]:
        connection.execute(delete(t).where(t.c.feed == feed, t.c.key.in_(gone)))


def _forget_notices(connection: Connection) -> None:
    """Drop the notices that are more than are kept."""
    t = schema.incidents
    too_old = select(t.c.at).order_by(t.c.at.desc()).offset(NOTICES_KEPT).limit(1)
    connection.execute(delete(t).where(t.c.at <= too_old.scalar_subquery()))


def _forget_fronts(connection: Connection, published: Collection[str]) -> None:
    """Drop the fronts of feeds that are no more.

    That are not published, and of which no entry is left.
    """
    t = schema.feed_summaries
    empty = select(t.c.feed).where(~exists().where(schema.entries.c.feed == t.c.feed))
    for some in chunks(set(connection.scalars(empty)) - set(published)):
        connection.execute(delete(t).where(t.c.feed.in_(some)))


def _forget_runs(connection: Connection, feed: str) -> None:
    """Drop the runs of a feed that are more than are kept."""
    t = schema.runs
    too_old = (
        select(t.c.id).where(t.c.feed == feed).order_by(t.c.id.desc()).offset(RUNS_KEPT).limit(1)
    )
    connection.execute(delete(t).where(t.c.feed == feed, t.c.id <= too_old.scalar_subquery()))
