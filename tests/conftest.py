"""Fixtures of all tests."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from feedpub.scheduler.queue import FeedQueue
from feedpub.store import Store
from tests.support.postgres import SKIP_REASON, Server, is_available, running_server
from tests.support.site import Site, running_site

# Directories and files that the fast lane (`-m "not slow"`) leaves out completely, besides all
# tests that need PostgreSQL.
_OUTSIDE_FAST_LANE = (
    *("catalogue/", "chaos/", "crashes/", "end_to_end/", "fuzz/", "model/", "soak/", "systemd/"),
    *("cleaner/summary/test_summarize.py", "fetch/test_matrix.py", "pipeline/test_reachability.py"),
    *("store/test_earlier_schemas.py", "store/test_schema_repair.py"),
    *("test_hostile_texts.py", "test_patterns_are_linear.py"),
)
_UNMEASURED_SECONDS = 0.3

settings.register_profile("feedpub", deadline=None)  # a busy machine must not fail tests
settings.load_profile("feedpub")


@pytest.fixture(autouse=True)
def _restore_log() -> Iterator[None]:
    """Restore the configuration of the log, which commands change in this process."""
    root, logger = logging.getLogger(), logging.getLogger("feedpub")
    handlers, level, logger_level = root.handlers[:], root.level, logger.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logger.setLevel(logger_level)


@pytest.fixture
def site() -> Iterator[Site]:
    """Run an empty web site on loopback."""
    with running_site() as running:
        yield running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run a PostgreSQL server."""
    if not is_available():
        pytest.skip(SKIP_REASON)
    with running_server() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[str]:
    """Return the name of a database with empty tables, the template of others."""
    address = server.create_database()
    Store.open(address).close()
    yield address.rpartition("/")[2]
    server.drop_database(address)


@pytest.fixture
def address(server: Server, template: str) -> Iterator[str]:
    """Create a database with empty tables."""
    created = server.create_database(template)
    yield created
    server.drop_database(created)


@pytest.fixture
def queue(address: str) -> Iterator[FeedQueue]:
    """Open an empty queue in that database."""
    with FeedQueue(address) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)  # before -m selects tests
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what the fast lane leaves out, and share the slow tests out to the workers."""
    for item in items:
        if _is_outside_fast_lane(item) and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.slow(seconds=_UNMEASURED_SECONDS))
    _share_slow_tests(config, items)


def _is_outside_fast_lane(item: pytest.Item) -> bool:
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    needs_postgres = "server" in getattr(item, "fixturenames", ()) or "postgresql" in item.name
    return needs_postgres or path.startswith(_OUTSIDE_FAST_LANE)


def _share_slow_tests(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker start with its share of the slow tests, so that short ones fill the end.

    pytest-xdist first assigns an equal part of the list to each worker, in order. After that,
    workers take tests from each other.
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
    """Return about how long tests take. Slow tests without a duration count as a few seconds."""
    marks = [item.get_closest_marker("slow") for item in items]
    return sum(float(mark.kwargs.get("seconds", 4)) for mark in marks if mark)
