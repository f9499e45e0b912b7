"""Bring the tables of a database to those of the schema, whatever version it says it has.

A recorded version is only a promise: states of versions under development, those that were restored
in part and those
that somebody edited do not keep it. So the real tables are compared with the promised ones before
migrations build on them, and with the schema's at the end. What is missing is added; what exists
already stays.

A table whose rows lack what they cannot do without starts anew, and what was remembered there is
lost: the record of
runs, what was learned of sites. A table that holds ids never does: ColumnDecodeError says that the
state is to be built anew.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table, inspect, text
from sqlalchemy.schema import CreateColumn

from feedpub.store import schema
from feedpub.store.column_types import ColumnDecodeError

_log = logging.getLogger(__name__)
_HOLD_IDS = (schema.entries, schema.aliases, schema.archives)

Columns: TypeAlias = Mapping[str, Collection[str]]
"""Table → the names of its columns."""

Step: TypeAlias = tuple[str, Callable[[Connection], None]]
"""A repair: in words, and what does it."""


def schema_version(connection: Connection) -> str:
    """Return the recorded version of the tables; "" where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def find_faults(connection: Connection) -> list[str]:
    """Say what has to be repaired before the tables are those of the schema; nothing is changed.

    Raises:
        ColumnDecodeError: it cannot be repaired.
    """
    return [said for said, _ in _steps(connection)]


def upgrade_schema(connection: Connection, version: str, name: str) -> None:
    """Bring tables to this code's version, within the transaction that the connection is in.

    Args:
        connection: the writer's.
        version: the recorded one, not newer than this code's; "" makes the tables.
        name: of the state, for the log.

    Raises:
        ColumnDecodeError: ids would be lost, or nobody knows the version.
    """
    from alembic.util import CommandError  # noqa: PLC0415 -- slow to import and rarely needed

    from feedpub.store.migrations import stamp_newest, tables_of_version, upgrade_tables  # noqa: PLC0415 -- for the same reason

    repaired: list[str] = []
    if not version:
        schema.metadata.create_all(connection)
        stamp_newest(connection)
    elif version < schema.VERSION:
        try:
            repaired += _repair(connection, tables_of_version(version))
            upgrade_tables(connection)
        except CommandError as error:
            raise ColumnDecodeError(f"no feedpub has the version {version}") from error
    repaired += _repair(connection)
    if repaired:
        said = "its tables were not those of version %s and are repaired"
        _log.warning(f"%s: {said}: %s", name, version or "?", "; ".join(repaired))


def _repair(connection: Connection, promised: Columns | None = None) -> list[str]:
    steps = list(_steps(connection, promised))
    for _, take in steps:
        take(connection)
    return [said for said, _ in steps]


def _steps(connection: Connection, promised: Columns | None = None) -> Iterator[Step]:
    """Yield what makes the tables those of the schema, or of an older version.

    That has promised only columns.
    """
    inspector = inspect(connection)
    columns = {
        name: {c["name"]: c for c in found}
        for (_, name), found in inspector.get_multi_columns().items()
    }
    keys = {
        name: set(key["constrained_columns"])
        for (_, name), key in inspector.get_multi_pk_constraint().items()
    }
    indexes = {index["name"] for found in inspector.get_multi_indexes().values() for index in found}
    for table in schema.metadata.sorted_tables:
        real = columns.get(table.name)
        wanted = [
            c for c in table.columns if promised is None or c.name in promised.get(table.name, ())
        ]
        if not wanted:
            continue
        if real is None:
            _refuse(table, "is missing")
            yield f"{table.name} is made anew", table.create
        elif odd := _lack(wanted, real) or (
            _oddity(table, real, keys.get(table.name)) if promised is None else ""
        ):
            _refuse(table, odd)
            yield f"{table.name} is emptied, since it {odd}", partial(_remake, table)
        else:
            missing = [column for column in wanted if column.name not in real]
            yield from (
                (f"{table.name} gains {column.name}", partial(_add, table, column))
                for column in missing
            )
            if promised is None:
                yield from _loose(table, real)
                yield from _indexes(table, indexes)


def _lack(wanted: Iterable[Column[Any]], real: Mapping[str, Any]) -> str:
    """Say which column rows cannot do without and is not there; "" where there is none."""
    missing = (
        c.name for c in wanted if c.name not in real and not c.nullable and c.server_default is None
    )
    name = next(missing, None)
    return f"lacks the column {name}" if name else ""


def _oddity(table: Table, real: Mapping[str, Any], key: Collection[str] | None) -> str:
    """Say why rows cannot be put into a table as it is; "" where they can."""
    if key != {column.name for column in table.primary_key}:
        return "has another key"
    strict = (
        c.name
        for c in table.columns
        if c.nullable and c.name in real and not real[c.name]["nullable"]
    )
    name = next(strict, None)
    return f"wants every row to have the column {name}" if name else ""


def _loose(table: Table, real: Mapping[str, Any]) -> Iterator[Step]:
    """Yield what drops columns that nobody knows and that every row would have to fill."""
    for name, column in real.items():
        if name not in table.columns and not column["nullable"] and column["default"] is None:
            yield f"{table.name} loses {name}", partial(_drop, table, name)


def _indexes(table: Table, real: Collection[str | None]) -> Iterator[Step]:
    for index in table.indexes:
        if index.name not in real:
            yield f"{table.name} gains the index {index.name}", index.create


def _refuse(table: Table, odd: str) -> None:
    """Never make up, nor forget, what readers know entries by."""
    if table in _HOLD_IDS:
        raise ColumnDecodeError(f"the table {table.name} {odd}")


def _remake(table: Table, connection: Connection) -> None:
    table.drop(connection)
    table.create(connection)


def _add(table: Table, column: Column[Any], connection: Connection) -> None:
    written = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(
        f"ALTER TABLE {_quoted(connection, table.name)} ADD COLUMN {written}"
    )


def _drop(table: Table, name: str, connection: Connection) -> None:
    connection.exec_driver_sql(
        f"ALTER TABLE {_quoted(connection, table.name)} DROP COLUMN {_quoted(connection, name)}"
    )


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
