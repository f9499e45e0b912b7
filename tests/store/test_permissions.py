"""A state is only readable by its owner, with any umask and in a folder of another user."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.store import ItemState, Store, find_exposures
from feedpub.store.files import FILE_NAME
from tests.store.examples import NOW, entry


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Set a umask that leaves all permissions to everyone."""
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


@pytest.mark.usefixtures("open_umask")
def test_new_state_is_private(folder: Path) -> None:
    with Store.open(folder) as store:
        fill(store)
        assert {file.name: mode(file) for file in folder.glob(f"{FILE_NAME}*")} == dict.fromkeys(
            [FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"], 0o600
        )
    assert mode(folder) == 0o700
    assert find_exposures(folder) == ()


def test_existing_state_and_its_other_files_become_private(folder: Path) -> None:
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
    ("rights", "exposure"),
    [
        (0o777, "others can write to the state folder"),
        (0o770, "others can write to the state folder"),
        (0o755, "others can enter the state folder"),
        (0o711, "others can enter the state folder"),
        (0o744, ""),
        (0o700, ""),
    ],
)
def test_permissions_of_an_existing_folder_are_reported_and_kept(
    folder: Path, rights: int, exposure: str
) -> None:
    folder.mkdir()
    folder.chmod(rights)
    with Store.open(folder):
        pass
    assert mode(folder) == rights
    wanted = (f"{exposure} {folder}; run chmod 700 {folder}",) if exposure else ()
    assert find_exposures(folder) == wanted


def test_exposed_file_of_another_user_is_reported_and_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(folder).close()
    (folder / FILE_NAME).chmod(0o644)

    def refuse(self: Path, mode: int) -> None:  # noqa: ARG001 -- as Path.chmod has it
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "chmod", refuse)
    Store.open(folder).close()
    file = folder / FILE_NAME
    assert find_exposures(folder) == (f"others can read {file}; run chmod 600 {file} as its owner",)


def test_missing_state_has_no_exposures(folder: Path) -> None:
    assert find_exposures(folder) == ()
    assert find_exposures("postgresql://db.example.org/feedpub") == ()
