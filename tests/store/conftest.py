from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.store import Store
from feedpub.store.files import StatePlace
from tests.support.postgres import SKIP_REASON, Server, is_available

ENGINES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.skipif(not is_available(), reason=SKIP_REASON)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the path of a state folder that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest) -> StatePlace:
    """Return the location of an empty state, in each engine."""
    found: StatePlace = request.getfixturevalue(
        "folder" if request.param == "sqlite" else "address"
    )
    return found


@pytest.fixture
def store(place: StatePlace) -> Iterator[Store]:
    """Return an empty state, in each engine."""
    with Store.open(place) as opened:
        yield opened


@pytest.fixture
def file_store(folder: Path) -> Iterator[Store]:
    """Return an empty state in a file."""
    with Store.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module", params=ENGINES)
def shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Return one state for all examples of a module, which overwrite what they need."""
    if request.param == "sqlite":
        with Store.open(tmp_path_factory.mktemp("state")) as opened:
            yield opened
    else:
        server: Server = request.getfixturevalue("server")
        address = server.create_database(request.getfixturevalue("template"))
        with Store.open(address) as opened:
            yield opened
        server.drop_database(address)
