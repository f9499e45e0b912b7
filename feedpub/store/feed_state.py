"""Load and change the state of one feed in a run.

The statements are built once. To build one takes longer than to execute it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, or_, select, update

from feedpub.core.models import GUID_PREFIX, Alias, AliasKind, Entry
from feedpub.store import schema
from feedpub.store.column_types import Text, UtcSeconds
from feedpub.store.feed_stats import drop_summary
from feedpub.store.records import (
    MAX_RECHECK_DELAY,
    ItemState,
    PageSnapshot,
    SourceObservation,
    SourceState,
    StoredSummary,
)
from feedpub.store.rhythms import count_change
from feedpub.store.rows import as_row, chunks, from_result, upsert
from feedpub.store.snapshots import replace_snapshots

_FEED = bindparam("feed", type_=Text())
_KEYS = bindparam("keys", expanding=True, type_=Text())


@dataclass(frozen=True, slots=True)
class FeedState:
    """The state of a feed when a run starts, apart from its entries and items.

    Attributes:
        sources: source key → its state, also of sources that left the config.
        observations: source key → its observations under all settings, oldest first.
        rechecks: the items whose rechecks are due, the most overdue first.
        proposals: the keys of the sources that have a proposal.
    """

    sources: Mapping[str, SourceState] = field(default_factory=dict)
    observations: Mapping[str, tuple[SourceObservation, ...]] = field(default_factory=dict)
    rechecks: tuple[ItemState, ...] = ()
    proposals: frozenset[str] = frozenset()

    def observations_under(self, key: str, settings: str) -> tuple[SourceObservation, ...]:
        """Return the observations of a source under settings with a digest, oldest first."""
        found = self.observations.get(key, ())
        return tuple(each for each in found if each.settings == settings)


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """The stored data of some keys of a feed.

    Attributes:
        states: key → the state of the item that was listed under it.
        aliases: key → the entry that it refers to.
        entry_ids: key → the id of the entry, without keys that a page only claims.
    """

    states: Mapping[str, ItemState]
    aliases: Mapping[str, Alias]
    entry_ids: Mapping[str, str]

    @property
    def keys(self) -> set[str]:
        """Return the keys under which an item or an entry was listed."""
        return {*self.states, *self.entry_ids}


@dataclass(frozen=True, slots=True)
class RelatedEntries:
    """The entries that some keys refer to, and what identifies them.

    Attributes:
        aliases: key → the entry that it refers to.
        entries: id → entry.
        guids: id → the keys of the entry's guids.
        update_times: the `updated` times of the feed's entries since the requested time.
    """

    aliases: dict[str, Alias]
    entries: dict[str, Entry]
    guids: dict[str, set[str]]
    update_times: set[datetime]


# --- statements ---


def _of_feed(table: Any, *columns: Any) -> Select[Any]:
    return select(*(columns or (table,))).where(table.c.feed == _FEED)


_e, _a, _i = schema.entries, schema.aliases, schema.item_states
_SOURCES = _of_feed(schema.sources).order_by(schema.sources.c.key)
_OBSERVATIONS = _of_feed(schema.source_observations).order_by(schema.source_observations.c.id)
_PROPOSALS = _of_feed(schema.proposals, schema.proposals.c.key)
_ITEM_STATES = _of_feed(_i).where(_i.c.key.in_(_KEYS))
_ALIASES = _of_feed(_a).where(_a.c.key.in_(_KEYS))
_ENTRIES = _of_feed(_e).where(_e.c.id.in_(_KEYS))
_GUIDS = _of_feed(_a, _a.c.entry, _a.c.key).where(
    _a.c.entry.in_(_KEYS), _a.c.key.startswith(GUID_PREFIX, autoescape=True)
)
_UPDATE_TIMES = _of_feed(_e, _e.c.updated).where(
    _e.c.updated >= bindparam("since", type_=UtcSeconds)
)
_RECHECKS = (
    _of_feed(_i)
    .where(
        or_(
            _i.c.recheck_at <= bindparam("now", type_=UtcSeconds),
            _i.c.recheck_at > bindparam("latest", type_=UtcSeconds),
        )
    )
    .order_by(_i.c.recheck_at, _i.c.key)
    .limit(bindparam("limit"))
)


# --- loading ---


def load_feed_state(
    connection: Connection, feed: str, now: datetime, max_rechecks: int
) -> FeedState:
    """Load the state of a feed, with at most the given number of due rechecks."""
    sources = from_result(SourceState, connection.execute(_SOURCES, {"feed": feed}))
    observations: dict[str, list[SourceObservation]] = {}
    found = connection.execute(_OBSERVATIONS, {"feed": feed})
    for observation in from_result(SourceObservation, found):
        observations.setdefault(observation.key, []).append(observation)
    rechecks = load_rechecks(connection, feed, now, max_rechecks) if max_rechecks else []
    return FeedState(
        sources={state.key: state for state in sources},
        observations={key: tuple(each) for key, each in observations.items()},
        rechecks=tuple(rechecks),
        proposals=frozenset(connection.scalars(_PROPOSALS, {"feed": feed})),
    )


def load_rechecks(connection: Connection, feed: str, now: datetime, limit: int) -> list[ItemState]:
    """Load the items whose rechecks are due, the most overdue first."""
    values = {"feed": feed, "now": now, "latest": now + MAX_RECHECK_DELAY, "limit": limit}
    return from_result(ItemState, connection.execute(_RECHECKS, values))


def load_known_keys(connection: Connection, feed: str, keys: Collection[str]) -> KnownKeys:
    """Load what is stored about some keys."""
    states = load_item_states(connection, feed, keys)
    aliases = load_aliases(connection, feed, keys)
    return KnownKeys(states, aliases, without_claims(aliases))


def load_related_entries(
    connection: Connection,
    feed: str,
    keys: Collection[str],
    ids: Collection[str],
    since: datetime,
) -> RelatedEntries:
    """Load the entries that some keys refer to, others by id, and the latest update times."""
    aliases = load_aliases(connection, feed, keys)
    all_ids = {alias.entry for alias in aliases.values()} | set(ids)
    guids: dict[str, set[str]] = {}
    for some in chunks(all_ids):
        for id_, key in connection.execute(_GUIDS, {"feed": feed, "keys": some}):
            guids.setdefault(id_, set()).add(key)
    times = set(connection.scalars(_UPDATE_TIMES, {"feed": feed, "since": since}))
    return RelatedEntries(aliases, load_entries(connection, feed, all_ids), guids, times)


def load_item_states(
    connection: Connection, feed: str, keys: Collection[str]
) -> dict[str, ItemState]:
    """Load key → the item's state, for those of the keys that were listed."""
    states: dict[str, ItemState] = {}
    for some in chunks(keys):
        found = connection.execute(_ITEM_STATES, {"feed": feed, "keys": some})
        states.update({state.key: state for state in from_result(ItemState, found)})
    return states


