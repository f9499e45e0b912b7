"""The files as they go over the wire: made once, kept up to a bound, never out of date."""

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
    """The names of the files that were read."""
    seen: list[str] = []
    read = FolderBackend.read

    def counted(shelf: FolderBackend, name: str) -> tuple[bytes, Signature] | None:
        seen.append(name)
        return read(shelf, name)

    monkeypatch.setattr(FolderBackend, "read", counted)
    return seen


def test_a_file_is_read_once_for_all_who_want_it(client: Client, reads: list[str]) -> None:
    """Also when they come at the same time."""
    threads = [threading.Thread(target=client.get, args=("/world.rss",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.get("/world.rss")
    assert reads == ["world.rss"]


def test_what_was_written_is_compressed_before_anybody_asks(
    app: FeedApp, client: Client, reads: list[str]
) -> None:
    """In each coding, so that the first reader does not wait.

    What cannot be compressed is left alone.
    """
    app.refresh(["world.rss", "world/map.png", "world.txt", "gone.rss"])
    assert reads == ["world.rss", "world.rss", "gone.rss", "gone.rss"]
    assert client.get("/world.rss", accept_encoding="br").header("content-encoding") == "br"
    assert client.get("/world.rss", accept_encoding="gzip").header("content-encoding") == "gzip"
    assert len(reads) == 4


def test_a_refresh_is_seen_at_once(app: FeedApp, client: Client, folder: Path) -> None:
    """Though the file was looked at a moment ago."""
    client.get("/world.rss")
    (folder / "world.rss").write_bytes(b"<rss>new</rss>")
    app.refresh(["world.rss"])
    assert client.get("/world.rss").body == b"<rss>new</rss>"


def test_another_process_may_write(client: Client, folder: Path, watchful: None) -> None:  # noqa: ARG001 -- a fixture
    """As `feedpub build` beside the service does.

    By a new file, by one that goes, by one that comes.
    """
    assert client.get("/world.rss").body == RSS
    (folder / "new").write_bytes(b"<rss>new</rss>")
    (folder / "new").replace(folder / "world.rss")
    assert client.get("/world.rss").body == b"<rss>new</rss>"
    (folder / "world.rss").unlink()
    assert client.get("/world.rss").status == 404
    (folder / "world.rss").write_bytes(RSS)
    assert client.get("/world.rss").body == RSS


def test_a_file_is_not_looked_at_for_each_request(client: Client, folder: Path) -> None:
    """It may be a second old."""
    client.get("/world.rss")
    (folder / "world.rss").unlink()
    assert client.get("/world.rss").body == RSS


def test_memory_is_bounded(tmp_path: Path) -> None:
    """What was asked for longest ago goes first."""
    for name in ("a.rss", "b.rss", "c.rss"):
        (tmp_path / name).write_bytes(b"x" * 400)
    copies = ResponseCache(FolderBackend(tmp_path), no_headers, max_bytes=1000)
    made = {name: copies.build(file(name), "identity") for name in ("a.rss", "b.rss")}
    signatures = {name: copy.signature for name, copy in made.items() if copy}
    assert copies.lookup(
        "a.rss", "identity", signatures["a.rss"]
    )  # asked for again: b is the oldest now
    copies.build(file("c.rss"), "identity")
    assert copies.lookup("a.rss", "identity", signatures["a.rss"])
    assert copies.lookup("b.rss", "identity", signatures["b.rss"]) is None


def test_what_is_larger_than_the_bound_is_served_and_not_kept(tmp_path: Path) -> None:
    """And what is made again takes no room twice."""
    (tmp_path / "a.rss").write_bytes(b"x" * 2000)
    copies = ResponseCache(FolderBackend(tmp_path), no_headers, max_bytes=1000)
    copy = copies.build(file("a.rss"), "identity")
    assert copy is not None
    assert copies.lookup("a.rss", "identity", copy.signature) is None
    (tmp_path / "b.rss").write_bytes(b"x" * 600)
    for _ in range(3):
        copy = copies.build(file("b.rss"), "identity")
    assert copy is not None
    assert copies.lookup("b.rss", "identity", copy.signature) is copy


def test_large_files_arrive_whole(client: Client, folder: Path) -> None:
    """Piece by piece."""
    large = b"0123456789abcdef" * 100_000
    (folder / "large.json").write_bytes(large)
    for _ in range(2):
        assert client.get("/large.json").body == large


@pytest.mark.parametrize("size", [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 18])
def test_every_size_arrives_whole(client: Client, folder: Path, size: int) -> None:
    """At and around the size of a piece; the first time and from memory."""
    (folder / "sized.json").write_bytes(b"x" * size)
    for _ in range(2):
        reply = client.get("/sized.json")
        assert (reply.status, len(reply.body)) == (200, size)
