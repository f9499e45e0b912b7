"""The pages that entries were made from, so that changed rules can be applied to them.

Their bodies are compressed before they are passed to the store, so that no transaction has to wait
for that.
"""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from feedpub.core.errors import ExtractError
from feedpub.core.models import Item, Page
from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import PageSnapshot
from feedpub.store.rows import as_row, chunks, select_rows, upsert

_COLUMNS = schema.page_snapshots.columns
_ITEM_FIELDS = [field.name for field in fields(Item) if field.name in _COLUMNS]


class SnapshotTable:
    """The snapshots by entry. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_feed(self, feed: str) -> dict[str, PageSnapshot]:
        """Return entry id → its snapshot, for those of a feed's entries that have one."""
        t = schema.page_snapshots
        query = select(t).where(t.c.feed == feed).order_by(t.c.key)
        return {row["entry"]: _from_row(row) for row in select_rows(self._database, query)}

    def for_entry(self, feed: str, entry_id: str) -> PageSnapshot | None:
        """Return the snapshot of an entry; None if it has none."""
        t = schema.page_snapshots
        query = select(t).where(t.c.feed == feed, t.c.entry == entry_id)
        return next((_from_row(row) for row in select_rows(self._database, query)), None)


def pack_body(body: bytes) -> bytes:
    """Compress a page's body for a snapshot.

    zlib takes a tenth of the time of lzma, and a quarter more space.
    """
    return zlib.compress(body)


def unpack_body(snapshot: PageSnapshot) -> Page:
    """Return a snapshot's page.

    Raises:
        ExtractError: the snapshot is corrupt.
    """
    try:
        body = zlib.decompress(snapshot.body)
    except zlib.error as error:
        message = f"the stored copy of the page is corrupt: {error}"
        raise ExtractError(message, snapshot.final_url) from error
    return Page(snapshot.final_url, body, snapshot.content_type, snapshot.charset)


def replace_snapshots(
    connection: Connection,
    feed: str,
    changed: Collection[str],
    snapshots: Mapping[str, PageSnapshot],
) -> None:
    """Store new snapshots, and delete those of changed entries that have no new one."""
    drop_snapshots(connection, feed, set(changed) - snapshots.keys())
    rows = [
        _as_row(snapshot) | {"feed": feed, "entry": entry_id}
        for entry_id, snapshot in snapshots.items()
    ]
    upsert(connection, schema.page_snapshots, rows)


def prune_snapshots(connection: Connection, before: datetime) -> None:
    """Delete the snapshots of pages that were fetched before a time.

    Snapshots of saved files do not age: they are small, and nothing else refers to the file. Nor do
    those of mails, which contain the pictures of their entries.
    """
    t = schema.page_snapshots
    connection.execute(delete(t).where(t.c.fetched < before, t.c.form.not_in(("file", "mail"))))


def drop_snapshots(connection: Connection, feed: str, ids: Collection[str]) -> None:
    """Delete the snapshots of some entries."""
    t = schema.page_snapshots
    for some in chunks(ids):
        connection.execute(delete(t).where(t.c.feed == feed, t.c.entry.in_(some)))


def _as_row(snapshot: PageSnapshot) -> dict[str, object]:
    """Return a snapshot as a row, which contains the fields of its item."""
    row = as_row(snapshot.item) | as_row(snapshot)
    return {name: value for name, value in row.items() if name in _COLUMNS}


def _from_row(row: RowMapping) -> PageSnapshot:
    values = dict(row)
    del values["feed"], values["entry"]
    item = Item(**{name: values.pop(name) for name in _ITEM_FIELDS})
    return PageSnapshot(item, **values)
