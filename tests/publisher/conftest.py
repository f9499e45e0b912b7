"""Provide object storage to the tests of this package."""

from collections.abc import Iterator

import pytest

from tests.support.bucket import EmptyBucket, create_bucket, object_storage


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Return the address of an S3-compatible server."""
    with object_storage() as address:
        yield address


@pytest.fixture
def room(endpoint: str) -> EmptyBucket:
    """Return an empty bucket."""
    return create_bucket(endpoint)
