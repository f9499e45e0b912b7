"""What entries were made of: kept so that changed rules, or a new version of the cleaner, can be applied to them.

Bodies are compressed before they come here: they wait for the end of their run, and no transaction
waits for them.
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
from feedpub.store.rows import as_row, chunks, upsert


class SnapshotTable:
    """Kept pages by entry, one each. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_feed(self, feed: str) -> dict[str, PageSnapshot]:
        """Id of an entry → what it was made of, for those of a feed's entries of which it is kept."""
        t = schema.page_snapshots
        query = select(t).where(t.c.feed == feed).order_by(t.c.key)
        with self._database.read_transaction() as connection:
            return {row["entry"]: _kept(row) for row in connection.execute(query).mappings()}


def pack_body(body: bytes) -> bytes:
    """A page's body as it is kept.

    Zlib takes a tenth of the time that lzma takes, and a quarter more room.
    """
    return zlib.compress(body)


def unpack_body(kept: PageSnapshot) -> Page:
    """The page again. Raises ExtractError where what is kept is damaged."""
    try:
        body = zlib.decompress(kept.body)
    except zlib.error as error:
        raise ExtractError(
            f"what was kept of the page is damaged: {error}", kept.final_url
        ) from error
    return Page(kept.final_url, body, kept.content_type, kept.charset)


def replace_snapshots(
    connection: Connection, feed: str, changed: Collection[str], pages: Mapping[str, PageSnapshot]
) -> None:
    """Keep what entries were made of.

    What changed entries were made of before is no use any more.
    """
    drop_snapshots(connection, feed, set(changed) - pages.keys())
    upsert(
        connection,
        schema.page_snapshots,
        [_row(page) | {"feed": feed, "entry": id_} for id_, page in pages.items()],
    )


def prune_snapshots(connection: Connection, before: datetime) -> None:
    """Drop the pages that came before a moment.

    What is only a word about a saved file, which nobody keeps but its owner, has no age.
    """
    t = schema.page_snapshots
    connection.execute(delete(t).where(t.c.fetched < before, t.c.form != "file"))


def drop_snapshots(connection: Connection, feed: str, ids: Collection[str]) -> None:
    """Drop what some entries of a feed were made of."""
    t = schema.page_snapshots
    for some in chunks(ids):
        connection.execute(delete(t).where(t.c.feed == feed, t.c.entry.in_(some)))


def _row(page: PageSnapshot) -> dict[str, object]:
    """It lies flat: the item's fields beside its own."""
    row = as_row(page.item) | as_row(page)
    return {name: value for name, value in row.items() if name in schema.page_snapshots.columns}


def _kept(row: RowMapping) -> PageSnapshot:
    values = dict(row)
    item = Item(**{name: values.pop(name) for name in _ITEM})
    return PageSnapshot(
        item, **{name: value for name, value in values.items() if name not in ("feed", "entry")}
    )


_ITEM = [field.name for field in fields(Item) if field.name in schema.page_snapshots.columns]
