"""`feedpub run` and `feedpub serve` with a bucket as output.

The same files under the same headers.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.publisher import FolderOutput, S3Client
from feedpub.web import FeedApp, FolderBackend, backends, cache, open_backend
from tests.support.bucket import Room
from tests.support.client import Client, Reply, served

FILES = {
    "index.html": b"<!DOCTYPE html><title>All</title>",
    "feeds.opml": b"<opml/>",
    "world.rss": b"<rss>" + b"News of the day, and more of it. " * 200 + b"</rss>",
    "world-archive-2.rss": b"<rss>old</rss>",
    "world/story.html": b"<!DOCTYPE html><title>Story</title>",
    "world/map.png": b"\x89PNG",
    "world/chart.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}
BASE, HUB = "https://feeds.example.net/", "https://hub.example.net/"


@pytest.fixture
def site(room: Room) -> FeedApp:
    room.publisher().publish(FILES)
    return FeedApp(open_backend(room.bucket, room.storage), None, [HUB], BASE)


@pytest.fixture
def client(site: FeedApp) -> Iterator[Client]:
    with served(site) as running:
        yield running


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Client]:
    """The same files served from a folder."""
    FolderOutput(tmp_path).publish(FILES)
    with served(FeedApp(FolderBackend(tmp_path), None, [HUB], BASE)) as running:
        yield running


def told(reply: Reply) -> tuple[int, dict[str, list[str]], bytes]:
    """All but the times."""
    return (
        reply.status,
        {k: v for k, v in reply.headers.items() if k not in ("date", "last-modified")},
        reply.body,
    )


@pytest.mark.parametrize(
    "path", ["/", *(f"/{name}" for name in FILES), "/none.rss", "/world", "/.hidden"]
)
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_no_reader_can_tell_it_from_a_folder(
    client: Client, beside: Client, path: str, coding: str
) -> None:
    """The same bytes, validators and policies."""
    assert told(client.get(path, accept_encoding=coding)) == told(
        beside.get(path, accept_encoding=coding)
    )


def test_readers_that_have_it_are_told_so(client: Client) -> None:
    """By ETag and by time."""
    reply = client.get("/world.rss")
    assert client.get("/world.rss", if_none_match=reply.header("etag")).status == 304
    assert client.get("/world.rss", if_modified_since=reply.header("last-modified")).status == 304


def test_what_was_just_published_is_served_at_once(
    room: Room, site: FeedApp, client: Client
) -> None:
    """And not the old version again when what was known of the bucket is older than that."""
    assert client.get("/world.rss").body == FILES["world.rss"]
    room.publisher().publish({"world.rss": b"new", "more.rss": b"more"})
    site.refresh(["world.rss", "more.rss"])
    for _ in range(3):
        assert client.get("/world.rss").body == b"new"
        assert client.get("/more.rss").body == b"more"


def test_what_another_process_publishes_is_served_soon(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the next look at the bucket, and what it takes away is not."""
    assert client.get("/world.rss").body == FILES["world.rss"]
    room.publisher().publish({"world.rss": b"new"})
    room.remove("feeds.opml")
    monkeypatch.setattr(backends, "OFTEN", 0.0)
    monkeypatch.setattr(cache, "GLANCE", 0.0)
    assert client.get("/world.rss").body == b"new"
    assert client.get("/feeds.opml").status == 404


def test_readers_cost_no_requests(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come, and whatever they ask for: what is not there is known from the list."""
    client.get("/world.rss")
    asked: list[object] = []

    def counted(*arguments: object) -> tuple[()]:
        asked.append(arguments)
        return ()

    for method in ("below", "look", "read"):
        monkeypatch.setattr(S3Client, method, counted)
    for n in range(20):
        assert client.get("/world.rss").status == 200
        assert client.get(f"/{n}.rss").status == 404
    assert asked == []


def test_a_bucket_that_cannot_be_reached(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is in memory is served all the same; for the rest readers may come again."""
    assert client.get("/world.rss").status == 200
    monkeypatch.setattr(backends, "OFTEN", 0.0)
    monkeypatch.setattr(cache, "GLANCE", 0.0)
    room.remove_bucket()
    assert client.get("/world.rss").body == FILES["world.rss"]
    reply = client.get("/world/story.html")
    assert (reply.status, bool(reply.header("retry-after"))) == (503, True)
    assert "what is published now is not known" in caplog.text


def test_a_bucket_that_never_could(room: Room) -> None:
    """503, until it can."""
    room.remove_bucket()
    with served(FeedApp(open_backend(room.bucket, room.storage), None, [], BASE)) as client:
        assert client.get("/world.rss").status == 503
        room.make_bucket()
        room.publisher().publish(FILES)
        assert client.get("/world.rss").status == 200
