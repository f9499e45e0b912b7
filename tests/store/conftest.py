from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """An empty state."""
    with Store.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all random examples: each overwrites what it asks for."""
    with Store.open(tmp_path_factory.mktemp("state")) as opened:
        yield opened
