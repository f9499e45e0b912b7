"""Files are published in a folder atomically, with fixed modes, and failures change nothing."""

import errno
import multiprocessing
import os
import resource
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.core.errors import PublishError
from feedpub.publisher import DryRunOutput, FolderOutput
from tests.support.disk import run_on_disk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an output folder that does not exist yet."""
    return tmp_path / "public" / "feeds"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def failing_fsync(number: int, after: int = 0) -> Callable[[int], None]:
    """Return an fsync that fails after some calls, as with a broken disk."""
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))

    return fsync


def killing_fsync(after: int) -> Callable[[int], None]:
    """Return an fsync that kills the process after some calls."""
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        calls.append(descriptor)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)

    return fsync


def publish_and_die(root: Path, files: dict[str, bytes], after: int) -> None:
    FolderOutput(root, fsync=killing_fsync(after)).publish(files)


def publish_often(root: Path, letter: bytes, times: int) -> None:
    for n in range(times):
        FolderOutput(root).publish(
            {"world.rss": letter * (10_000 + n), "world/page.html": letter * (500 + n)}
        )


def in_process(target: Callable[..., None], *arguments: object) -> int | None:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


# --- Writing ---


def test_files_and_folders_are_created_with_the_given_bytes(root: Path) -> None:
    files = {"world.rss": b"<rss/>", "world/slug.html": b"<html>", "world/img.jpg": b"\xff\xd8"}
    assert FolderOutput(root).publish(files) == ("world.rss", "world/slug.html", "world/img.jpg")
    assert read_files(root) == files


def test_publish_returns_written_names_in_the_given_order(root: Path) -> None:
    output = FolderOutput(root)
    output.publish({"a.rss": b"1", "b.rss": b"1", "c.rss": b"1"})
    assert output.publish({"c.rss": b"2", "b.rss": b"1", "a.rss": b"2"}) == ("c.rss", "a.rss")


def test_unchanged_file_keeps_its_inode_and_times(root: Path) -> None:
    output = FolderOutput(root)
    output.publish({"world.rss": b"same"})
    before = (root / "world.rss").stat(), root.stat()
    assert output.publish({"world.rss": b"same"}) == ()
    after = (root / "world.rss").stat(), root.stat()
    assert [(s.st_ino, s.st_mtime_ns) for s in before] == [(s.st_ino, s.st_mtime_ns) for s in after]


def test_find_missing_counts_regular_files_only_and_reads_none(root: Path) -> None:
    output = FolderOutput(root)
    names = ("a.rss", "b/c.html", "folder", "link", "a.rss/x")
    assert output.find_missing(names) == names
    output.publish({"a.rss": b"1", "b/c.html": b"1", "folder/d.html": b"1"})
    (root / "link").symlink_to(root / "a.rss")
    (root / "a.rss").chmod(0)
    assert output.find_missing(names) == ("folder", "link", "a.rss/x")
    with pytest.raises(PublishError, match="must lead into the output folder"):
        output.find_missing(["../a.rss"])


def test_publishing_nothing_creates_no_folder(root: Path) -> None:
    assert FolderOutput(root).publish({}) == ()
    assert not root.exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_published_files_are_world_readable_for_any_umask(root: Path, mask: int) -> None:
    with umask(mask):
        FolderOutput(root).publish({"world.rss": b"x", "world/deep/img.jpg": b"x"})
    folders = [root.parent, root, root / "world", root / "world" / "deep"]
    assert [mode(folder) for folder in folders] == [0o755] * 4
    assert [mode(root / name) for name in ("world.rss", "world/deep/img.jpg")] == [0o644] * 2


def test_existing_folder_keeps_its_mode(root: Path) -> None:
    (root / "world").mkdir(parents=True)
    for folder in (root, root / "world"):
        folder.chmod(0o750)
    FolderOutput(root).publish({"world/a.html": b"x"})
    assert [mode(root), mode(root / "world")] == [0o750, 0o750]


def test_files_are_flushed_before_their_folders(root: Path) -> None:
    seen: list[str] = []

    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        seen.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    root.mkdir(parents=True)
    FolderOutput(root, fsync=fsync).publish({"a.rss": b"1", "world/b.html": b"2"})
    temporary = [name for name in seen if name.endswith(".tmp")]
    assert len(temporary) == 2
    assert [name for name in seen if name not in temporary] == ["feeds", "feeds", "world"]


def test_output_folder_can_be_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "feeds").symlink_to("www")
    FolderOutput(tmp_path / "feeds").publish({"world.rss": b"x"})
    assert read_files(tmp_path / "www") == {"world.rss": b"x"}


def test_dry_run_writes_nothing(root: Path) -> None:
    assert DryRunOutput(FolderOutput(root)).publish({"world.rss": b"x"}) == ("world.rss",)
    assert not root.exists()
    FolderOutput(root).publish({"world.rss": b"x"})
    assert DryRunOutput(FolderOutput(root)).publish({"world.rss": b"x", "world.atom": b"y"}) == (
        "world.atom",
    )
    assert read_files(root) == {"world.rss": b"x"}


# --- Names ---


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up.rss",
        "a/../../up.rss",
        "a//b",
        "a/",
        ".",
        "./a",
        ".hidden",
        "a/.b",
        "a\0b",
        "..",
        "/",
    ],
)
def test_name_that_leads_out_of_the_folder_is_refused(root: Path, name: str) -> None:
    with pytest.raises(PublishError, match="cannot be the name"):
        FolderOutput(root).publish({name: b"x"})
    with pytest.raises(PublishError, match="cannot be the name"):
        FolderOutput(root).read(name)
    assert not root.exists()


@given(st.text(alphabet="./\\a~\n\0", max_size=12))
def test_no_name_writes_outside_of_the_folder(name: str) -> None:
    with tempfile.TemporaryDirectory() as around:
        inside = Path(around) / "outer" / "feeds"
        try:
            FolderOutput(inside).publish({name: b"x"})
        except PublishError:
            assert read_files(Path(around)) == {}
        else:
            assert read_files(inside) == {name: b"x"}
            assert len(read_files(Path(around))) == 1


def test_symbolic_link_at_the_target_is_replaced(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_bytes(b"same")
    root.mkdir(parents=True)
    (root / "world.rss").symlink_to(outside)
    assert FolderOutput(root).publish({"world.rss": b"same"}) == ("world.rss",)
    assert not (root / "world.rss").is_symlink()
    assert (outside.read_bytes(), (root / "world.rss").read_bytes()) == (b"same", b"same")


def test_named_pipe_at_the_target_is_replaced(root: Path) -> None:
    root.mkdir(parents=True)
    os.mkfifo(root / "world.rss")
    FolderOutput(root).publish({"world.rss": b"x"})
    assert (root / "world.rss").read_bytes() == b"x"


@pytest.mark.parametrize("leads_to", ["..", "../..", "/usr", "other"])
def test_symbolic_link_in_place_of_a_folder_is_refused(root: Path, leads_to: str) -> None:
    (root / "other").mkdir(parents=True)
    (root / "world").symlink_to(leads_to)
    with pytest.raises(PublishError, match=r"world/a\.html .* symbolic link"):
        FolderOutput(root).publish({"world/a.html": b"x"})
    assert read_files(root.parent) == {}


# --- Failures ---


def test_one_unwritable_file_prevents_every_write(root: Path) -> None:
    """The documents of a feed stay consistent."""
    output = FolderOutput(root)
    output.publish({"world.rss": b"old", "world.atom": b"old"})
    (root / "world.json").mkdir()
    with pytest.raises(
        PublishError, match=r"world\.json cannot be written: Is a directory; .* move it away"
    ):
        output.publish({"world.rss": b"new", "world.json": b"new", "world.atom": b"new"})
    assert read_files(root) == {"world.rss": b"old", "world.atom": b"old"}


def test_file_in_place_of_the_output_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_bytes(b"mine")
    with pytest.raises(PublishError, match=r"feeds/world\.rss cannot be written: Not a directory"):
        FolderOutput(tmp_path / "feeds").publish({"world.rss": b"x"})
    assert read_files(tmp_path) == {"feeds": b"mine"}


def test_file_in_place_of_a_parent_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "public").write_bytes(b"mine")
    with pytest.raises(PublishError, match="move it away"):
        FolderOutput(tmp_path / "public" / "feeds").publish({"world.rss": b"x"})


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_failed_fsync_of_a_file_keeps_the_old_files(root: Path, number: int, after: int) -> None:
    FolderOutput(root).publish({"a.rss": b"old", "b.rss": b"old"})
    with pytest.raises(PublishError, match=os.strerror(number)):
        FolderOutput(root, fsync=failing_fsync(number, after)).publish(
            {"a.rss": b"new", "b.rss": b"new"}
        )
    assert read_files(root) == {"a.rss": b"old", "b.rss": b"old"}


def test_failed_fsync_of_the_folder_is_reported(root: Path) -> None:
    FolderOutput(root).publish({"a.rss": b"old"})
    with pytest.raises(PublishError, match="feeds cannot be written"):
        FolderOutput(root, fsync=failing_fsync(errno.EIO, after=1)).publish({"a.rss": b"new"})
    assert read_files(root) == {"a.rss": b"new"}


def test_file_above_the_size_limit_is_an_error(root: Path) -> None:
    output = FolderOutput(root)
    output.publish({"world.rss": b"old"})
    with largest_file(10_000), pytest.raises(PublishError, match=r"File too large; .*ulimit -f"):
        output.publish({"world.rss": b"x" * 20_000})
    assert read_files(root) == {"world.rss": b"old"}


ATTEMPT = """
import sys, pathlib
from feedpub.core.errors import PublishError
from feedpub.publisher import FolderOutput
from tests.support.disk import run_on_disk
root = pathlib.Path({root!r})
try:
    FolderOutput(root).publish({{"world.atom": b"new", "world.rss": b"x" * {size}}})
