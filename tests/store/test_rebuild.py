"""A corrupt file is quarantined and rebuilt, while other threads wait."""

import errno
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import Store, find_quarantined_files
from feedpub.store.files import COMPANIONS, FILE_NAME, quarantine, quarantined_files
from feedpub.store.sqlite import ReadWriteLock, wrap_sqlite_errors
from tests.store.examples import NOW, entry

AT = datetime(2026, 11, 25, 14, 53, 51, tzinfo=UTC)
NAME = f"{FILE_NAME}.damaged-20261125T145351Z"


@pytest.fixture
def store(file_store: Store) -> Store:
    """Return a state in a file: only files are quarantined."""
    return file_store


# --- quarantine ---


def test_file_is_quarantined_with_its_companions(tmp_path: Path) -> None:
    for suffix in ("", *COMPANIONS):
        (tmp_path / f"{FILE_NAME}{suffix}").write_text(suffix)
    assert quarantine(tmp_path / FILE_NAME, AT) == tmp_path / NAME
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        f"{NAME}{suffix}": suffix for suffix in ("", *COMPANIONS)
    }
    assert quarantined_files(tmp_path / FILE_NAME) == (tmp_path / NAME,)


def test_quarantine_never_overwrites_a_file(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("first")
    (tmp_path / f"{NAME}-2-wal").write_text("log of a second")
    (tmp_path / FILE_NAME).write_text("third")
    assert quarantine(tmp_path / FILE_NAME, AT).name == f"{NAME}-3"
    assert (tmp_path / NAME).read_text() == "first"


def test_missing_folder_has_no_quarantined_files(tmp_path: Path) -> None:
    assert find_quarantined_files(tmp_path / "none") == ()


# --- renewing ---


def fill(store: Store, name: str = "a") -> None:
    store.commit_entries(
        "world", entries=[entry(name)], aliases={name: f"tag:{name}"}, item_states=[], now=NOW
    )


def scribble(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE entries SET html = x'0bad'")


def test_rebuilt_state_contains_what_it_was_filled_with(store: Store, folder: Path) -> None:
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


def test_intact_state_is_never_quarantined(store: Store, folder: Path) -> None:
    fill(store)
    assert store.rebuild(lambda _: pytest.fail("filled")) is None
    assert find_quarantined_files(folder) == ()
    assert store.count("world") == 1


def test_other_threads_wait_until_the_new_file_is_filled(store: Store, folder: Path) -> None:
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


def test_restored_backup_is_used_by_the_next_transaction(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "backup") as backup:
        fill(backup, "old")
    fill(store)
    for suffix in ("", *COMPANIONS):
        (folder / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
    (tmp_path / "backup" / FILE_NAME).rename(folder / FILE_NAME)
    assert [found.id for found in store.entries("world")] == ["tag:old"]


def test_updated_by_id_covers_all_entries_of_a_feed(store: Store) -> None:
    fill(store)
    assert store.updated_by_id("world") == {"tag:a": NOW}
    assert store.updated_by_id("other") == {}


# --- who may come in ---


def test_lock_is_shared_by_many_or_held_by_one() -> None:
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


# --- what is damage ---


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some space on the disk"),
        (OSError(errno.EROFS, "Read-only file system"), "let the user that runs feedpub write"),
        (OSError(errno.EIO, "Input/output error"), "check the disk"),
        (sqlite3.OperationalError("no such table: x"), "no such table: x$"),
    ],
)
def test_system_error_is_reported_with_advice_and_not_as_corruption(
    error: Exception, advice: str
) -> None:
    with pytest.raises(StoreError, match=advice) as caught, wrap_sqlite_errors(Path("/state")):
        raise error
    assert not isinstance(caught.value, CorruptStateError)


def test_bug_is_not_reported_as_corruption(store: Store) -> None:
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
def test_value_that_cannot_be_decoded_is_corruption(
    store: Store, folder: Path, column: str, value: str
) -> None:
    fill(store)
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute(f"UPDATE entries SET {column} = {value}")  # noqa: S608 -- ours
    with pytest.raises(CorruptStateError, match="it is damaged"):
        store.entries("world")
