"""Records to rows and back, and the one way that rows are put in.

Columns are named as the fields they hold.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite

from feedpub.core.models import RunResult
from feedpub.store.records import RunRecord

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
_CHUNK = 500  # keys in one query: databases bound the number of parameters


def as_row(record: "DataclassInstance") -> dict[str, Any]:
    """A record's fields by name; records within it are left as they are."""
    return {name: getattr(record, name) for name in _names(type(record))}


def from_row(kind: type[T], row: RowMapping) -> T:
    """The record of a kind that a row holds."""
    return kind(**{name: row[name] for name in _names(kind)})


def run_as_row(run: RunRecord) -> dict[str, Any]:
    """A run lies flat: its outcome's fields, and when it started."""
    return as_row(run.outcome) | {"started": run.started}


def run_from_row(row: RowMapping) -> RunRecord:
    """The run that a row holds."""
    return RunRecord(from_row(RunResult, row), row["started"])


@cache
def _names(kind: type["DataclassInstance"]) -> tuple[str, ...]:
    """The fields of a kind of records, in their order."""
    return tuple(field.name for field in fields(kind))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each in place of the row of the same key where there is one."""
    if not rows:
        return
    statement = insert(connection, table)
    keys = [column.name for column in table.primary_key]
    rest = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=rest), sorted_by_key(rows, keys)
    )


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that can say what happens to rows that are there, as the engine writes it."""
    return (
        postgresql.insert(table)
        if connection.dialect.name == "postgresql"
        else sqlite.insert(table)
    )


def sorted_by_key(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str]
) -> list[Mapping[str, Any]]:
    """The rows by their keys.

    Two transactions that write the same ones never wait for each other in a circle.
    """
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def chunks(keys: Collection[str]) -> Iterator[list[str]]:
    """The keys, each once, in lists that a query can carry."""
    unique = sorted(set(keys))
    for start in range(0, len(unique), _CHUNK):
        yield unique[start : start + _CHUNK]
