"""Both outputs, a folder and a bucket, behave alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from feedpub.builder import render_rss
from feedpub.builder.reuse import RenderRecord, render_feed
from feedpub.core.errors import PublishError, RunCancelledError
from feedpub.publisher import DryRunOutput, FolderOutput, Output
from tests.builder import full
from tests.support.bucket import EmptyBucket

Versions = Callable[[], object]

PAGES_FIRST = {
    "world/a.html": b"<p>1",
    "world/b.png": b"\x89PNG",
    "world.rss": b"<rss/>",
    "world.atom": b"<feed/>",
}


@pytest.fixture(params=["folder", "bucket"])
def where(
    request: pytest.FixtureRequest, tmp_path: Path, room: EmptyBucket
) -> tuple[Output, Versions]:
    """Return an output, and a function that returns the versions of all its files."""
    if request.param == "bucket":
        return room.output(), room.versions

    def versions() -> object:
        found = {path: path.stat() for path in (tmp_path / "feeds").rglob("*") if path.is_file()}
        return {path: (about.st_ino, about.st_mtime_ns) for path, about in found.items()}

    return FolderOutput(tmp_path / "feeds"), versions


@pytest.fixture
def output(where: tuple[Output, Versions]) -> Output:
    return where[0]


@pytest.fixture
def versions(where: tuple[Output, Versions]) -> Versions:
    return where[1]


def test_published_files_can_be_read_and_listed(output: Output) -> None:
    assert output.publish(PAGES_FIRST) == tuple(PAGES_FIRST)
    assert {name: output.read(name) for name in PAGES_FIRST} == PAGES_FIRST
    assert output.list_names() == tuple(sorted(PAGES_FIRST))
    assert output.read("world.json") is None
    assert output.read("other/a.html") is None


@pytest.mark.parametrize("start", ["w", "world.", "world/", "world/a", "other", "world.rss"])
def test_list_names_filters_by_prefix(output: Output, start: str) -> None:
    output.publish(PAGES_FIRST)
    assert output.list_names(start) == tuple(
        sorted(name for name in PAGES_FIRST if name.startswith(start))
    )


def test_new_output_is_empty_and_publishing_nothing_keeps_it_empty(
    output: Output, versions: Versions
) -> None:
    assert (output.list_names(), output.read("world.rss"), output.publish({})) == (
        (),
        None,
        (),
    )
    assert versions() == {}


def test_only_changed_files_are_written_in_the_given_order(
    output: Output, versions: Versions
) -> None:
    output.publish(PAGES_FIRST)
    before = versions()
    assert output.publish(PAGES_FIRST) == ()
    assert versions() == before
    changed = PAGES_FIRST | {"world.atom": b"<feed>2</feed>", "world/a.html": b"<p>2"}
    assert output.find_changed(changed) == ("world/a.html", "world.atom")
    assert output.publish(changed) == ("world/a.html", "world.atom")


@pytest.mark.parametrize(
    "body", [b"", b"\x1f\x8b not gzip", b"x" * 3_000_000, b"\x00\xff" * 10], ids=len
)
def test_any_bytes_are_published_unchanged(output: Output, body: bytes) -> None:
    output.publish({"world.rss": body, "world/map.png": body})
    assert (output.read("world.rss"), output.read("world/map.png")) == (body, body)
    assert output.publish({"world.rss": body, "world/map.png": body}) == ()


def test_find_missing_matches_complete_names_of_files(output: Output) -> None:
    names = ("world-archive-1.rss", "world-archive-10.rss", "world-archive", "world", "x.rss")
    assert output.find_missing(names) == names
    assert output.find_missing(()) == ()
    output.publish({"world-archive-10.rss": b"1", "world/a.html": b"1", "x.rss": b"1"})
    assert output.find_missing(names) == ("world-archive-1.rss", "world-archive", "world")


def test_marks_of_published_files_are_those_of_their_content(output: Output) -> None:
    output.publish(PAGES_FIRST)
    marks = {name: output.make_mark(name, body) for name, body in PAGES_FIRST.items()}
    marks = {name: mark for name, mark in marks.items() if mark}
    assert len(marks) == (len(PAGES_FIRST) if output.has_marks else 0)
    assert output.find_marks([*PAGES_FIRST, "new.rss"]) == marks
    dry_run = DryRunOutput(output)
    assert dry_run.find_marks(PAGES_FIRST) == marks
    assert dry_run.make_mark("world.rss", b"new") == output.make_mark("world.rss", b"new")
    assert output.find_marks([]) == {}


def test_published_feed_is_rendered_again_only_after_a_change(
    output: Output, versions: Versions
) -> None:
    rendered = render_feed(full.FEED, RenderRecord(), output)
    output.publish(rendered.files)
    before = versions()
    assert render_feed(full.FEED, rendered.record, output).files == {}
    changed = replace(full.FEED, entries=full.FEED.entries[:2])
    files = render_feed(changed, rendered.record, output).files
    assert files == {**files, "harbour.rss": render_rss(changed)}
    assert len(files) == 4
    output.publish({"harbour.atom": b"edited"})
    assert list(render_feed(full.FEED, rendered.record, output).files) == ["harbour.atom"]
    assert versions() != before


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../up.rss", "a/../../up.rss", "a//b", "a/", ".hidden", "a\0b"]
)
def test_name_that_leads_out_of_the_output_is_refused(
    output: Output, versions: Versions, name: str
) -> None:
    for refused in (
        lambda: output.publish({"world.rss": b"x", name: b"x"}),
        lambda: output.find_changed({name: b"x"}),
        lambda: output.read(name),
        lambda: output.find_missing([name]),
    ):
        with pytest.raises(PublishError, match="must lead into the output folder"):
            refused()
    assert versions() == {}


def test_dry_run_names_changed_files_and_writes_nothing(output: Output, versions: Versions) -> None:
    output.publish({"world.rss": b"old"})
    before = versions()
    dry_run = DryRunOutput(output)
    assert dry_run.publish({"world.rss": b"new", "world.atom": b"new"}, before_commit=cancel) == (
        "world.rss",
        "world.atom",
    )
    assert dry_run.publish({"world.rss": b"old"}) == ()
    assert (dry_run.read("world.rss"), dry_run.list_names()) == (b"old", ("world.rss",))
    assert dry_run.find_missing(["world.rss", "world.atom"]) == ("world.atom",)
    assert versions() == before


def cancel() -> None:
    raise RunCancelledError("the run was cancelled")


def test_error_before_commit_prevents_every_write(output: Output, versions: Versions) -> None:
    output.publish({"world.rss": b"old"})
    before = versions()
    with pytest.raises(RunCancelledError):
        output.publish({"world/new.html": b"new", "world.rss": b"new"}, before_commit=cancel)
    assert versions() == before
    assert output.publish({"world/new.html": b"new", "world.rss": b"new"}) == (
        "world/new.html",
        "world.rss",
    )


def test_before_commit_is_called_once_before_the_first_write(output: Output) -> None:
    seen: list[tuple[str, ...]] = []
    output.publish(PAGES_FIRST, before_commit=lambda: seen.append(output.list_names()))
    assert seen == [()]


def test_many_threads_can_publish_at_once(output: Output) -> None:

    def publish(n: int) -> None:
        for body in (b"1", b"2", b"3"):
            output.publish({f"f{n}/a.html": body, f"f{n}.rss": body})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(publish, range(16)))
    assert len(output.list_names()) == 32
    assert {output.read(name) for name in output.list_names()} == {b"3"}
