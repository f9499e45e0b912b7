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
