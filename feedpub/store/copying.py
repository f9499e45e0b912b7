"""All of a state into another one, whichever engine either has: one snapshot, one transaction.

Values are moved as they lie, compressed ones compressed.
"""

from collections.abc import Callable

from sqlalchemy import Column, Connection, MetaData, Table, func, select
from sqlalchemy.types import TypeDecorator, TypeEngine

from feedpub.errors import StoreError
from feedpub.store import schema
from feedpub.store.columns import Text
from feedpub.store.database import Database

_AT_ONCE = 500  # rows

Copied = Callable[[str, int], object]
"""Told of a table, and how many of its rows are copied."""


def nothing_said(table: str, rows: int) -> None:
    """No progress is shown."""


def copy_all(source: Database, target: Database, progress: Copied) -> int:
    """Copy every table; how many rows. Raises StoreError, also where the target holds anything."""
    with source.reading() as original, target.writing() as copy:
        if taken := [table.name for table in schema.metadata.sorted_tables if _count(copy, table)]:
            raise StoreError(
                f"the state to copy to knows something already (in {', '.join(taken)}): copy to an empty one"
            )
        rows = sum(_copy(original, copy, table, progress) for table in schema.metadata.sorted_tables)
        _count_on(copy)
    return rows


def _copy(original: Connection, copy: Connection, table: Table, progress: Copied) -> int:
    plain = _plain(table)
    query = select(plain).order_by(*plain.primary_key)
    found = original.execution_options(yield_per=_AT_ONCE).execute(query).mappings()
    copied = 0
    for rows in found.partitions(_AT_ONCE):
        copy.execute(plain.insert(), [dict(row) for row in rows])
        copied += len(rows)
        progress(table.name, copied)
    return copied


def _plain(table: Table) -> Table:
    """The table without what we make of its values."""
    columns = [Column(c.name, _as_it_lies(c.type), primary_key=c.primary_key) for c in table.columns]
    return Table(table.name, MetaData(), *columns)


def _as_it_lies(kind: TypeEngine[object]) -> TypeEngine[object]:
    if isinstance(kind, TypeDecorator) and not isinstance(kind, Text):  # which is written otherwise on each engine
        return kind.impl_instance
    return kind


def _count(connection: Connection, table: Table) -> int:
    return len(connection.execute(select(1).select_from(table).limit(1)).all())


def _count_on(connection: Connection) -> None:
    """Go on with keys that the engine counts up after those that were copied; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in (schema.looks, schema.notices, schema.messages, schema.runs):
        last = connection.scalar(select(func.max(table.c.id)))
        if last:
            sequence = func.pg_get_serial_sequence(table.name, "id")
            connection.execute(select(func.setval(sequence, last)))
