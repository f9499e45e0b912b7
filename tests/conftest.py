"""Fixtures that every test file may use."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.site import Site, running_site

settings.register_profile("feedpub", deadline=None)  # speed is for benchmarks: a busy machine fails no test
settings.load_profile("feedpub")


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on loopback, empty at first."""
    with running_site() as running:
        yield running
