"""Copy a complete state into another one, with either engine on both sides.

The copy is one snapshot of the source and one transaction of the target. Values are copied as they
are stored; compressed ones stay compressed.
"""

from collections.abc import Callable, Collection

from sqlalchemy import JSON, Column, Connection, MetaData, Table, select, update
from sqlalchemy.types import TypeDecorator, TypeEngine

from feedpub.core.errors import StoreError
from feedpub.store import schema
from feedpub.store.column_types import Json, Text
from feedpub.store.database import Database
from feedpub.store.schema_repair import continue_numbering

_MAX_ROWS = 500  # in memory at a time
_MAX_LARGE_ROWS = 20  # of tables with complete pages and documents, which may have megabytes
_LARGE_TABLES = (schema.document_cache, schema.page_snapshots, schema.site_memories)
_TABLES_OF_PROCESSES = (schema.leases, schema.run_marks)
_TABLES = [table for table in schema.metadata.sorted_tables if table not in _TABLES_OF_PROCESSES]
_NUMBERED_TABLES = (schema.source_observations, schema.incidents, schema.outbox, schema.runs)
_LOCK = "copy"  # so that the second of two concurrent copies finds the rows of the first

CopyProgress = Callable[[str, int], object]
"""Called with a table's name and the number of its rows that have been copied."""


def no_progress(table: str, rows: int) -> None:
    """Show no progress."""


def copy_state(
    source: Database,
    target: Database,
    progress: CopyProgress,
    *,
    snapshots_of: Collection[str] | None = None,
) -> int:
    """Copy all tables.

    Args:
        source: the state to copy.
        target: an empty state.
        progress: called while each table is copied.
        snapshots_of: the feeds whose page snapshots are copied, which are most of the data; None
            for all feeds.

    Returns:
        The number of copied rows.

    Raises:
        StoreError: the target is not empty, or one of the engines fails.
    """
    copied = 0
    with source.snapshot() as original, target.write_transaction(_LOCK) as copy:
        _ensure_empty(copy)
        for table in _TABLES:
            copied += _copy_table(original, copy, table, progress, snapshots_of)
        copy.execute(update(schema.schedule).values(handed=None))  # the queue is not copied
        for table in _NUMBERED_TABLES:
            continue_numbering(copy, table)
    return copied


def _ensure_empty(connection: Connection) -> None:
    queries = {table.name: select(1).select_from(table).limit(1) for table in _TABLES}
    filled = [name for name, query in queries.items() if connection.execute(query).first()]
    if filled:
        raise StoreError(
            f"the target state is not empty (it has rows in {', '.join(filled)}): "
            "copy to an empty one"
        )


def _copy_table(
    original: Connection,
    copy: Connection,
    table: Table,
    progress: CopyProgress,
    snapshots_of: Collection[str] | None,
) -> int:
    plain = _without_decoding(table)
    max_rows = _MAX_LARGE_ROWS if table in _LARGE_TABLES else _MAX_ROWS
    query = select(plain).order_by(*plain.primary_key).execution_options(yield_per=max_rows)
    if table is schema.page_snapshots and snapshots_of is not None:
        query = query.where(plain.c.feed.in_(snapshots_of))
    copied = 0
    for rows in original.execute(query).mappings().partitions():
        copy.execute(plain.insert(), [dict(row) for row in rows])
        copied += len(rows)
        progress(table.name, copied)
    return copied


def _without_decoding(table: Table) -> Table:
    """Return a table whose columns have the types of the database instead of ours."""
    copy = Table(table.name, MetaData())
    for column in table.columns:
        kind = _stored_type(column.type)
        copy.append_column(Column(column.name, kind, primary_key=column.primary_key))
    return copy


def _stored_type(kind: TypeEngine[object]) -> TypeEngine[object]:
    if isinstance(kind, Text) or not isinstance(kind, TypeDecorator):
        return kind  # each engine stores Text in its own way
    return Json() if isinstance(kind.impl_instance, JSON) else kind.impl_instance
