"""Load the state of a feed at the start of a run, and the stored data of the listed items.

The statements are built once. To build one takes longer than to execute it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select

from feedpub.core.models import GUID_PREFIX, Alias, AliasKind, Entry
from feedpub.store import schema
from feedpub.store.column_types import Text, UtcSeconds
from feedpub.store.records import ItemState, SourceObservation, SourceState
from feedpub.store.rows import chunks, from_result

# A recheck that is due later was scheduled while the clock was ahead.
MAX_RECHECK_DELAY = timedelta(days=3)
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
