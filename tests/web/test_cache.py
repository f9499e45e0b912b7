"""The response cache: built once, bounded and up to date."""

import threading
from pathlib import Path

import pytest

from feedpub.publisher.names import OutputFile, identify_file
from feedpub.web import FeedApp, FolderBackend
from feedpub.web.backends import Signature
from feedpub.web.cache import ResponseCache
from feedpub.web.http import Headers
from tests.support.client import Client
from tests.web.conftest import RSS


def file(name: str) -> OutputFile:
    found = identify_file(name)
    assert found is not None
    return found


def no_headers(_file: OutputFile, _content: bytes) -> Headers:
    return ()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of the files that are read."""
    seen: list[str] = []
    read = FolderBackend.read

    def counted(shelf: FolderBackend, name: str) -> tuple[bytes, Signature] | None:
        seen.append(name)
        return read(shelf, name)

    monkeypatch.setattr(FolderBackend, "read", counted)
    return seen


def test_concurrent_requests_read_a_file_once(client: Client, reads: list[str]) -> None:
    threads = [threading.Thread(target=client.get, args=("/world.rss",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.get("/world.rss")
    assert reads == ["world.rss"]


def test_written_files_are_compressed_at_the_first_request(
    app: FeedApp, client: Client, reads: list[str]
) -> None:
    app.refresh(["world.rss", "world/map.png", "world.txt", "gone.rss"])
    assert reads == []
    for _ in range(2):
        for coding in ("br", "gzip"):
            reply = client.get("/world.rss", accept_encoding=coding)
            assert reply.header("content-encoding") == coding
    assert reads == ["world.rss", "world.rss"]


def test_refreshed_file_is_served_at_once(app: FeedApp, client: Client, folder: Path) -> None:
    client.get("/world.rss")
    (folder / "world.rss").write_bytes(b"<rss>new</rss>")
    app.refresh(["world.rss"])
    assert client.get("/world.rss").body == b"<rss>new</rss>"


def test_file_written_by_another_process_is_served(
    client: Client,
    folder: Path,
    watchful: None,  # noqa: ARG001 -- a fixture
) -> None:
    assert client.get("/world.rss").body == RSS
    (folder / "new").write_bytes(b"<rss>new</rss>")
    (folder / "new").replace(folder / "world.rss")
    assert client.get("/world.rss").body == b"<rss>new</rss>"
    (folder / "world.rss").unlink()
    assert client.get("/world.rss").status == 404
    (folder / "world.rss").write_bytes(RSS)
    assert client.get("/world.rss").body == RSS


def test_signature_is_cached_between_requests(client: Client, folder: Path) -> None:
    client.get("/world.rss")
    (folder / "world.rss").unlink()
    assert client.get("/world.rss").body == RSS


def test_least_recently_used_response_is_dropped(tmp_path: Path) -> None:
    for name in ("a.rss", "b.rss", "c.rss"):
        (tmp_path / name).write_bytes(b"x" * 400)
    cached = ResponseCache(FolderBackend(tmp_path), no_headers, max_bytes=1000)
    copies = {name: cached.build(file(name), "identity") for name in ("a.rss", "b.rss")}
    signatures = {name: copy.signature for name, copy in copies.items() if copy}
    assert cached.lookup(
        "a.rss", "identity", signatures["a.rss"]
    )  # asked for again: b is the oldest now
    cached.build(file("c.rss"), "identity")
    assert cached.lookup("a.rss", "identity", signatures["a.rss"])
    assert cached.lookup("b.rss", "identity", signatures["b.rss"]) is None


def test_response_larger_than_the_cache_is_served_uncached(tmp_path: Path) -> None:
    (tmp_path / "a.rss").write_bytes(b"x" * 2000)
    cached = ResponseCache(FolderBackend(tmp_path), no_headers, max_bytes=1000)
    copy = cached.build(file("a.rss"), "identity")
    assert copy is not None
    assert cached.lookup("a.rss", "identity", copy.signature) is None
    (tmp_path / "b.rss").write_bytes(b"x" * 600)
    for _ in range(3):
        copy = cached.build(file("b.rss"), "identity")
    assert copy is not None
    assert cached.lookup("b.rss", "identity", copy.signature) is copy


def test_large_files_arrive_complete(client: Client, folder: Path) -> None:
    large = b"0123456789abcdef" * 100_000
    (folder / "large.json").write_bytes(large)
    for _ in range(2):
        assert client.get("/large.json").body == large


@pytest.mark.parametrize("size", [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 18])
def test_files_of_any_size_arrive_complete(client: Client, folder: Path, size: int) -> None:
    (folder / "sized.json").write_bytes(b"x" * size)
    for _ in range(2):
        reply = client.get("/sized.json")
        assert (reply.status, len(reply.body)) == (200, size)
