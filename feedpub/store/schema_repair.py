"""Bring the tables of a database to those of the schema, whatever version it records.

The recorded version is not reliable: development versions, partial restores and manual edits leave
other tables behind. So the real tables are compared with those of the recorded version before the
migrations, and with the schema afterwards. Missing parts are added; others stay. A table
with its name before version 0011 gets its present name; no row of it is lost.

A table that lacks a column which its rows need is emptied. That loses history, such as the record
of runs or site memories. A table that holds ids is never emptied: ColumnDecodeError states that the
state has to be rebuilt.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    inspect,
    select,
    text,
    true,
    update,
)
from sqlalchemy.schema import CreateColumn

from feedpub.store import schema
from feedpub.store.column_types import ColumnDecodeError
from feedpub.store.rows import insert

FORMER_NAMES = MappingProxyType(
    {
        "document_cache": "documents",
        "feed_summaries": "fronts",
        "incidents": "notices",
        "item_states": "seen",
        "leases": "claims",
        "open_incidents": "breaks",
        "outbox": "messages",
        "page_snapshots": "pages",
        "removal_stats": "removals",
        "robots_cache": "robots",
        "run_marks": "marks",
        "site_memories": "memories",
        "source_observations": "looks",
        "source_probes": "calm",
    }
)
_log = logging.getLogger(__name__)
_TABLES_WITH_IDS = {schema.entries.name, schema.aliases.name, schema.archives.name}

Columns: TypeAlias = Mapping[str, Collection[str]]
"""Table → the names of its columns."""

Step: TypeAlias = tuple[str, Callable[[Connection], None]]
"""A repair: its description, and the function that does it."""


def former_metadata() -> MetaData:
    """Return the schema with the names before 0011 and without indexes.

    Index names are unique in a database, so the indexes can only belong to the present tables.
    """
    former = MetaData()
    for table in schema.metadata.sorted_tables:
        name = FORMER_NAMES.get(table.name, table.name)
        table.to_metadata(former, name=name).indexes.clear()
    return former


def rename_table(connection: Connection, former: str, name: str) -> None:
    """Rename a table and, in PostgreSQL, what is named after it. Drop its indexes."""
    connection.execute(text(f"ALTER TABLE {former} RENAME TO {name}"))
    for index in inspect(connection).get_indexes(name):
        if str(index["name"]).startswith(f"{former}_"):
            connection.execute(text(f"DROP INDEX {index['name']}"))
    if connection.dialect.name == "postgresql":
        _rename_constraints(connection, former, name)


def _rename_constraints(connection: Connection, former: str, name: str) -> None:
    """Give the constraints and the sequence of a renamed table the names that a new one has."""
    constraints = text("SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:name)")
    for constraint in connection.scalars(constraints, {"name": name}).all():
        if constraint.startswith(f"{former}_"):
            renamed = constraint.replace(former, name, 1)
            sql = f'ALTER TABLE {name} RENAME CONSTRAINT "{constraint}" TO "{renamed}"'
            connection.execute(text(sql))
    if _is_numbered(schema.metadata.tables[name]):
        sequence = connection.scalar(select(func.pg_get_serial_sequence(name, "id")))
        if str(sequence).rpartition(".")[2] == f"{former}_id_seq":
            connection.execute(text(f"ALTER SEQUENCE {sequence} RENAME TO {name}_id_seq"))


def merge_table(connection: Connection, former: str, table: Table) -> None:
    """Move the rows of a table that has its former name into the present one, and drop it.

    Both exist after a development version, or after a backup was restored over a newer state. Rows
    of the present table take precedence over rows with the same key.
    """
    old = Table(former, MetaData(), autoload_with=connection)
    new = Table(table.name, MetaData(), autoload_with=connection)
    names = [column.name for column in old.columns if column.name in new.columns]
    if _is_numbered(table):
        _renumber(connection, old, new, names)
    rows = select(*_columns(old, names)).where(true())  # SQLite cannot parse it without WHERE
    move = insert(connection, new).from_select(names, rows)
    connection.execute(move.on_conflict_do_nothing())
    if _is_numbered(table):
        continue_numbering(connection, new)
    old.drop(connection)


def _renumber(connection: Connection, old: Table, new: Table, names: list[str]) -> None:
    """Give the rows of the present table higher numbers than those of the former one.

    Numbers state the order of rows; nothing refers to them. Rows that are in both tables are
    dropped from the former one.
    """
    same = [_comparable(old.c[n]).is_not_distinct_from(_comparable(new.c[n])) for n in names]
    connection.execute(delete(old).where(exists(select(new.c.id).where(and_(*same)))))
    if not connection.scalar(select(func.count()).select_from(old)):
        return
    highest = [connection.scalar(select(func.max(t.c.id))) or 0 for t in (old, new)]
    # Numbers that are free now: rows are updated one after the other.
    connection.execute(update(new).values(id=new.c.id + max(highest)))


def continue_numbering(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows from the highest number on. SQLite does so anyway."""
    if connection.dialect.name != "postgresql":
        return
    highest = connection.scalar(select(func.max(table.c.id)))
    if highest:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(sequence, highest)))


