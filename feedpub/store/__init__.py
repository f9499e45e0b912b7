"""The state: what was seen, minted ids, stored entries, validators, the record of runs. Knows no network, no formats.

`Store` is all that others need; what goes in and comes out are frozen dataclasses. SQLAlchemy and SQLite are spoken
here alone, and their errors leave as StoreError.
"""

from feedpub.store.marks import PROCESS
from feedpub.store.pages import packed, unpacked
from feedpub.store.records import (
    Calm,
    Change,
    Document,
    Front,
    KeptForm,
    KeptPage,
    Look,
    Message,
    MessageKind,
    Notice,
    NoticeKind,
    Planned,
    Proposal,
    Removal,
    Run,
    Seen,
    SeenState,
    SourceState,
)
from feedpub.store.store import Store

__all__ = [
    "PROCESS",
    "Calm",
    "Change",
    "Document",
    "Front",
    "KeptForm",
    "KeptPage",
    "Look",
    "Message",
    "MessageKind",
    "Notice",
    "NoticeKind",
    "Planned",
    "Proposal",
    "Removal",
    "Run",
    "Seen",
    "SeenState",
    "SourceState",
    "Store",
    "packed",
    "unpacked",
]
