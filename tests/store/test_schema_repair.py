"""Tables that do not match the recorded version are completed, and no id is lost."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, inspect, text
from sqlalchemy.schema import CreateColumn

from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import ItemState, Store, migrations, schema
from feedpub.store.files import FILE_NAME, StatePlace
from feedpub.store.schema_repair import FORMER_NAMES
from tests.store.examples import NOW, entry
from tests.store.test_copy import fill as fill_all_tables
from tests.store.test_sqlite import versions

TABLES = sorted(schema.metadata.tables)
VITAL = (
    "entries",
    "aliases",
    "archives",
)  # they contain ids, which cannot be derived from other tables
VITAL_COLUMNS = {
    name: {
        column.name
        for column in schema.metadata.tables[name].columns
        if not column.nullable and column.server_default is None
    }
    for name in VITAL
}
OLDER = versions()[:-1]
PRESENT_NAMES = {former: name for name, former in FORMER_NAMES.items()}


def open_engine(place: StatePlace) -> Engine:
    if isinstance(place, Path):
        return create_engine(f"sqlite:///{place / FILE_NAME}")
    return create_engine(place.replace("postgresql:", "postgresql+psycopg:"))


@contextmanager
def foreign_connection(place: StatePlace) -> Iterator[Connection]:
    """Open a connection of another program, which is committed at the end."""
    engine = open_engine(place)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def shape(place: StatePlace) -> dict[str, object]:
    """Return each table's columns in any order, its key and its indexes."""
    with foreign_connection(place) as connection:
        inspector = inspect(connection)
        return {
            table: (
                {c["name"]: c["nullable"] for c in inspector.get_columns(table)},
                inspector.get_pk_constraint(table)["constrained_columns"],
                {index["name"] for index in inspector.get_indexes(table)},
            )
            for table in inspector.get_table_names()
        }


def fill(store: Store) -> None:
    """Add an entry with its alias and item state."""
    store.commit_entries(
        "world",
        entries=[entry("a")],
        aliases={"a": "tag:a"},
        item_states=[ItemState("a", "1", "stored")],
        now=NOW,
    )


def holds(store: Store) -> bool:
    """Return True if the entry is stored and its key identifies it."""
    return store.aliases("world", ["a"]) == {"a": "tag:a"} and [
        e.id for e in store.entries("world")
    ] == ["tag:a"]


def drop_column(connection: Connection, table: str, column: str) -> None:
    for index in inspect(connection).get_indexes(table):
        if column in index["column_names"]:
            connection.execute(text(f'DROP INDEX "{index["name"]}"'))
    connection.execute(text(f'ALTER TABLE "{table}" DROP COLUMN "{column}"'))


def drop_table(connection: Connection, table: str) -> None:
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    connection.execute(text(f'DROP TABLE "{table}"{cascade}'))


def at_version(place: StatePlace, version: str) -> None:
    """Create a state as an earlier version left it, with an entry."""
    if isinstance(place, Path):
        place.mkdir()
    with foreign_connection(place) as connection:
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        migrations.upgrade_tables(connection, version)
        kept = MetaData()
        kept.reflect(connection, only=["entries", "aliases"])
        for name, row in (
            ("entries", ROW),
            ("aliases", {"feed": "world", "key": "a", "entry": "tag:a"}),
        ):
            connection.execute(kept.tables[name].insert(), row)


EMPTY = zlib.compress(b"")
ROW = {
    **dict.fromkeys(("summary", "source"), ""),
    **dict.fromkeys(("first_seen", "published", "updated", "rank", "last_listed"), 0),
    "authors": [],
    "categories": [],
    "enclosures": [],
    **dict.fromkeys(("html", "text"), EMPTY),
    "feed": "world",
    "id": "tag:a",
    "url": "https://example.org/a",
    "slug": "a",
    "title": "a",
    "complete": True,
}


def later(version: str) -> list[Table]:
    """Return the tables that came after a version."""
    known = migrations.tables_of_version(version)
    return [table for table in schema.metadata.sorted_tables if table.name not in known]


# --- at the newest version ---


@pytest.mark.parametrize("table", sorted({*TABLES} - {*VITAL}))
def test_missing_table_is_created(folder: Path, table: str) -> None:
    with Store.open(folder) as store:
        fill(store)
    before = shape(folder)
    with foreign_connection(folder) as connection:
        drop_table(connection, table)
    with Store.open(folder) as store:
        assert holds(store)
    assert shape(folder) == before


