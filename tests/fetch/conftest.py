"""Fixtures for tests of the HTTP client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from feedpub.fetch import Fetcher
from tests.support.clock import FakeClock

LOOPBACK = ("127.0.0.0/8", "::1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fetcher(clock: FakeClock) -> Iterator[Fetcher]:
    """Return a client that may reach loopback, has a long deadline and does not really wait."""
    with Fetcher(allow_private=LOOPBACK, deadline=20.0, max_bytes=100_000, clock=clock) as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