def load_aliases(connection: Connection, feed: str, keys: Collection[str]) -> dict[str, Alias]:
    """Load key → alias, for those of the keys that were listed or claimed by a page."""
    aliases: dict[str, Alias] = {}
    for some in chunks(keys):
        found = connection.execute(_ALIASES, {"feed": feed, "keys": some})
        for row in found:
            aliases[row.key] = Alias(row.entry, row.kind)
    return aliases


def load_entries(connection: Connection, feed: str, ids: Collection[str]) -> dict[str, Entry]:
    """Load id → entry, for those of the ids that are stored."""
    entries: dict[str, Entry] = {}
    for some in chunks(ids):
        found = connection.execute(_ENTRIES, {"feed": feed, "keys": some})
        entries.update({entry.id: entry for entry in from_result(Entry, found)})
    return entries


def without_claims(aliases: Mapping[str, Alias]) -> dict[str, str]:
    """Return key → entry id, for the keys under which an entry was listed."""
    return {
        key: alias.entry for key, alias in aliases.items() if alias.kind is not AliasKind.CLAIMED
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanges:
    """The changes that a run stores before it publishes anything, so that no id is lost.

    Attributes:
        entries: new and changed entries.
        aliases: key → entry, for new keys and for those that refer to another entry now.
        listed: further keys of entries that are listed now.
        item_states: the states of all listed items, including unchanged ones.
        snapshots: entry id → its snapshot. Changed entries without one lose their old one.
        same_content: the ids of changed entries that keep their old one.
        backfilled: the ids of new entries that belong to archives alone.
        now: the time of the check.
    """

    entries: Collection[Entry] = ()
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    listed: Collection[str] = ()
    item_states: Collection[ItemState] = ()
    snapshots: Mapping[str, PageSnapshot] = field(default_factory=dict)
    same_content: Collection[str] = ()
    backfilled: Collection[str] = ()
    now: datetime


@dataclass(frozen=True, slots=True)
class UnarchivedEntry:
    """An entry that is not in an archive.

    Attributes:
        id: its id.
        complete: False if it has only a part of its text.
        is_published: True if it has been in the live document.
    """

    id: str
    complete: bool
    is_published: bool


# --- statements ---

_FEED = bindparam("of_feed", type_=Text())
_KEYS = bindparam("of_keys", expanding=True, type_=Text())
_e, _a, _p = schema.entries, schema.archives, schema.published
_LIVE = (
    select(_e)
    .where(_e.c.feed == _FEED, _e.c.backfilled.is_(False))
    .order_by(*schema.NEWEST_FIRST)
    .limit(bindparam("limit"))
)
_ALL_LIVE = _LIVE.limit(None)
_NUMBERS = select(_a.c.number).distinct().where(_a.c.feed == _FEED).order_by(_a.c.number)
# The index of the ids finds the few entries without an archive; only these rows are read.
_o = schema.entries.alias()
_UNARCHIVED_IDS = select(_o.c.id).where(
    _o.c.feed == _FEED, ~exists().where(_a.c.feed == _o.c.feed, _a.c.entry == _o.c.id)
)
_RENDERED = select(schema.rendered_files.c.record).where(schema.rendered_files.c.feed == _FEED)
_is_published = exists().where(_p.c.feed == _e.c.feed, _p.c.entry == _e.c.id)
_UNARCHIVED = (
    select(_e.c.id, _e.c.complete, _is_published.label("is_published"))
    .where(_e.c.feed == _FEED, _e.c.id.in_(_UNARCHIVED_IDS))
    .order_by(*schema.NEWEST_FIRST)
)
_LISTED_IDS = select(schema.aliases.c.entry).where(
    schema.aliases.c.feed == _FEED, schema.aliases.c.key.in_(_KEYS)
)
_MARK_LISTED = (
    update(_e)
    .where(_e.c.feed == _FEED, _e.c.id.in_(_LISTED_IDS))
    .values(last_listed=bindparam("now", type_=UtcSeconds))
)


class FeedTransaction:
    """Changes the entries of a feed, and reads them as they are then.

    `Store.feed_transaction` opens it and commits it. The caller holds the feed's lock.
    """

    def __init__(self, connection: Connection, feed: str) -> None:
        self._connection = connection
        self._feed = feed

    def save(self, changes: EntryChanges) -> None:
        """Store entries, ids and item states."""
        connection, feed = self._connection, self._feed
        check = {"feed": feed, "last_listed": changes.now}
        states = [as_row(state) | check for state in changes.item_states]
        entries = [as_row(entry) | check for entry in changes.entries]
        aliases = [
            as_row(alias) | {"feed": feed, "key": key} for key, alias in changes.aliases.items()
        ]
        if entries:
            drop_summary(connection, feed)
            dated = [entry for entry in changes.entries if entry.id not in changes.backfilled]
            sources, ids = {entry.source for entry in dated}, {entry.id for entry in dated}
            count_change(connection, feed, sources, ids)
        upsert(connection, schema.entries, entries)
        for some in chunks(changes.backfilled):
            own = update(_e).where(_e.c.feed == feed, _e.c.id.in_(some))
            connection.execute(own.values(backfilled=True))
        changed = {entry.id for entry in changes.entries} - set(changes.same_content)
        replace_snapshots(connection, feed, changed, changes.snapshots)
        upsert(connection, schema.aliases, aliases)
        upsert(connection, schema.item_states, states)
        own_keys = [k for k, alias in changes.aliases.items() if alias.kind is AliasKind.OWN]
        keys = {*own_keys, *changes.listed, *(state.key for state in changes.item_states)}
        self._mark_listed(keys, changes.now)

    def live_entries(self, limit: int | None) -> tuple[Entry, ...]:
        """Return the entries, newest first, without those that a backfill added."""
        query = _ALL_LIVE if limit is None else _LIVE
        values = {"of_feed": self._feed} | ({} if limit is None else {"limit": limit})
        return tuple(from_result(Entry, self._connection.execute(query, values)))

    def unarchived_entries(self) -> tuple[UnarchivedEntry, ...]:
        """Return the entries that are not in an archive, newest first."""
        found = self._connection.execute(_UNARCHIVED, {"of_feed": self._feed})
        return tuple(UnarchivedEntry(row[0], row[1], bool(row[2])) for row in found)

    def archive_numbers(self) -> tuple[int, ...]:
        """Return the numbers of the archives, oldest first."""
        return tuple(self._connection.scalars(_NUMBERS, {"of_feed": self._feed}))

    def rendered_files(self) -> bytes | None:
        """Return the record of what the feed's files were rendered from; None if there is none."""
        return self._connection.scalar(_RENDERED, {"of_feed": self._feed})

    def save_summary(self, summary: StoredSummary) -> None:
        """Store the feed's line on the index page."""
        upsert(self._connection, schema.feed_summaries, [as_row(summary)])

    def _mark_listed(self, keys: Collection[str], now: datetime) -> None:
        """Record that the entries of some keys were listed, even if they have not changed."""
        for some in chunks(keys):
            values = {"of_feed": self._feed, "of_keys": some, "now": now}
            self._connection.execute(_MARK_LISTED, values)