@pytest.mark.parametrize("table", TABLES)
def test_missing_columns_are_added(folder: Path, table: str) -> None:
    """A table without a column that its rows need is created again."""
    Store.open(folder).close()
    before = shape(folder)
    for names in removable_columns(table):
        with foreign_connection(folder) as connection:
            for name in names:
                drop_column(connection, table, name)
        with Store.open(folder) as store:
            fill(store)
            assert holds(store)
        assert shape(folder) == before, names


def removable_columns(table: str) -> list[list[str]]:
    """Return lists of columns to drop together.

    The first list has all columns that rows do not need, the others have one that rows need each.
    """
    optional: list[str] = []
    needed: list[str] = []
    for column in schema.metadata.tables[table].columns:
        if not (column.primary_key or column.foreign_keys):
            is_optional = column.nullable or column.server_default is not None
            (optional if is_optional else needed).append(column.name)
    single = [] if table in VITAL else [[name] for name in dict.fromkeys(needed[:1] + needed[-1:])]
    return [names for names in (optional, *single) if names]


@pytest.mark.parametrize("table", VITAL)
def test_missing_table_with_ids_is_corruption(place: StatePlace, table: str) -> None:
    with Store.open(place) as store:
        fill(store)
    with foreign_connection(place) as connection:
        drop_table(connection, table)
    wanted, what = (
        (CorruptStateError, "moves it aside")
        if isinstance(place, Path)
        else (StoreError, "from its backup")
    )
    with pytest.raises(wanted, match=f"the table {table} is missing; .*{what}"):
        Store.open(place)


@pytest.mark.parametrize("column", sorted(VITAL_COLUMNS["entries"] - {"feed", "id"}))
def test_entries_without_a_required_column_are_corruption(folder: Path, column: str) -> None:
    with Store.open(folder) as store:
        fill(store)
    with foreign_connection(folder) as connection:
        drop_column(connection, "entries", column)
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(
        CorruptStateError, match=f"entries lacks the column {column}; .*moves it aside"
    ):
        Store.open(folder)
    assert (folder / FILE_NAME).read_bytes() == before


