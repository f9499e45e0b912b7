"""All of a state into another one, whichever engine either has: one snapshot, one transaction.

Values are moved as they lie, compressed ones compressed.
"""

from collections.abc import Callable, Collection

from sqlalchemy import JSON, Column, Connection, MetaData, Table, select, update
from sqlalchemy.types import TypeDecorator, TypeEngine

from feedpub.core.errors import StoreError
from feedpub.store import schema
from feedpub.store.column_types import Json, Text
from feedpub.store.database import Database
from feedpub.store.table_names import continue_numbering

_AT_ONCE = 500  # rows
_LARGE_AT_ONCE = 20  # rows of tables that hold whole pages and documents: one may have megabytes
_OF_PROCESSES = (schema.leases, schema.run_marks)
_TABLES = [table for table in schema.metadata.sorted_tables if table not in _OF_PROCESSES]
_TURN = "copy"  # of two that copy into one state, the second finds that of the first

CopyProgress = Callable[[str, int], object]
"""Told of a table, and how many of its rows are copied."""


def no_progress(table: str, rows: int) -> None:
    """No progress is shown."""


def copy_state(
    source: Database,
    target: Database,
    progress: CopyProgress,
    *,
    pages_of: Collection[str] | None = None,
) -> int:
    """Copy every table; how many rows. Raises StoreError, also where the target holds anything.

    Args:
        source: which.
        target: where to.
        progress: told of each table.
        pages_of: the feeds whose kept pages come along, the bulk of most states; left out, all.
    """
    with source.snapshot() as original, target.write_transaction(_TURN) as copy:
        if taken := [table.name for table in _TABLES if _count(copy, table)]:
            raise StoreError(
                f"the state to copy to knows something already (in {', '.join(taken)}): copy to an empty one"
            )
        rows = sum(_copy(original, copy, table, progress, pages_of) for table in _TABLES)
        copy.execute(update(schema.schedule).values(handed=None))  # the queue stays where it is
        for numbered in (schema.source_observations, schema.incidents, schema.outbox, schema.runs):
            continue_numbering(copy, numbered)
    return rows


def _copy(
    original: Connection,
    copy: Connection,
    table: Table,
    progress: CopyProgress,
    pages_of: Collection[str] | None,
) -> int:
    plain = _plain(table)
    at_once = _at_once(table)
    query = select(plain).order_by(*plain.primary_key).execution_options(yield_per=at_once)
    if table is schema.page_snapshots and pages_of is not None:
        query = query.where(plain.c.feed.in_(pages_of))
    copied = 0
    for rows in original.execute(query).mappings().partitions():
        copy.execute(plain.insert(), [dict(row) for row in rows])
        copied += len(rows)
        progress(table.name, copied)
    return copied


def _plain(table: Table) -> Table:
    """The table without what we make of its values."""
    columns = [
        Column(c.name, _as_it_lies(c.type), primary_key=c.primary_key) for c in table.columns
    ]
    return Table(table.name, MetaData(), *columns)


def _as_it_lies(kind: TypeEngine[object]) -> TypeEngine[object]:
    if not isinstance(kind, TypeDecorator) or isinstance(
        kind, Text
    ):  # which is written otherwise on each engine
        return kind
    return Json() if isinstance(kind.impl_instance, JSON) else kind.impl_instance


def _at_once(table: Table) -> int:
    """How many rows are in memory at a time."""
    whole = (schema.document_cache, schema.page_snapshots, schema.site_memories)
    return _LARGE_AT_ONCE if table in whole else _AT_ONCE


def _count(connection: Connection, table: Table) -> int:
    return len(connection.execute(select(1).select_from(table).limit(1)).all())
