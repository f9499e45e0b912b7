"""The state: ids, entries, items, validators, schedules and the history of runs.

Other packages use `Store`, whose arguments and results are frozen dataclasses. Only this package
knows SQLAlchemy, SQLite and PostgreSQL; their errors are raised as StoreError.
"""

from feedpub.store.feed_state import FeedState, KnownKeys
from feedpub.store.feed_transaction import EntryChanges, FeedTransaction, UnarchivedEntry
from feedpub.store.records import (
    BackfillState,
    CachedDocument,
    Channel,
    ConfigChange,
    Headline,
    Incident,
    IncidentKind,
    ItemState,
    ItemStatus,
    OutboxMessage,
    PageSnapshot,
    ProbeState,
    Proposal,
    RemovalStat,
    RunRecord,
    ScheduledRun,
    SnapshotKind,
    SourceObservation,
    SourceState,
    StoredSummary,
    WatchedText,
)
from feedpub.store.schedule import PROCESS_MARK
from feedpub.store.snapshots import pack_body, unpack_body
from feedpub.store.store import Store

__all__ = [
    "PROCESS_MARK",
    "BackfillState",
    "CachedDocument",
    "Channel",
    "ConfigChange",
    "EntryChanges",
    "FeedState",
    "FeedTransaction",
    "Headline",
    "Incident",
    "IncidentKind",
    "ItemState",
    "ItemStatus",
    "KnownKeys",
    "OutboxMessage",
    "PageSnapshot",
    "ProbeState",
    "Proposal",
    "RemovalStat",
    "RunRecord",
    "ScheduledRun",
    "SnapshotKind",
    "SourceObservation",
    "SourceState",
    "Store",
    "StoredSummary",
    "UnarchivedEntry",
    "WatchedText",
    "pack_body",
    "unpack_body",
]
