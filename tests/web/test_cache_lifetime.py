"""The cache lifetime of published files."""

import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedpub.core.errors import StoreError
from feedpub.web import FeedApp, FolderBackend, cache
from tests.support.client import Client, serve_app
from tests.support.service import eventually
from tests.web.conftest import BASE


class Plans:
    """Fake plans that can change, fail or wait."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"world": 1800}
        self.broken = False
        self.open = threading.Event()
        self.open.set()

    def load(self) -> Mapping[str, datetime]:
        self.open.wait(10)
        if self.broken:
            raise StoreError("the state cannot be read")
        now = datetime.now(UTC)
        return {feed: now + timedelta(seconds=wait) for feed, wait in self.seconds.items()}


@pytest.fixture
def plans() -> Plans:
    return Plans()


@pytest.fixture
def client(folder: Path, plans: Plans) -> Iterator[Client]:
    with serve_app(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as running:
        yield running


def max_age(client: Client, path: str) -> int:
    found = re.fullmatch(r"public, max-age=(\d+)", client.get(path).header("cache-control"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("path", ["/world.rss", "/world.json", "/world.html", "/world/story.html"])
def test_files_of_a_feed_are_cached_until_its_next_run(client: Client, path: str) -> None:
    assert 1750 < max_age(client, path) <= 1800


def test_files_about_all_feeds_are_cached_until_the_first_run(plans: Plans, folder: Path) -> None:
    plans.seconds = {"world": 1800, "other": 900}
    with serve_app(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as client:
        assert 850 < max_age(client, "/") <= 900
        assert 850 < max_age(client, "/feeds.opml") <= 900


@pytest.mark.parametrize(("wait", "age"), [(-500, 60), (0, 60), (10, 60), (100_000, 3600)])
def test_cache_lifetime_is_between_a_minute_and_an_hour(
    plans: Plans, folder: Path, wait: float, age: int
) -> None:
    plans.seconds = {"world": wait}
    with serve_app(FeedApp(FolderBackend(folder), None, [], BASE, plans.load)) as client:
        assert max_age(client, "/world.rss") == age


def test_cache_lifetime_without_a_plan_is_a_minute(client: Client) -> None:
    assert max_age(client, "/health.rss") == 60


def test_archives_are_cached_for_a_day(client: Client) -> None:
    assert max_age(client, "/world-archive-2.rss") == 86400


def test_changed_plans_are_used_after_the_refresh_interval(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans.seconds["world"] = 300
    assert max_age(client, "/world.rss") > 1700
    monkeypatch.setattr(cache, "REFRESH_SECONDS", 0.0)
    assert max_age(client, "/world.rss") <= 300


def test_app_refresh_reloads_the_plans(folder: Path, plans: Plans) -> None:
    app = FeedApp(FolderBackend(folder), None, [], BASE, plans.load)
    with serve_app(app) as client:
        plans.seconds["world"] = 300

        def noticed() -> bool:  # a refresh right after the last reload does nothing
            app.refresh(["world.rss"])
            return max_age(client, "/world.rss") <= 300

        assert eventually(noticed)


def test_unreadable_plans_do_not_delay_files(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plans.broken = True
    monkeypatch.setattr(cache, "REFRESH_SECONDS", 0.0)
    assert max_age(client, "/world.rss") > 1700
    assert "the state cannot be read" in caplog.text


def test_slow_state_does_not_delay_files(
    client: Client, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans.open.clear()
    monkeypatch.setattr(cache, "MAX_WAIT_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(cache, "REFRESH_SECONDS", 0.0)
        assert max_age(client, "/world.rss") > 1700
    plans.open.set()
