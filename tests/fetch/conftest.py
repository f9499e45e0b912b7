"""Fixtures of the gate's tests."""

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
    """A fetcher that may ask loopback, does not really wait, and loses its patience late."""
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
