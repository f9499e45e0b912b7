"""The transaction that stores a run's entries and ids, before any of them is published."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select, update

from feedpub.core.models import Alias, AliasKind, Entry
from feedpub.store import schema
from feedpub.store.column_types import Text, UtcSeconds
from feedpub.store.feed_stats import drop_summary
from feedpub.store.records import ItemState, PageSnapshot, StoredSummary
from feedpub.store.rhythms import count_change
from feedpub.store.rows import as_row, chunks, from_result, upsert
from feedpub.store.snapshots import replace_snapshots


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
