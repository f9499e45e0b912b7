"""For how long what is published holds."""

import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedpub.core.errors import StoreError
from feedpub.store import ScheduledRun
from feedpub.web import FeedApp, FolderBackend, next_runs
from tests.support.client import Client, served
from tests.support.service import eventually
from tests.web.conftest import BASE


class Plans:
    """The plans of a state that can be changed, or fail."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"world": 1800}
        self.broken = False
        self.open = threading.Event()
        self.open.set()

    def load(self) -> Mapping[str, ScheduledRun]:
        self.open.wait(10)
        if self.broken:
            raise StoreError("the state cannot be read")
        now = datetime.now(UTC)
        return {
            feed: ScheduledRun(feed, now + timedelta(seconds=wait), "")
            for feed, wait in self.seconds.items()
        }


@pytest.fixture
def plans() -> Plans:
    return Plans()


@pytest.fixture
def client(folder: Path, plans: Plans) -> Iterator[Client]:
    with served(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as running:
        yield running


def max_age(client: Client, path: str) -> int:
    found = re.fullmatch(r"public, max-age=(\d+)", client.get(path).header("cache-control"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("path", ["/world.rss", "/world.json", "/world.html", "/world/story.html"])
def test_what_belongs_to_a_feed_holds_until_its_next_run(client: Client, path: str) -> None:
    """Its documents and its pages."""
    assert 1750 < max_age(client, path) <= 1800


def test_what_is_about_all_feeds_holds_until_the_first_runs(plans: Plans, folder: Path) -> None:
    """The page and the list."""
    plans.seconds = {"world": 1800, "other": 900}
    with served(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as client:
        assert 850 < max_age(client, "/") <= 900
        assert 850 < max_age(client, "/feeds.opml") <= 900


@pytest.mark.parametrize(("wait", "age"), [(-500, 60), (0, 60), (10, 60), (100_000, 3600)])
def test_it_holds_a_minute_at_least_and_an_hour_at_most(
    plans: Plans, folder: Path, wait: float, age: int
) -> None:
    """A run may be late, and plans may change."""
    plans.seconds = {"world": wait}
    with served(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as client:
        assert max_age(client, "/world.rss") == age


def test_where_nothing_is_planned_it_holds_a_minute(client: Client) -> None:
    """As for the feed of the sources' health, which may change at any time."""
    assert max_age(client, "/health.rss") == 60


def test_archives_hold_a_day(client: Client) -> None:
    """They are never written again."""
    assert max_age(client, "/world-archive-2.rss") == 86400


def test_changed_plans_are_noticed(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some seconds later, by the first who asks: it may be the only one in an hour."""
    plans.seconds["world"] = 300
    assert max_age(client, "/world.rss") > 1700
    monkeypatch.setattr(next_runs, "REFRESH_SECONDS", 0.0)
    assert max_age(client, "/world.rss") <= 300


def test_a_refresh_notices_them_too(folder: Path, plans: Plans) -> None:
    """After a run, whose plan is new."""
    app = FeedApp(FolderBackend(folder), None, [], BASE, plans.load)
    with served(app) as client:
        plans.seconds["world"] = 300

        def noticed() -> bool:  # not within the time that a look takes, since the last one
            app.refresh(["world.rss"])
            return max_age(client, "/world.rss") <= 300

        assert eventually(noticed)


def test_plans_that_cannot_be_read_hold_up_nothing(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was known goes on to count; the log says why."""
    plans.broken = True
    monkeypatch.setattr(next_runs, "REFRESH_SECONDS", 0.0)
    assert max_age(client, "/world.rss") > 1700
    assert "the state cannot be read" in caplog.text


def test_a_state_that_takes_its_time_is_not_waited_for(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for long; what was known goes on to count."""
    plans.open.clear()
    monkeypatch.setattr(next_runs, "MAX_WAIT_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(next_runs, "REFRESH_SECONDS", 0.0)
        assert max_age(client, "/world.rss") > 1700
    plans.open.set()
