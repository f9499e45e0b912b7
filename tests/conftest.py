"""Fixtures that every test file may use."""

from collections.abc import Iterator

import pytest

from tests.support.site import Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on loopback, empty at first."""
    with running_site() as running:
        yield running