ODDITIES = {
    "another key": """
        DROP TABLE removal_stats;
        CREATE TABLE removal_stats (
            feed VARCHAR, text VARCHAR, reason VARCHAR, first BIGINT NOT NULL, last BIGINT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (feed, reason, text)
        )
    """,
    "unknown required columns": """
        ALTER TABLE item_states ADD COLUMN rechecks INTEGER NOT NULL DEFAULT 0;
        DROP TABLE robots_cache;
        CREATE TABLE robots_cache (
            origin VARCHAR PRIMARY KEY, body {blob} NOT NULL, status INTEGER NOT NULL,
            expires BIGINT NOT NULL,
            mine INTEGER NOT NULL
        )
    """,
    "a column too strict": """
        DROP TABLE schedule;
        CREATE TABLE schedule (
            feed VARCHAR PRIMARY KEY, next_run BIGINT NOT NULL, why VARCHAR NOT NULL,
            handed BIGINT NOT NULL
        )
    """,
    "no index": "DROP INDEX entries_by_date; DROP INDEX item_states_by_recheck",
    "no version": "DROP TABLE alembic_version",
    "an empty version": "DELETE FROM alembic_version",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_table_is_repaired(place: StatePlace, oddity: str) -> None:
    with Store.open(place) as store:
        fill(store)
    with foreign_connection(place) as connection:
        for statement in ODDITIES[oddity].split(";"):
            blob = schema.robots_cache.c.body.type.compile(connection.dialect)
            connection.execute(text(statement.format(blob=blob)))
    with Store.open(place) as store:
        assert holds(store)
        fill_all_tables(store, "local")


def test_many_missing_tables_and_columns_are_repaired(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store)
    before = shape(place)
    with foreign_connection(place) as connection:
        drop_table(connection, "source_probes")
        for name in {*TABLES} - {"source_probes"}:
            lost = [
                c.name
                for c in schema.metadata.tables[name].columns
                if not c.primary_key and not c.foreign_keys
            ]
            for column in {*lost[:1], *lost[-1:]} - VITAL_COLUMNS.get(name, set()):
                drop_column(connection, name, column)
    with Store.open(place) as store:
        assert holds(store)
        fill_all_tables(store, "local")
    assert shape(place) == before


# --- at older versions ---


@pytest.fixture(scope="module")
def fresh_shape(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return the shape of a new state in a file."""
    folder = tmp_path_factory.mktemp("fresh")
    Store.open(folder).close()
    present = shape(folder)
    return {name: present[name] for name in TABLES}


@pytest.mark.parametrize("version", OLDER)
def test_existing_tables_of_later_versions_stay(
    folder: Path, version: str, fresh_shape: dict[str, object]
) -> None:
    at_version(folder, version)
    with foreign_connection(folder) as connection:
        schema.metadata.create_all(connection, tables=later(version))
    with Store.open(folder) as store:
        assert holds(store)
    present = shape(folder)
    assert {name: present[name] for name in TABLES} == fresh_shape


@pytest.mark.parametrize("version", OLDER)
def test_existing_columns_of_later_versions_stay(
    folder: Path, version: str, fresh_shape: dict[str, object]
) -> None:
    at_version(folder, version)
    with foreign_connection(folder) as connection:
        for table, columns in migrations.tables_of_version(version).items():
            for column in (
                schema.metadata.tables[PRESENT_NAMES.get(table, table)].columns
                if table != "alembic_version"
                else ()
            ):
                if column.name not in {
                    *columns,
                    *(c["name"] for c in inspect(connection).get_columns(table)),
                }:
                    kind = CreateColumn(column).compile(dialect=connection.dialect)
                    connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {kind}"))
    with Store.open(folder) as store:
        assert holds(store)
    present = shape(folder)
    assert {name: present[name] for name in TABLES} == fresh_shape


@pytest.mark.parametrize("version", OLDER)
def test_missing_tables_of_an_older_version_are_created(
    folder: Path, version: str, fresh_shape: dict[str, object]
) -> None:
    at_version(folder, version)
    with foreign_connection(folder) as connection:
        for table in migrations.tables_of_version(version).keys() - {*VITAL, "alembic_version"}:
            drop_table(connection, table)
    with Store.open(folder) as store:
        assert holds(store)
    present = shape(folder)
    assert {name: present[name] for name in TABLES} == fresh_shape


def fresh(place: StatePlace) -> dict[str, object]:
    """Return the shape of a new state in the same engine."""
    with foreign_connection(place) as connection:
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    Store.open(place).close()
    present = shape(place)
    return {name: present[name] for name in TABLES}


def test_older_version_with_missing_and_additional_tables_is_repaired(place: StatePlace) -> None:
    at_version(place, "0005")
    with foreign_connection(place) as connection:
        drop_table(connection, "calm")
        drop_table(connection, "claims")
        drop_column(connection, "schedule", "handed")
        schema.feed_summaries.create(connection)
    with Store.open(place) as store:
        assert holds(store)
        fill_all_tables(store, "local")
    present = shape(place)
    assert {name: present[name] for name in TABLES} == fresh(place)


@pytest.mark.parametrize("version", ["0000", "0003b"])
def test_unknown_version_is_corruption(folder: Path, version: str) -> None:
    Store.open(folder).close()
    with foreign_connection(folder) as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :version"), {"version": version}
        )
    with pytest.raises(CorruptStateError, match=f"no version of feedpub has the schema {version}"):
        Store.open(folder)


# --- reports ---


def test_repairs_are_logged_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    Store.open(folder).close()
    with foreign_connection(folder) as connection:
        drop_table(connection, "source_probes")
        drop_column(connection, "sources", "firm")
        drop_column(connection, "source_observations", "lengths")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            Store.open(folder).close()
    message = f"repaired tables that did not match version {schema.VERSION}"
    repairs = (
        "source_observations is emptied because it lacks the column lengths; "
        "source_probes is created; sources gets the column firm"
    )
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / FILE_NAME}: {message}: {repairs}"
    ]


def test_dry_run_repairs_only_its_copy(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store)
    with foreign_connection(place) as connection:
        drop_table(connection, "source_probes")
    before = shape(place)
    if isinstance(place, Path):
        with Store.open(place, copy=True) as copy:
            assert copy.checks.load(["world"], NOW) == {}
    else:
        with pytest.raises(
            StoreError,
            match=r"needs repairs \(source_probes is created\): `feedpub build` does them",
        ):
            Store.open(place, copy=True)
    assert shape(place) == before


def test_impossible_repair_leaves_the_file_unchanged(folder: Path) -> None:
    Store.open(folder).close()
    with foreign_connection(folder) as connection:
        drop_table(connection, "source_probes")
        drop_table(connection, "source_observations")
        connection.execute(text("CREATE VIEW source_observations AS SELECT 1 AS feed"))
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(
        CorruptStateError,
        match=r"source_observations already exists|already a table named source_observations",
    ):
        Store.open(folder)
    assert (folder / FILE_NAME).read_bytes() == before
