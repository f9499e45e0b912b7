"""Opening a state: its folder, its version, and errors."""

import logging
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import ItemState, Store, migrations, schema
from feedpub.store.files import FILE_NAME
from feedpub.store.sqlite import FileDatabase
from tests.store.examples import NOW, entry
from tests.support.disk import run_on_disk


def versions() -> list[str]:
    with create_engine("sqlite://").connect() as connection:
        script = ScriptDirectory.from_config(migrations.config(connection))
        return [revision.revision for revision in script.walk_revisions()][::-1]


def tables(connection: Connection) -> dict[str, object]:
    """Return everything that a database reports of its tables."""
    inspector = inspect(connection)
    return {
        table: (
            [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table),
            inspector.get_foreign_keys(table),
            sorted(inspector.get_indexes(table), key=lambda index: index["name"] or ""),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


@pytest.fixture
def filled_file(folder: Path) -> Path:
    """Return the closed file of a state with 400 entries."""
    with Store.open(folder) as store:
        entries = [entry(str(n), html=f"<p>{n}</p>" * 50) for n in range(400)]
        seen = [ItemState(e.title, "", "stored") for e in entries]
        store.commit_entries(
            "world",
            entries=entries,
            aliases={e.title: e.id for e in entries},
            item_states=seen,
            now=NOW,
        )
    return folder / FILE_NAME


# --- the folder ---


def test_folder_is_created_with_its_parents_and_private(folder: Path) -> None:
    with Store.open(folder / "deep"):
        assert stat.S_IMODE((folder / "deep").stat().st_mode) == 0o700


def test_state_that_is_opened_again_has_its_entries(filled_file: Path) -> None:
    with Store.open(filled_file.parent) as store:
        assert store.count("world") == 400


def test_commits_are_flushed_and_foreign_keys_are_checked(folder: Path) -> None:
    database = FileDatabase(folder / FILE_NAME)
    with database.read_transaction() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS]
    database.close()
    assert found == ["wal", 2, 1]


PRAGMAS = ("journal_mode", "synchronous", "foreign_keys")


# --- versions ---


def test_schema_has_the_newest_version() -> None:
    assert versions()[-1] == schema.VERSION
    assert versions() == sorted(versions())


@pytest.mark.parametrize("version", versions())
def test_migrated_tables_match_the_schema(folder: Path, version: str) -> None:
    folder.mkdir()
    url = f"sqlite:///{folder / FILE_NAME}"
    engine = create_engine(url)
    with engine.begin() as connection:
        migrations.upgrade_tables(connection, version)
    engine.dispose()
    Store.open(folder).close()
    engine, fresh = create_engine(url), create_engine("sqlite://")
    with engine.connect() as migrated, fresh.begin() as created:
        schema.metadata.create_all(created)
        assert tables(migrated) == tables(created)
        assert compare_metadata(MigrationContext.configure(migrated), schema.metadata) == []
    engine.dispose()
    fresh.dispose()


def test_newer_database_is_refused(filled_file: Path) -> None:
    with closing(sqlite3.connect(filled_file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
    with pytest.raises(
        StoreError,
        match=rf"{FILE_NAME} has version 9000, this feedpub knows {schema.VERSION}: .*newer",
    ):
        Store.open(filled_file.parent)


def test_failed_migration_changes_nothing(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute("CREATE TABLE aliases (mine)")
    with pytest.raises(CorruptStateError, match="the table aliases lacks the column feed"):
        Store.open(folder)
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("aliases",)]


def test_migration_does_not_change_logging(folder: Path) -> None:
    logger = logging.getLogger("feedpub.test")
    before = (logging.root.handlers[:], logging.root.level)
    Store.open(folder).close()
    assert (logging.root.handlers, logging.root.level) == before
    assert not logger.disabled


def test_alembic_is_not_imported_for_a_current_state(filled_file: Path) -> None:
    code = (
        "import pathlib, sys; from feedpub.store import Store; "
        f"Store.open(pathlib.Path({str(filled_file.parent)!r})).close(); "
        "print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 -- our own
        == "False"
    )


# --- what cannot be used ---


def overwrite(path: Path, start: int, body: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(body)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "not-a-database": lambda path: path.write_bytes(b"hello " * 1000),
    "header-gone": lambda path: overwrite(path, 0, bytes(100)),
    "schema-gone": lambda path: overwrite(path, 100, b"\xff" * 4000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:9000]),
    "middle-gone": lambda path: overwrite(path, 8192, b"\xff" * (path.stat().st_size - 8192)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_corrupt_file_is_reported_and_not_changed(filled_file: Path, damage: str) -> None:
    DAMAGES[damage](filled_file)
    before = filled_file.read_bytes()
    with (
        pytest.raises(
            CorruptStateError, match=rf"{FILE_NAME}: .*it is damaged: the next `feedpub build` or"
        ),
        Store.open(filled_file.parent) as store,
    ):
        store.entries("world")
    assert filled_file.read_bytes() == before


def test_corrupt_value_is_reported(filled_file: Path) -> None:
    with closing(sqlite3.connect(filled_file)) as connection, connection:
        connection.execute("UPDATE entries SET html = x'00' WHERE id = 'tag:7'")
    with Store.open(filled_file.parent) as store, pytest.raises(CorruptStateError, match="damaged"):
        store.entries("world")


def test_copy_of_a_corrupt_file_reports_the_original(filled_file: Path) -> None:
    for damage in DAMAGES.values():
        damage(filled_file)
        with (
            pytest.raises(CorruptStateError, match=f"^{filled_file}: .*damaged"),
            Store.open(filled_file.parent, copy=True) as copy,
        ):
            copy.entries("world")


def test_file_at_the_path_of_the_folder_is_reported(folder: Path) -> None:
    folder.write_bytes(b"mine")
    with pytest.raises(StoreError, match=f"{folder}.*File exists"):
        Store.open(folder)


def test_folder_at_the_path_of_the_file_is_reported(folder: Path) -> None:
    (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(
        StoreError, match="unable to open database file; let the user that runs feedpub write"
    ):
        Store.open(folder)


ATTEMPT = """
import os
import pathlib
from datetime import UTC, datetime
from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import Store
try:
    with Store.open(pathlib.Path({folder!r})) as store:
        print(store.count("world"))
        now = datetime.now(UTC)
        for n in range({times}):
            memory = n.to_bytes(4, "big") * 100_000 + os.urandom(50_000)
            store.save_memories({str(n): memory}, now)
except StoreError as error:
    print(error)
"""


def test_read_only_disk_is_reported(filled_file: Path) -> None:
    filled_file.chmod(0o644)
    lines = run_on_disk(
        filled_file.parent,
        ATTEMPT.format(folder=str(filled_file.parent), times=1),
        size="4m",
        read_only=True,
    )
    assert lines[-1].startswith(f"{filled_file}: ")
    assert lines[-1].endswith("let the user that runs feedpub write to the file and its folder")


def test_full_disk_is_reported(filled_file: Path) -> None:
    lines = run_on_disk(
        filled_file.parent, ATTEMPT.format(folder=str(filled_file.parent), times=500), size="4m"
    )
    assert lines == ["400", f"{filled_file}: database or disk is full; free some space on the disk"]


# --- others at work ---


@pytest.fixture
def other_writer(filled_file: Path) -> Iterator[Path]:
    """Hold a transaction of another process that does not end."""
    with closing(sqlite3.connect(filled_file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield filled_file


def test_writer_reports_that_another_process_blocks_it(other_writer: Path) -> None:
    with (
        Store.open(other_writer.parent, timeout_seconds=0.05) as store,
        pytest.raises(StoreError, match="another process"),
    ):
        store.save_memories({"example.org": b"x"}, NOW)


def test_readers_do_not_wait_for_a_writer(other_writer: Path) -> None:
    for copy in (False, True):
        with Store.open(other_writer.parent, timeout_seconds=0.05, copy=copy) as store:
            assert store.count("world") == 400
