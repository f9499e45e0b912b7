"""Fixtures that every test file may use."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from feedpub.scheduler.queue import FeedQueue
from feedpub.store import Store
from tests.support.postgres import MISSING, Server, any_server, installed
from tests.support.site import Site, running_site

settings.register_profile(
    "feedpub", deadline=None
)  # speed is for benchmarks: a busy machine fails no test
settings.load_profile("feedpub")


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """A command that a test runs in its own process sets the log up, for all tests after it."""
    root, ours = logging.getLogger(), logging.getLogger("feedpub")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on loopback, empty at first."""
    with running_site() as running:
        yield running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL."""
    if not installed():
        pytest.skip(MISSING)
    with any_server() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[str]:
    """The name of a database with our tables, to make others from."""
    address = server.database()
    Store.open(address).close()
    yield address.rpartition("/")[2]
    server.drop(address)


@pytest.fixture
def address(server: Server, template: str) -> Iterator[str]:
    """A database with our tables, and nothing in them."""
    made = server.database(template)
    yield made
    server.drop(made)


@pytest.fixture
def line(address: str) -> Iterator[FeedQueue]:
    """An empty queue in that database."""
    with FeedQueue(address) as opened:
        yield opened


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of what takes long: what is left at the end is quickly shared out.

    pytest-xdist gives each an equal part of the list, in its order, before they take tests from
    each other.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    slow: dict[Path, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for item in items:
        (slow.setdefault(item.path, []) if item.get_closest_marker("slow") else quick).append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for file in sorted(slow.values(), key=_seconds, reverse=True):
        min(shares, key=_seconds).extend(file)
    part = len(items) // workers
    items.clear()
    for share in shares:
        room = max(part - len(share), 0)
        items += [*share, *quick[:room]]
        del quick[:room]
    items += quick


def _seconds(items: list[pytest.Item]) -> float:
    """What they take, about: where a mark does not say, a few seconds each."""
    marks = [item.get_closest_marker("slow") for item in items]
    return sum(float(mark.kwargs.get("seconds", 4)) for mark in marks if mark)
