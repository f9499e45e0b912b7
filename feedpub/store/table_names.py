"""The names that tables had before version 0011, and how such tables get their present names."""

from collections.abc import Iterator
from types import MappingProxyType

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

from feedpub.store import schema
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
