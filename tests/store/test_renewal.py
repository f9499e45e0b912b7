"""A damaged file set aside, and who may be at work meanwhile."""

import errno
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import Store
from feedpub.store.sqlite import (
    COMPANIONS,
    FILE_NAME,
    ReadWriteLock,
    quarantine,
    quarantined_files,
    wrap_sqlite_errors,
)
from tests.store.examples import NOW, entry

AT = datetime(2026, 11, 25, 14, 53, 51, tzinfo=UTC)
NAME = f"{FILE_NAME}.damaged-20261125T145351Z"


@pytest.fixture
def store(file_store: Store) -> Store:
    """Only a file is ever set aside."""
    return file_store


# --- setting aside
# ----------------------------------------------------------------------------------------------------


def test_a_file_is_set_aside_with_what_belongs_to_it(tmp_path: Path) -> None:
    """Under names by which SQLite still finds them together."""
    for suffix in ("", *COMPANIONS):
        (tmp_path / f"{FILE_NAME}{suffix}").write_text(suffix)
    assert quarantine(tmp_path / FILE_NAME, AT) == tmp_path / NAME
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        f"{NAME}{suffix}": suffix for suffix in ("", *COMPANIONS)
    }
    assert quarantined_files(tmp_path / FILE_NAME) == (tmp_path / NAME,)


def test_nothing_that_lies_aside_is_overwritten(tmp_path: Path) -> None:
    """Within one second there may be two; a log alone counts too."""
    (tmp_path / NAME).write_text("first")
    (tmp_path / f"{NAME}-2-wal").write_text("log of a second")
    (tmp_path / FILE_NAME).write_text("third")
    assert quarantine(tmp_path / FILE_NAME, AT).name == f"{NAME}-3"
    assert (tmp_path / NAME).read_text() == "first"


def test_nothing_lies_aside_where_there_is_no_folder(tmp_path: Path) -> None:
    """A state that never was."""
    assert Store.quarantined_files(tmp_path / "none") == ()


# --- renewing
# ---------------------------------------------------------------------------------------------------------


def fill(store: Store, name: str = "a") -> None:
    store.commit_entries(
        "world", entries=[entry(name)], aliases={name: f"tag:{name}"}, item_states=[], now=NOW
    )


def scribble(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE entries SET html = x'0bad'")


def test_a_renewed_state_has_what_it_was_filled_with(store: Store, folder: Path) -> None:
    """In this object and for whoever opens it."""
    fill(store)
    scribble(folder)
    with pytest.raises(CorruptStateError):
        store.entries("world")
    aside = store.rebuild(lambda _: fill(store, "b"))
    assert aside is not None
    assert aside.exists()
    with Store.open(folder) as again:
        for each in (store, again):
            assert [found.id for found in each.entries("world")] == ["tag:b"]


def test_a_sound_state_is_never_set_aside(store: Store, folder: Path) -> None:
    """Whatever somebody takes it for."""
    fill(store)
    assert store.rebuild(lambda _: pytest.fail("filled")) is None
    assert Store.quarantined_files(folder) == ()
    assert store.count("world") == 1


def test_others_see_a_new_file_only_when_it_is_filled(store: Store, folder: Path) -> None:
    """A thread that comes in meanwhile waits, and so does one that opens the state."""
    fill(store)
    scribble(folder)
    found: list[int] = []
    with pytest.raises(CorruptStateError):
        store.entries("world")

    def look() -> None:
        found.append(store.count("world"))
        with Store.open(folder) as other:
            found.append(other.count("world"))

    thread = threading.Thread(target=look)

    def slowly(_: Path) -> None:
        thread.start()
        thread.join(0.05)
        assert found == []
        fill(store, "b")
        fill(store, "c")

    store.rebuild(slowly)
    thread.join()
    assert found == [2, 2]


def test_a_backup_put_in_place_is_taken(store: Store, folder: Path, tmp_path: Path) -> None:
    """By the next transaction, without a restart."""
    with Store.open(tmp_path / "backup") as backup:
        fill(backup, "old")
    fill(store)
    for suffix in ("", *COMPANIONS):
        (folder / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
    (tmp_path / "backup" / FILE_NAME).rename(folder / FILE_NAME)
    assert [found.id for found in store.entries("world")] == ["tag:old"]


def test_updates_by_id(store: Store) -> None:
    """Of all entries of a feed."""
    fill(store)
    assert store.updated_by_id("world") == {"tag:a": NOW}
    assert store.updated_by_id("other") == {}


# --- who may come in
# --------------------------------------------------------------------------------------------------


def test_many_together_or_one_alone() -> None:
    """Whoever is alone waits for all others, and they wait for it; it may come in itself."""
    gate, order = ReadWriteLock(), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def together() -> None:
        with gate.shared(), gate.shared():
            inside.set()
            leave.wait(10)
            order.append("together")

    def alone() -> None:
        with gate.exclusive(), gate.shared():
            order.append("alone")

    threads = [threading.Thread(target=work) for work in (together, alone)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    with gate.shared():
        order.append("late")
    assert not gate.is_held_here
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["late", "together", "alone"]


# --- what is damage
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some space on the disk"),
        (OSError(errno.EROFS, "Read-only file system"), "let the user that runs feedpub write"),
        (OSError(errno.EIO, "Input/output error"), "check the disk"),
        (sqlite3.OperationalError("no such table: x"), "no such table: x$"),
    ],
)
def test_what_the_system_says_is_no_damage(error: Exception, advice: str) -> None:
    """It is told what there is to do."""
    with pytest.raises(StoreError, match=advice) as caught, wrap_sqlite_errors(Path("/state")):
        raise error
    assert not isinstance(caught.value, CorruptStateError)


def test_a_fault_in_the_code_is_no_damage(store: Store) -> None:
    """Only what a column reads counts; anything else is a bug, and stays one."""
    with pytest.raises(ValueError, match="a bug"), wrap_sqlite_errors(Path("/state")):
        raise ValueError("a bug")
    assert store.count("world") == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("html", "x'00'"),
        ("text", "7"),
        ("authors", "'[1'"),
        ("authors", "'7'"),
        ("enclosures", "'[{\"no\": 1}]'"),
        ("published", "'soon'"),
        ("updated", "9e18"),
        ("title", "CAST(x'ff' AS TEXT)"),
    ],
)
def test_values_that_do_not_read_as_they_were_written(
    store: Store, folder: Path, column: str, value: str
) -> None:
    """Of every type of column."""
    fill(store)
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute(f"UPDATE entries SET {column} = {value}")  # noqa: S608 -- ours
    with pytest.raises(CorruptStateError, match="it is damaged"):
        store.entries("world")