def _is_numbered(table: Table) -> bool:
    return [column.name for column in table.primary_key] == ["id"]


def _columns(table: Table, names: list[str]) -> Iterator[Column[object]]:
    return (table.c[name] for name in names)


def _comparable(column: Column[object]) -> ColumnElement[object]:
    """Return an expression that can be compared; PostgreSQL cannot compare values of type json."""
    return cast(column, String) if isinstance(column.type, JSON) else column


def schema_version(connection: Connection) -> str:
    """Return the recorded version of the tables; "" if none is recorded."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def find_faults(connection: Connection) -> list[str]:
    """Describe the repairs that the tables need to match the schema. Nothing is changed.

    Raises:
        ColumnDecodeError: the tables cannot be repaired.
    """
    real = _RealTables(connection)
    # Other repairs can only be planned after tables have their present names.
    steps = [*_rename_steps(real)] or [*_schema_steps(real), *_merge_steps(real)]
    return [description for description, _ in steps]


def upgrade_schema(connection: Connection, version: str, name: str) -> None:
    """Bring the tables to this code's version, within the connection's transaction.

    Args:
        connection: a connection that may write.
        version: the recorded version, not newer than this code's; "" creates the tables.
        name: the state's name for the log.

    Raises:
        ColumnDecodeError: ids would be lost, or no such version exists.
    """
    from alembic.util import CommandError  # noqa: PLC0415 -- slow to import and rarely needed

    from feedpub.store.migrations import stamp_newest, tables_of_version, upgrade_tables  # noqa: PLC0415 -- for the same reason

    repairs: list[str] = []
    if not version and not inspect(connection).get_table_names():  # new: nothing to repair
        schema.metadata.create_all(connection, checkfirst=False)
        stamp_newest(connection)
        return
    if not version:
        repairs += _apply(connection, _rename_steps(_RealTables(connection)))
        schema.metadata.create_all(connection)
        stamp_newest(connection)
    elif version < schema.VERSION:
        try:
            recorded = tables_of_version(version)
            repairs += _apply(connection, _version_steps(_RealTables(connection), recorded))
            upgrade_tables(connection)
        except CommandError as error:
            raise ColumnDecodeError(f"no version of feedpub has the schema {version}") from error
    for steps in (_rename_steps, _schema_steps, _merge_steps):
        repairs += _apply(connection, steps(_RealTables(connection)))
    if repairs:
        message = "repaired tables that did not match version %s"
        _log.warning(f"%s: {message}: %s", name, version or "?", "; ".join(repairs))


def _apply(connection: Connection, steps: Iterable[Step]) -> list[str]:
    planned = list(steps)  # all of them first: one that is impossible prevents the others
    for _, repair in planned:
        repair(connection)
    return [description for description, _ in planned]


class _RealTables:
    """The tables as the database describes them."""

    def __init__(self, connection: Connection) -> None:
        inspector = inspect(connection)
        self.columns: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, set[str]] = {}
        self.indexes: set[str | None] = set()
        for (_, name), columns in inspector.get_multi_columns().items():
            self.columns[name] = {column["name"]: column for column in columns}
        for (_, name), key in inspector.get_multi_pk_constraint().items():
            self.keys[name] = set(key["constrained_columns"])
        for indexes in inspector.get_multi_indexes().values():
            self.indexes.update(index["name"] for index in indexes)

    def has_rows_of(self, table: Table, name: str) -> bool:
        """Return True if a table of some name can hold the rows of one of ours.

        A PostgreSQL database may hold tables of other programs, and `messages` or `documents` are
        common names.
        """
        if name not in self.columns or self.keys.get(name) != _key_of(table):
            return False
        return not _missing_required(table.columns, self.columns[name])


def _rename_steps(real: _RealTables) -> Iterator[Step]:
    """Yield the renamings of tables that only exist under their former names."""
    for name, former in FORMER_NAMES.items():
        table = schema.metadata.tables[name]
        if name not in real.columns and real.has_rows_of(table, former):
            yield f"{former} is renamed to {name}", partial(_rename, former, name)


def _merge_steps(real: _RealTables) -> Iterator[Step]:
    """Yield what merges tables that exist under both names."""
    for name, former in FORMER_NAMES.items():
        table = schema.metadata.tables[name]
        if name in real.columns and real.has_rows_of(table, former):
            yield f"{former} is merged into {name}", partial(_merge, former, table)


def _version_steps(real: _RealTables, recorded: Columns) -> Iterator[Step]:
    """Yield what gives the tables the columns of an older version; its migrations add the rest."""
    former = former_metadata()
    for table in schema.metadata.sorted_tables:
        named = table
        if table.name not in recorded:
            named = former.tables[FORMER_NAMES.get(table.name, table.name)]
        if named.name in recorded:
            required = [column for column in named.columns if column.name in recorded[named.name]]
            missing = _missing_required(required, real.columns.get(named.name, {}))
            oddity = f"lacks the column {missing}" if missing else ""
            yield from _table_steps(named, required, oddity, real)


def _schema_steps(real: _RealTables) -> Iterator[Step]:
    """Yield what makes the tables those of the schema."""
    for table in schema.metadata.sorted_tables:
        columns = real.columns.get(table.name, {})
        oddity = _describe_oddity(table, real) if columns else ""
        yield from _table_steps(table, table.columns, oddity, real)
        if oddity or not columns:
            continue  # the table is created again
        for name, column in columns.items():
            if name not in table.columns and not column["nullable"] and column["default"] is None:
                yield f"{table.name} loses the column {name}", partial(_drop_column, table, name)
        for index in table.indexes:
            if index.name not in real.indexes:
                yield f"{table.name} gets the index {index.name}", index.create


def _table_steps(
    table: Table, columns: Iterable[Column[Any]], oddity: str, real: _RealTables
) -> Iterator[Step]:
    """Yield what creates a table, empties it because of an oddity, or adds missing columns."""
    if table.name not in real.columns:
        _ensure_no_ids(table, "is missing")
        yield f"{table.name} is created", table.create
    elif oddity:
        _ensure_no_ids(table, oddity)
        yield f"{table.name} is emptied because it {oddity}", partial(_recreate, table)
    else:
        for column in columns:
            if column.name not in real.columns[table.name]:
                add = partial(_add_column, table, column)
                yield f"{table.name} gets the column {column.name}", add


def _missing_required(required: Iterable[Column[Any]], real: Mapping[str, Any]) -> str:
    """Return the first column that rows need and a table lacks; "" if it has all of them."""
    for column in required:
        is_needed = not column.nullable and column.server_default is None
        if is_needed and column.name not in real:
            return column.name
    return ""


def _describe_oddity(table: Table, real: _RealTables) -> str:
    """Describe why rows cannot be inserted into a table as it is; "" if they can."""
    columns = real.columns[table.name]
    if missing := _missing_required(table.columns, columns):
        return f"lacks the column {missing}"
    if real.keys.get(table.name) != _key_of(table):
        return "has another key"
    for column in table.columns:
        if column.nullable and column.name in columns and not columns[column.name]["nullable"]:
            return f"requires a value in the column {column.name}"
    return ""


def _key_of(table: Table) -> set[str]:
    return {column.name for column in table.primary_key}


def _ensure_no_ids(table: Table, oddity: str) -> None:
    """Refuse to empty or invent a table by whose ids readers know the entries."""
    if table.name in _TABLES_WITH_IDS:
        raise ColumnDecodeError(f"the table {table.name} {oddity}")


def _rename(former: str, name: str, connection: Connection) -> None:
    rename_table(connection, former, name)


def _merge(former: str, table: Table, connection: Connection) -> None:
    merge_table(connection, former, table)


def _recreate(table: Table, connection: Connection) -> None:
    table.drop(connection)
    table.create(connection)


def _add_column(table: Table, column: Column[Any], connection: Connection) -> None:
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(
        f"ALTER TABLE {_quote(connection, table.name)} ADD COLUMN {definition}"
    )


def _drop_column(table: Table, name: str, connection: Connection) -> None:
    connection.exec_driver_sql(
        f"ALTER TABLE {_quote(connection, table.name)} DROP COLUMN {_quote(connection, name)}"
    )


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
