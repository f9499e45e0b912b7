"""The state: ids, entries, items, validators, schedules and the history of runs.

Other packages use `Store`, whose arguments and results are frozen dataclasses. Only this package
knows SQLAlchemy, SQLite and PostgreSQL; their errors are raised as StoreError.
"""

from typing import TYPE_CHECKING

from feedpub.core.loading import lazy_exports

if TYPE_CHECKING:
    from feedpub.store.feed_state import (
        EntryChanges,
        FeedState,
        FeedTransaction,
        KnownKeys,
        UnarchivedEntry,
    )
    from feedpub.store.files import find_exposures, find_quarantined_files
    from feedpub.store.records import (
        BackfillState,
        CachedDocument,
        Channel,
        CheckState,
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
    "UnarchivedEntry",
    "UnchangedCheck",
    "UnchangedSource",
    "WatchedText",
    "find_exposures",
    "find_quarantined_files",
    "pack_body",
    "unpack_body",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "feed_state": (
            "EntryChanges",
            "FeedState",
            "FeedTransaction",
            "KnownKeys",
            "UnarchivedEntry",
        ),
        "files": ("find_exposures", "find_quarantined_files"),
        "records": (
            "BackfillState",
            "CachedDocument",
            "Channel",
            "CheckState",
            "ConfigChange",
            "Headline",
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
            "SourceObservation",
            "SourceState",
            "StoredRhythm",
            "StoredSummary",
            "UnchangedCheck",
            "UnchangedSource",
            "WatchedText",
        ),
        "rhythms": ("SourceId",),
        "schedule": ("PROCESS_MARK",),
        "snapshots": ("pack_body", "unpack_body"),
        "store": ("Store",),
    },
)
