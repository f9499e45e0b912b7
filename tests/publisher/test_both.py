"""What holds wherever feeds are published: in a folder and in a bucket alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feedpub.core.errors import PublishError, RunCancelledError
from feedpub.publisher import DryRunOutput, FolderOutput, Output
from tests.support.bucket import Room

Versions = Callable[[], object]

PAGES_FIRST = {
    "world/a.html": b"<p>1",
    "world/b.png": b"\x89PNG",
    "world.rss": b"<rss/>",
    "world.atom": b"<feed/>",
}


@pytest.fixture(params=["folder", "bucket"])
def where(request: pytest.FixtureRequest, tmp_path: Path, room: Room) -> tuple[Output, Versions]:
    """A publisher, and what tells every version of what it has published from the next."""
    if request.param == "bucket":
        return room.publisher(), room.versions

    def versions() -> object:
        found = {path: path.stat() for path in (tmp_path / "feeds").rglob("*") if path.is_file()}
        return {path: (about.st_ino, about.st_mtime_ns) for path, about in found.items()}

    return FolderOutput(tmp_path / "feeds"), versions


@pytest.fixture
def publisher(where: tuple[Output, Versions]) -> Output:
    return where[0]


@pytest.fixture
def versions(where: tuple[Output, Versions]) -> Versions:
    return where[1]


def test_what_was_published_can_be_read(publisher: Output) -> None:
    """Byte for byte, under its name; nothing else is there."""
    assert publisher.publish(PAGES_FIRST) == tuple(PAGES_FIRST)
    assert {name: publisher.read(name) for name in PAGES_FIRST} == PAGES_FIRST
    assert publisher.list_names() == tuple(sorted(PAGES_FIRST))
    assert publisher.read("world.json") is None
    assert publisher.read("other/a.html") is None


@pytest.mark.parametrize("start", ["w", "world.", "world/", "world/a", "other", "world.rss"])
def test_names_that_begin_with_a_text(publisher: Output, start: str) -> None:
    """Without looking through all others."""
    publisher.publish(PAGES_FIRST)
    assert publisher.list_names(start) == tuple(
        sorted(name for name in PAGES_FIRST if name.startswith(start))
    )


def test_before_the_first_time_nothing_is_there(publisher: Output, versions: Versions) -> None:
    """And to publish nothing changes nothing."""
    assert (publisher.list_names(), publisher.read("world.rss"), publisher.publish({})) == (
        (),
        None,
        (),
    )
    assert versions() == {}


def test_equal_bytes_are_not_written(publisher: Output, versions: Versions) -> None:
    """Only what differs is, in the order given."""
    publisher.publish(PAGES_FIRST)
    before = versions()
    assert publisher.publish(PAGES_FIRST) == ()
    assert versions() == before
    changed = PAGES_FIRST | {"world.atom": b"<feed>2</feed>", "world/a.html": b"<p>2"}
    assert publisher.find_changed(changed) == ("world/a.html", "world.atom")
    assert publisher.publish(changed) == ("world/a.html", "world.atom")


@pytest.mark.parametrize(
    "body", [b"", b"\x1f\x8b not gzip", b"x" * 3_000_000, b"\x00\xff" * 10], ids=len
)
def test_any_bytes_are_kept(publisher: Output, body: bytes) -> None:
    """None at all, large ones, and what only looks compressed."""
    publisher.publish({"world.rss": body, "world/map.png": body})
    assert (publisher.read("world.rss"), publisher.read("world/map.png")) == (body, body)
    assert publisher.publish({"world.rss": body, "world/map.png": body}) == ()


def test_tells_what_is_missing(publisher: Output) -> None:
    """A part of a name is no name, and a folder no file."""
    names = ("world-archive-1.rss", "world-archive-10.rss", "world-archive", "world", "x.rss")
    assert publisher.find_missing(names) == names
    assert publisher.find_missing(()) == ()
    publisher.publish({"world-archive-10.rss": b"1", "world/a.html": b"1", "x.rss": b"1"})
    assert publisher.find_missing(names) == ("world-archive-1.rss", "world-archive", "world")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../up.rss", "a/../../up.rss", "a//b", "a/", ".hidden", "a\0b"]
)
def test_refuses_names_that_lead_elsewhere(
    publisher: Output, versions: Versions, name: str
) -> None:
    """In writing and in reading, before anything is written."""
    for refused in (
        lambda: publisher.publish({"world.rss": b"x", name: b"x"}),
        lambda: publisher.find_changed({name: b"x"}),
        lambda: publisher.read(name),
        lambda: publisher.find_missing([name]),
    ):
        with pytest.raises(PublishError, match="must lead into the output folder"):
            refused()
    assert versions() == {}


def test_a_rehearsal_writes_nothing(publisher: Output, versions: Versions) -> None:
    """It names what would be written, and needs to be certain of nothing."""
    publisher.publish({"world.rss": b"old"})
    before = versions()
    rehearsal = DryRunOutput(publisher)
    assert rehearsal.publish({"world.rss": b"new", "world.atom": b"new"}, certain=lost) == (
        "world.rss",
        "world.atom",
    )
    assert rehearsal.publish({"world.rss": b"old"}) == ()
    assert (rehearsal.read("world.rss"), rehearsal.list_names()) == (b"old", ("world.rss",))
    assert rehearsal.find_missing(["world.rss", "world.atom"]) == ("world.atom",)
    assert versions() == before


def lost() -> None:
    raise RunCancelledError("the run was given up")


def test_who_is_not_certain_writes_nothing(publisher: Output, versions: Versions) -> None:
    """All stays as it was, new names and changed ones; the next one who is writes them."""
    publisher.publish({"world.rss": b"old"})
    before = versions()
    with pytest.raises(RunCancelledError):
        publisher.publish({"world/new.html": b"new", "world.rss": b"new"}, certain=lost)
    assert versions() == before
    assert publisher.publish({"world/new.html": b"new", "world.rss": b"new"}) == (
        "world/new.html",
        "world.rss",
    )


def test_certainty_is_asked_for_before_the_first_write(publisher: Output) -> None:
    """Once, when all that is new still waits."""
    seen: list[tuple[str, ...]] = []
    publisher.publish(PAGES_FIRST, certain=lambda: seen.append(publisher.list_names()))
    assert seen == [()]


def test_many_feeds_are_published_at_once(publisher: Output) -> None:
    """By as many threads, over and over; each feed is whole."""

    def publish(n: int) -> None:
        for body in (b"1", b"2", b"3"):
            publisher.publish({f"f{n}/a.html": body, f"f{n}.rss": body})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(publish, range(16)))
    assert len(publisher.list_names()) == 32
    assert {publisher.read(name) for name in publisher.list_names()} == {b"3"}
