"""Object storage for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.support.bucket import Room, new_room, object_storage


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of running object storage."""
    with object_storage() as address:
        yield address


@pytest.fixture
def room(endpoint: str) -> Room:
    """An empty bucket of it."""
    return new_room(endpoint)
