"""Fixtures: an output folder, an app that serves it, and a client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.web import FeedApp, FolderBackend, cache
from tests.support.client import Client, serve_app

BASE = "https://feeds.example.net/"
HUB = "https://hub.example.net/?a=1"
RSS = b"<rss>" + b"News of the day, and more of it. " * 200 + b"</rss>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an output folder with one feed in each format."""
    output = tmp_path / "feeds"
    (output / "world").mkdir(parents=True)
    for name, content in {
        "index.html": b"<!DOCTYPE html><title>All</title>",
        "feeds.opml": b"<opml/>",
        "world.rss": RSS,
        "world.atom": b"<feed/>",
        "world.json": b"{}",
        "world.html": b"<!DOCTYPE html><title>World</title>",
        "world-archive-2.rss": b"<rss>old</rss>",
        "health.rss": b"<rss>well</rss>",
        "world/story.html": b"<!DOCTYPE html><title>Story</title>",
        "world/map.png": b"\x89PNG",
        "world/chart.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }.items():
        (output / name).write_bytes(content)
    return output


@pytest.fixture
def app(folder: Path) -> FeedApp:
    return FeedApp(FolderBackend(folder), None, [HUB], BASE)


@pytest.fixture
def client(app: FeedApp) -> Iterator[Client]:
    with serve_app(app) as running:
        yield running


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inspect files at each request."""
    monkeypatch.setattr(cache, "STAT_CACHE_SECONDS", 0.0)