except PublishError as error:
    print(error)
for path in sorted(root.iterdir()):
    print(path.name, path.read_text().strip()[:10])
"""


def test_full_disk_keeps_the_old_files_and_no_temporary_file(root: Path) -> None:
    FolderOutput(root).publish({"world.rss": b"old"})
    message, *files = run_on_disk(root, ATTEMPT.format(root=str(root), size=100_000))
    reason = "No space left on device; free some space on the disk"
    assert message == f"{root}/world.rss cannot be written: {reason}"
    assert files == ["world.rss old"]


def test_read_only_disk_is_an_error(root: Path) -> None:
    FolderOutput(root).publish({"world.rss": b"old"})
    message, *files = run_on_disk(root, ATTEMPT.format(root=str(root), size=10), read_only=True)
    assert message.startswith(f"{root}/world.atom cannot be written: Read-only file system; ")
    assert files == ["world.rss old"]


# --- Crashes ---


@pytest.mark.parametrize(
    ("after", "expected"),
    [(0, (b"old", b"old")), (1, (b"old", b"old")), (2, (b"new", b"new"))],
    ids=["first-temp", "all-temps", "renamed"],
)
def test_killed_process_leaves_complete_files_and_the_next_run_cleans_up(
    root: Path, after: int, expected: tuple[bytes, bytes]
) -> None:
    output = FolderOutput(root)
    output.publish({"a.rss": b"old", "b.rss": b"old"})
    assert (
        in_process(publish_and_die, root, {"a.rss": b"new", "b.rss": b"new"}, after)
        == -signal.SIGKILL
    )
    assert (output.read("a.rss"), output.read("b.rss")) == expected
    FolderOutput(root).publish({"a.rss": b"new", "b.rss": b"new"})
    assert read_files(root) == {"a.rss": b"new", "b.rss": b"new"}


def test_temporary_files_of_running_processes_are_kept(root: Path) -> None:
    """Files of ended processes, and old files, are removed."""
    root.mkdir(parents=True)
    young = root / f".feedpub-{os.getpid()}-0123abcd.tmp"
    of_init = root / ".feedpub-1-0123abcd.tmp"
    old = root / f".feedpub-{os.getpid()}-89abcdef.tmp"
    gone = root / ".feedpub-4194305-0123abcd.tmp"  # above the highest pid of Linux
    foreign = [
        root / ".other-4194305-0123abcd.tmp",
        root / ".feedpub-4194305-0123abcd.tmp~",
        root / "x.tmp",
    ]
    for path in (young, of_init, old, gone, *foreign):
        path.write_bytes(b"part")
    long_ago = time.time() - 3600
    os.utime(old, (long_ago, long_ago))
    FolderOutput(root).publish({"world.rss": b"x"})
    assert set(root.iterdir()) == {young, of_init, *foreign, root / "world.rss"}


def test_young_temporary_files_of_other_machines_are_kept(root: Path) -> None:
    """Their processes cannot be checked from here."""
    root.mkdir(parents=True)
    young, old = (
        root / ".feedpub-4194305-0123abcd-0123abcd.tmp",
        root / ".feedpub-1-0123abcd-0123abcd.tmp",
    )
    for path in (young, old):
        path.write_bytes(b"part")
    long_ago = time.time() - 3600
    os.utime(old, (long_ago, long_ago))
    FolderOutput(root).publish({"world.rss": b"x"})
    assert set(root.iterdir()) == {young, root / "world.rss"}


def test_leftovers_are_removed_from_unchanged_folders_at_intervals(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, now = FolderOutput(root), time.monotonic()
    output.publish({"world/a.html": b"x"})
    leftover = root / "world" / ".feedpub-4194305-0123abcd.tmp"
    leftover.write_bytes(b"part")
    output.publish({"world/a.html": b"x"})
    assert leftover.exists()  # cleaning a large folder on each run would be slow
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    output.publish({"world/a.html": b"x"})
    assert read_files(root) == {"world/a.html": b"x"}


def test_two_processes_that_write_the_same_files_leave_complete_files(root: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=publish_often, args=(root, letter, 60)) for letter in (b"a", b"b")
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found = FolderOutput(root).read("world.rss") or b""
        assert len(set(found)) <= 1
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert set(read_files(root)) == {"world.rss", "world/page.html"}


# --- Reading ---


def test_read_returns_published_bytes_or_none(root: Path) -> None:
    output = FolderOutput(root)
    assert output.read("world.rss") is None
    output.publish({"world.rss": b"x", "world/a.html": b"y"})
    names = ("world.rss", "world/a.html", "world.atom", "other/a.html")
    assert [output.read(name) for name in names] == [b"x", b"y", None, None]


def test_symbolic_links_are_not_published_files(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    root.mkdir(parents=True)
    (root / "world.rss").symlink_to(tmp_path / "secret")
    output = FolderOutput(root)
    assert output.read("world.rss") is None
    assert output.list_names() == ()


def test_reading_a_folder_is_an_error(root: Path) -> None:
    (root / "world").mkdir(parents=True)
    with pytest.raises(PublishError, match="world cannot be read"):
        FolderOutput(root).read("world")


def test_list_names_is_sorted_and_skips_hidden_files(root: Path) -> None:
    output = FolderOutput(root)
    assert output.list_names() == ()
    output.publish({"world.rss": b"x", "world/a.html": b"x", "a/b/c.png": b"x"})
    (root / ".gitignore").write_bytes(b"*")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(b"x")
    assert output.list_names() == ("a/b/c.png", "world.rss", "world/a.html")
