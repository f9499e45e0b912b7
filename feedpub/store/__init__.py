"""The state: ids, entries, items, validators, schedules and the history of runs.

Other packages use `Store`, whose arguments and results are frozen dataclasses. Only this package
knows SQLAlchemy, SQLite and PostgreSQL; their errors are raised as StoreError.
"""

from feedpub.store.records import (
    BackfillState,
    CachedDocument,
    Channel,
    CheckState,
    ConfigChange,
    Incident,
    IncidentKind,
    ItemState,
    ItemStatus,
    OutboxMessage,
    PageSnapshot,
    ProbeState,
    Proposal,
    PublicationDates,
    RemovalStat,
    RunRecord,
    ScheduledRun,
    SnapshotKind,
    SourceObservation,
    SourceState,
    StoredRhythm,
    StoredSummary,
    UnchangedCheck,
    UnchangedSource,
    WatchedText,
)
from feedpub.store.rhythms import SourceId
from feedpub.store.schedule import PROCESS_MARK
from feedpub.store.snapshots import pack_body, unpack_body
from feedpub.store.store import Store

__all__ = [
    "PROCESS_MARK",
    "BackfillState",
    "CachedDocument",
    "Channel",
    "CheckState",
    "ConfigChange",
    "Incident",
    "IncidentKind",
    "ItemState",
    "ItemStatus",
    "OutboxMessage",
    "PageSnapshot",
    "ProbeState",
    "Proposal",
    "PublicationDates",
    "RemovalStat",
    "RunRecord",
    "ScheduledRun",
    "SnapshotKind",
    "SourceId",
    "SourceObservation",
    "SourceState",
    "Store",
    "StoredRhythm",
    "StoredSummary",
    "UnchangedCheck",
    "UnchangedSource",
    "WatchedText",
    "pack_body",
    "unpack_body",
]
