"""Who may read a state: its owner, whatever the umask was and whoever made the folder."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.store import ItemState, Store
from feedpub.store.sqlite import FILE_NAME
from tests.store.examples import NOW, entry


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def careless() -> Iterator[None]:
    """A umask that leaves every right to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def fill(store: Store) -> None:
    store.commit_entries(
        "world",
        entries=[entry("a")],
        aliases={},
        item_states=[ItemState("a", "", "stored")],
        now=NOW,
    )


@pytest.mark.usefixtures("careless")
def test_a_new_state_is_its_owners_alone(folder: Path) -> None:
    """The file, its log and the log's index."""
    with Store.open(folder) as store:
        fill(store)
        assert {file.name: mode(file) for file in folder.glob(f"{FILE_NAME}*")} == dict.fromkeys(
            [FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"], 0o600
        )
    assert mode(folder) == 0o700
    assert Store.exposures(folder) == ()


def test_an_open_state_is_closed_to_others(folder: Path) -> None:
    """With what lies beside it: logs that a crash has left, and what was set aside."""
    with Store.open(folder) as store:
        fill(store)
        names = [FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"]
        crashed = folder.with_name("crashed")
        shutil.copytree(folder, crashed)
    names.append(f"{FILE_NAME}.damaged-20260101T000000Z")
    (crashed / names[-1]).write_bytes(b"")
    for name in names:
        (crashed / name).chmod(0o664)
    with Store.open(crashed) as store:
        assert store.count("world") == 1
        assert {name: mode(crashed / name) for name in names} == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (0o777, "others can write to the state folder"),
        (0o770, "others can write to the state folder"),
        (0o755, "others can enter the state folder"),
        (0o711, "others can enter the state folder"),
        (0o744, ""),
        (0o700, ""),
    ],
)
def test_a_folder_that_others_made(folder: Path, rights: int, said: str) -> None:
    """It stays as it is, and what to do is said."""
    folder.mkdir()
    folder.chmod(rights)
    with Store.open(folder):
        pass
    assert mode(folder) == rights
    wanted = (f"{said} {folder}; run chmod 700 {folder}",) if said else ()
    assert Store.exposures(folder) == wanted


def test_a_file_of_somebody_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rights are its owner's to change: it is named, and used all the same."""
    Store.open(folder).close()
    (folder / FILE_NAME).chmod(0o644)

    def refuse(self: Path, mode: int) -> None:  # noqa: ARG001 -- as Path.chmod has it
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "chmod", refuse)
    Store.open(folder).close()
    file = folder / FILE_NAME
    assert Store.exposures(folder) == (
        f"others can read {file}; run chmod 600 {file} as its owner",
    )


def test_nothing_is_said_of_what_is_not_there(folder: Path) -> None:
    """Before the first build, and of a database."""
    assert Store.exposures(folder) == ()
    assert Store.exposures("postgresql://db.example.org/feedpub") == ()
