"""`feedpub run` and `feedpub serve` serve a bucket with the same headers as a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.publisher import FolderOutput, S3Client
from feedpub.web import FeedApp, FolderBackend, backends, cache, open_backend
from tests.support.bucket import EmptyBucket
from tests.support.client import Client, Reply, serve_app

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
def site(room: EmptyBucket) -> FeedApp:
    room.output().publish(FILES)
    return FeedApp(open_backend(room.bucket, room.storage), None, [HUB], BASE)


@pytest.fixture
def client(site: FeedApp) -> Iterator[Client]:
    with serve_app(site) as running:
        yield running


@pytest.fixture
def folder_client(tmp_path: Path) -> Iterator[Client]:
    """Serve the same files from a folder."""
    FolderOutput(tmp_path).publish(FILES)
    with serve_app(FeedApp(FolderBackend(tmp_path), None, [HUB], BASE)) as running:
        yield running


def without_times(reply: Reply) -> tuple[int, dict[str, list[str]], bytes]:
    """Return a reply without its times."""
    return (
        reply.status,
        {k: v for k, v in reply.headers.items() if k not in ("date", "last-modified")},
        reply.body,
    )


@pytest.mark.parametrize(
    "path", ["/", *(f"/{name}" for name in FILES), "/none.rss", "/world", "/.hidden"]
)
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_bucket_and_folder_are_served_identically(
    client: Client, folder_client: Client, path: str, coding: str
) -> None:
    assert without_times(client.get(path, accept_encoding=coding)) == without_times(
        folder_client.get(path, accept_encoding=coding)
    )


def test_conditional_requests_are_answered_304(client: Client) -> None:
    reply = client.get("/world.rss")
    assert client.get("/world.rss", if_none_match=reply.header("etag")).status == 304
    assert client.get("/world.rss", if_modified_since=reply.header("last-modified")).status == 304


def test_own_publication_is_served_immediately(
    room: EmptyBucket, site: FeedApp, client: Client
) -> None:
    assert client.get("/world.rss").body == FILES["world.rss"]
    room.output().publish({"world.rss": b"new", "more.rss": b"more"})
    site.refresh(["world.rss", "more.rss"])
    for _ in range(3):
        assert client.get("/world.rss").body == b"new"
        assert client.get("/more.rss").body == b"more"


def test_publication_of_another_process_is_served_after_the_next_listing(
    room: EmptyBucket, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/world.rss").body == FILES["world.rss"]
    room.output().publish({"world.rss": b"new"})
    room.remove("feeds.opml")
    monkeypatch.setattr(backends, "LIST_SECONDS", 0.0)
    monkeypatch.setattr(cache, "STAT_CACHE_SECONDS", 0.0)
    assert client.get("/world.rss").body == b"new"
    assert client.get("/feeds.opml").status == 404


def test_clients_cause_no_requests_to_the_bucket(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/world.rss")
    requests: list[object] = []

    def record(*arguments: object) -> tuple[()]:
        requests.append(arguments)
        return ()

    for method in ("list_below", "stat", "read"):
        monkeypatch.setattr(S3Client, method, record)
    for n in range(20):
        assert client.get("/world.rss").status == 200
        assert client.get(f"/{n}.rss").status == 404
    assert requests == []


def test_unreachable_bucket_is_served_from_memory_or_503(
    room: EmptyBucket,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert client.get("/world.rss").status == 200
    monkeypatch.setattr(backends, "LIST_SECONDS", 0.0)
    monkeypatch.setattr(cache, "STAT_CACHE_SECONDS", 0.0)
    room.remove_bucket()
    assert client.get("/world.rss").body == FILES["world.rss"]
    reply = client.get("/world/story.html")
    assert (reply.status, bool(reply.header("retry-after"))) == (503, True)
    assert "the last listing stays in use" in caplog.text


def test_bucket_that_was_never_reachable_is_503_until_it_is(room: EmptyBucket) -> None:
    room.remove_bucket()
    with serve_app(FeedApp(open_backend(room.bucket, room.storage), None, [], BASE)) as client:
        assert client.get("/world.rss").status == 503
        room.make_bucket()
        room.output().publish(FILES)
        assert client.get("/world.rss").status == 200
