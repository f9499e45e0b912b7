"""Convert records to rows and back, and insert or replace rows. Columns are named after fields."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    RowMapping,
    Select,
    Table,
    UpdateBase,
    bindparam,
    column,
    func,
    literal,
)
from sqlalchemy.types import TypeEngine

from feedpub.core.models import RunResult
from feedpub.store.database import Database
from feedpub.store.records import RunRecord

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T", bound="DataclassInstance")
MAX_QUERY_KEYS = 500  # databases limit the number of a query's parameters


def as_row(record: "DataclassInstance") -> dict[str, Any]:
    """Return a record's fields by name. Records within it stay as they are."""
    return {name: getattr(record, name) for name in _field_names(type(record))}


def from_row(kind: type[T], row: RowMapping) -> T:
    """Return a row as a record."""
    return kind(**{name: row[name] for name in _field_names(kind)})


def from_result(kind: type[T], result: CursorResult[Any]) -> list[T]:
    """Return the rows of a result as records."""
    names = list(result.keys())
    pick = itemgetter(*(names.index(name) for name in _field_names(kind)))
    return [kind(*pick(row)) for row in result]


def run_as_row(run: RunRecord) -> dict[str, Any]:
    """Return a run as a row, which contains the fields of its result."""
    return as_row(run.outcome) | {"started": run.started}


def run_from_row(row: RowMapping) -> RunRecord:
    """Return a row as a run."""
    return RunRecord(from_row(RunResult, row), row["started"])


@cache
def _field_names(kind: type["DataclassInstance"]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def select_rows(database: Database, query: Select[Any]) -> list[RowMapping]:
    """Run a query in a transaction of its own."""
    with database.read_transaction() as connection:
        return list(connection.execute(query).mappings())


def select_records(database: Database, kind: type[T], query: Select[Any]) -> tuple[T, ...]:
    """Run a query in a transaction of its own, and return its rows as records."""
    with database.read_transaction() as connection:
        return tuple(from_result(kind, connection.execute(query)))


def select_record(database: Database, kind: type[T], query: Select[Any]) -> T | None:
    """Run a query in a transaction of its own; return its first row as a record, if any."""
    records = select_records(database, kind, query)
    return records[0] if records else None


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; replace existing rows with the same keys.

    Columns that the rows do not name keep their values.
    """
    if not rows:
        return
    statement = _upsert_statement(connection.dialect.name, table, tuple(rows[0]))
    keys = [column.name for column in table.primary_key]
    insert_rows(connection, statement, sorted_by_key(rows, keys))


def insert_rows(
    connection: Connection,
    statement: "postgresql.Insert | sqlite.Insert",
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert many rows; on PostgreSQL with few statements."""
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        # Otherwise SQLAlchemy executes the statement once for each row.
        connection.execute(statement.returning(literal(1)), rows)
    else:
        connection.execute(statement, rows)


@cache
def _upsert_statement(
    engine: str, table: Table, names: tuple[str, ...]
) -> "postgresql.Insert | sqlite.Insert":
    """Return a statement that is built once: building it takes longer than executing it."""
    statement = insert_statement(engine, table)
    keys = [column.name for column in table.primary_key]
    values = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=values)


def insert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return the engine's own INSERT, which supports ON CONFLICT."""
    return insert_statement(connection.dialect.name, table)


def insert_statement(engine: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return the INSERT of an engine, "postgresql" or "sqlite"."""
    if engine == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 -- a process needs one engine

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 -- a process needs one engine

    return sqlite.insert(table)


def execute_for_rows(
    connection: Connection,
    make_statement: Callable[[Mapping[str, ColumnElement[Any]]], UpdateBase],
    rows: Sequence[Mapping[str, Any]],
    types: Mapping[str, TypeEngine[Any]],
) -> None:
    """Execute a statement for many rows of values; on PostgreSQL once, over all of them.

    Args:
        connection: the transaction's connection.
        make_statement: a function of a module, which returns the statement for the expressions of a
            row's values, by name.
        rows: the values by name. The names are not those of columns.
        types: the types of the values.
    """
    if not rows:
        return
    engine = connection.dialect.name
    statement = _statement_for_rows(engine, make_statement, tuple(types.items()))
    if engine == "postgresql":
        connection.execute(statement, {name: [row[name] for row in rows] for name in types})
    else:
        connection.execute(statement, rows)


@cache
def _statement_for_rows(
    engine: str,
    make_statement: Callable[[Mapping[str, ColumnElement[Any]]], UpdateBase],
    types: tuple[tuple[str, TypeEngine[Any]], ...],
) -> UpdateBase:
    """Return a statement that is built once: building it takes longer than executing it."""
    if engine != "postgresql":
        return make_statement({name: bindparam(name, type_=kind) for name, kind in types})
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in types]
    columns = [column(name, kind) for name, kind in types]
    table = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return make_statement(dict(table.c))


def sorted_by_key(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Sort rows by their keys, so that concurrent transactions cannot deadlock."""
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def chunks(keys: Collection[str]) -> Iterator[list[str]]:
    """Yield the distinct keys in lists that are short enough for a query."""
    unique = sorted(set(keys))
    for start in range(0, len(unique), MAX_QUERY_KEYS):
        yield unique[start : start + MAX_QUERY_KEYS]


def of_feeds(query: Select[Any], table: Table, feeds: Collection[str] | None) -> Select[Any]:
    """Restrict a query to some feeds. Too many for one query, or None, are all feeds."""
    if feeds is None or len(feeds) > MAX_QUERY_KEYS:
        return query
    return query.where(table.c.feed.in_(list(feeds)))
