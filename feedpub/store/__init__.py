"""The state: what was seen, minted ids, stored entries, validators, the record of runs. Knows no network, no formats.

`Store` is all that others need; what goes in and comes out are frozen dataclasses. SQLAlchemy and
SQLite are spoken here alone, and their errors leave as StoreError.
"""

from feedpub.store.records import (
    CachedDocument,
    Channel,
    ConfigChange,
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
)
from feedpub.store.run_marks import PROCESS_MARK
from feedpub.store.snapshots import pack_body, unpack_body
from feedpub.store.store import Store

__all__ = [
    "PROCESS_MARK",
    "CachedDocument",
    "Channel",
    "ConfigChange",
    "Incident",
    "IncidentKind",
    "ItemState",
    "ItemStatus",
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
    "pack_body",
    "unpack_body",
]
