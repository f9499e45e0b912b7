"""The output folder.

What is written, with which rights, and that nothing that fails ever harms what is there.
"""

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
    """An output folder that does not exist yet."""
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


def everything(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def failing(number: int, after: int = 0) -> Callable[[int], None]:
    """An fsync that works a few times and then fails as a broken disk does."""
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))

    return fsync


def killing(after: int) -> Callable[[int], None]:
    """An fsync in whose middle the process is killed."""
    calls: list[int] = []

    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        calls.append(descriptor)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)

    return fsync


def publish_and_die(root: Path, files: dict[str, bytes], after: int) -> None:
    FolderOutput(root, fsync=killing(after)).publish(files)


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


# --- what is written
# ------------------------------------------------------------------------------------------


def test_files_appear_under_their_names(root: Path) -> None:
    """Files and their folders are made, with exactly the bytes given and nothing beside them."""
    files = {"world.rss": b"<rss/>", "world/slug.html": b"<html>", "world/img.jpg": b"\xff\xd8"}
    assert FolderOutput(root).publish(files) == ("world.rss", "world/slug.html", "world/img.jpg")
    assert everything(root) == files


def test_returns_only_what_was_written_in_the_order_given(root: Path) -> None:
    """A name is returned where its bytes changed, in the caller's order."""
    publisher = FolderOutput(root)
    publisher.publish({"a.rss": b"1", "b.rss": b"1", "c.rss": b"1"})
    assert publisher.publish({"c.rss": b"2", "b.rss": b"1", "a.rss": b"2"}) == ("c.rss", "a.rss")


def test_equal_bytes_are_not_written(root: Path) -> None:
    """A file that would not change keeps its inode and its times, and its folder does too."""
    publisher = FolderOutput(root)
    publisher.publish({"world.rss": b"same"})
    before = (root / "world.rss").stat(), root.stat()
    assert publisher.publish({"world.rss": b"same"}) == ()
    after = (root / "world.rss").stat(), root.stat()
    assert [(s.st_ino, s.st_mtime_ns) for s in before] == [(s.st_ino, s.st_mtime_ns) for s in after]


def test_tells_what_is_missing(root: Path) -> None:
    """By looking at names alone.

    A folder, a link and a file in a place that is none are no files.
    """
    publisher = FolderOutput(root)
    names = ("a.rss", "b/c.html", "folder", "link", "a.rss/x")
    assert publisher.find_missing(names) == names
    publisher.publish({"a.rss": b"1", "b/c.html": b"1", "folder/d.html": b"1"})
    (root / "link").symlink_to(root / "a.rss")
    (root / "a.rss").chmod(0)
    assert publisher.find_missing(names) == ("folder", "link", "a.rss/x")
    with pytest.raises(PublishError, match="must lead into the output folder"):
        publisher.find_missing(["../a.rss"])


def test_nothing_to_publish_writes_nothing(root: Path) -> None:
    """Without files not even the folder is made."""
    assert FolderOutput(root).publish({}) == ()
    assert not root.exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_others_can_read_what_is_published(root: Path, mask: int) -> None:
    """Files are 0644 and folders 0755, those above the output folder too, whatever the umask."""
    with umask(mask):
        FolderOutput(root).publish({"world.rss": b"x", "world/deep/img.jpg": b"x"})
    folders = [root.parent, root, root / "world", root / "world" / "deep"]
    assert [mode(folder) for folder in folders] == [0o755] * 4
    assert [mode(root / name) for name in ("world.rss", "world/deep/img.jpg")] == [0o644] * 2


def test_folders_that_exist_keep_their_mode(root: Path) -> None:
    """The rights that a person gave to a folder are left alone."""
    (root / "world").mkdir(parents=True)
    for folder in (root, root / "world"):
        folder.chmod(0o750)
    FolderOutput(root).publish({"world/a.html": b"x"})
    assert [mode(root), mode(root / "world")] == [0o750, 0o750]


def test_every_file_and_folder_is_flushed(root: Path) -> None:
    """Each file is flushed before it gets its name, and each folder after."""
    seen: list[str] = []

    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        seen.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    root.mkdir(parents=True)
    FolderOutput(root, fsync=fsync).publish({"a.rss": b"1", "world/b.html": b"2"})
    temporary = [name for name in seen if name.endswith(".tmp")]
    assert len(temporary) == 2
    assert [name for name in seen if name not in temporary] == ["feeds", "feeds", "world"]


def test_the_output_folder_may_be_a_link(tmp_path: Path) -> None:
    """A person may point the output folder itself elsewhere."""
    (tmp_path / "www").mkdir()
    (tmp_path / "feeds").symlink_to("www")
    FolderOutput(tmp_path / "feeds").publish({"world.rss": b"x"})
    assert everything(tmp_path / "www") == {"world.rss": b"x"}


def test_a_rehearsal_writes_nothing(root: Path) -> None:
    """It names what would be written, and leaves the folder as it is, or missing."""
    assert DryRunOutput(FolderOutput(root)).publish({"world.rss": b"x"}) == ("world.rss",)
    assert not root.exists()
    FolderOutput(root).publish({"world.rss": b"x"})
    assert DryRunOutput(FolderOutput(root)).publish({"world.rss": b"x", "world.atom": b"y"}) == (
        "world.atom",
    )
    assert everything(root) == {"world.rss": b"x"}


# --- names
# ----------------------------------------------------------------------------------------------------


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
def test_refuses_names_that_lead_elsewhere(root: Path, name: str) -> None:
    """Absolute, climbing, empty and hidden names are refused, in reading too, before anything is written."""
    with pytest.raises(PublishError, match="cannot be the name"):
        FolderOutput(root).publish({name: b"x"})
    with pytest.raises(PublishError, match="cannot be the name"):
        FolderOutput(root).read(name)
    assert not root.exists()


@given(st.text(alphabet="./\\a~\n\0", max_size=12))
def test_no_name_leads_out(name: str) -> None:
    """Whatever the name, a file appears inside the output folder under it, or nowhere."""
    with tempfile.TemporaryDirectory() as around:
        inside = Path(around) / "outer" / "feeds"
        try:
            FolderOutput(inside).publish({name: b"x"})
        except PublishError:
            assert everything(Path(around)) == {}
        else:
            assert everything(inside) == {name: b"x"}
            assert len(everything(Path(around))) == 1


def test_a_link_at_the_target_is_replaced(root: Path, tmp_path: Path) -> None:
    """A symbolic link in place of a file is replaced by the file; what it led to is not touched."""
    outside = tmp_path / "secret.txt"
    outside.write_bytes(b"same")
    root.mkdir(parents=True)
    (root / "world.rss").symlink_to(outside)
    assert FolderOutput(root).publish({"world.rss": b"same"}) == ("world.rss",)
    assert not (root / "world.rss").is_symlink()
    assert (outside.read_bytes(), (root / "world.rss").read_bytes()) == (b"same", b"same")


def test_a_pipe_at_the_target_is_replaced(root: Path) -> None:
    """A named pipe does not hold the publisher up."""
    root.mkdir(parents=True)
    os.mkfifo(root / "world.rss")
    FolderOutput(root).publish({"world.rss": b"x"})
    assert (root / "world.rss").read_bytes() == b"x"


@pytest.mark.parametrize("leads_to", ["..", "../..", "/usr", "other"])
def test_a_linked_folder_is_refused(root: Path, leads_to: str) -> None:
    """A symbolic link in place of a folder is never followed, and the error says what stands there."""
    (root / "other").mkdir(parents=True)
    (root / "world").symlink_to(leads_to)
    with pytest.raises(PublishError, match=r"world/a\.html .* symbolic link"):
        FolderOutput(root).publish({"world/a.html": b"x"})
    assert everything(root.parent) == {}


# --- failures
# -------------------------------------------------------------------------------------------------


def test_one_bad_file_keeps_all_the_others_back(root: Path) -> None:
    """Where one file of a feed cannot be written, its documents do not get out of step.

    None changes.
    """
    publisher = FolderOutput(root)
    publisher.publish({"world.rss": b"old", "world.atom": b"old"})
    (root / "world.json").mkdir()
    with pytest.raises(
        PublishError, match=r"world\.json cannot be written: Is a directory; .* move it away"
    ):
        publisher.publish({"world.rss": b"new", "world.json": b"new", "world.atom": b"new"})
    assert everything(root) == {"world.rss": b"old", "world.atom": b"old"}


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    """A file where the output folder should be is named, and kept."""
    (tmp_path / "feeds").write_bytes(b"mine")
    with pytest.raises(PublishError, match=r"feeds/world\.rss cannot be written: Not a directory"):
        FolderOutput(tmp_path / "feeds").publish({"world.rss": b"x"})
    assert everything(tmp_path) == {"feeds": b"mine"}


def test_a_file_in_place_of_a_folder_above(tmp_path: Path) -> None:
    """The same holds for the folders above it."""
    (tmp_path / "public").write_bytes(b"mine")
    with pytest.raises(PublishError, match="move it away"):
        FolderOutput(tmp_path / "public" / "feeds").publish({"world.rss": b"x"})


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_fsync_fails(root: Path, number: int, after: int) -> None:
    """What could not be flushed does not get its name.

    The old file stays and nothing is left over.
    """
    FolderOutput(root).publish({"a.rss": b"old", "b.rss": b"old"})
    with pytest.raises(PublishError, match=os.strerror(number)):
        FolderOutput(root, fsync=failing(number, after)).publish({"a.rss": b"new", "b.rss": b"new"})
    assert everything(root) == {"a.rss": b"old", "b.rss": b"old"}


def test_fsync_of_the_folder_fails(root: Path) -> None:
    """Where the folder cannot be flushed the error says so, and every file is whole."""
    FolderOutput(root).publish({"a.rss": b"old"})
    with pytest.raises(PublishError, match="feeds cannot be written"):
        FolderOutput(root, fsync=failing(errno.EIO, after=1)).publish({"a.rss": b"new"})
    assert everything(root) == {"a.rss": b"new"}


def test_a_limit_on_file_size(root: Path) -> None:
    """A file above the process's limit is refused whole, with what to do."""
    publisher = FolderOutput(root)
    publisher.publish({"world.rss": b"old"})
    with largest_file(10_000), pytest.raises(PublishError, match=r"File too large; .*ulimit -f"):
        publisher.publish({"world.rss": b"x" * 20_000})
    assert everything(root) == {"world.rss": b"old"}


ATTEMPT = """
import sys, pathlib
from feedpub.core.errors import PublishError
from feedpub.publisher import FolderPublisher
from tests.support.disk import run_on_disk
root = pathlib.Path({root!r})
try:
    FolderOutput(root).publish({{"world.atom": b"new", "world.rss": b"x" * {size}}})
except PublishError as error:
    print(error)
for path in sorted(root.iterdir()):
    print(path.name, path.read_text().strip()[:10])
"""


def test_disk_full(root: Path) -> None:
    """On a full disk the old files stay, no temporary file does, and the error asks for room."""
    FolderOutput(root).publish({"world.rss": b"old"})
    message, *files = run_on_disk(root, ATTEMPT.format(root=str(root), size=100_000))
    assert (
        message
        == f"{root}/world.rss cannot be written: No space left on device; make room on the disk"
    )
    assert files == ["world.rss old"]


def test_read_only_disk(root: Path) -> None:
    """A disk that became read-only is named as such."""
    FolderOutput(root).publish({"world.rss": b"old"})
    message, *files = run_on_disk(root, ATTEMPT.format(root=str(root), size=10), read_only=True)
    assert message.startswith(f"{root}/world.atom cannot be written: Read-only file system; ")
    assert files == ["world.rss old"]


# --- crashes
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "expected"),
    [(0, (b"old", b"old")), (1, (b"old", b"old")), (2, (b"new", b"new"))],
    ids=["first-temp", "all-temps", "renamed"],
)
def test_killed_while_publishing(root: Path, after: int, expected: tuple[bytes, bytes]) -> None:
    """Killed before, between or after.

    Each file is the old or the new one, and the next run cleans up.
    """
    publisher = FolderOutput(root)
    publisher.publish({"a.rss": b"old", "b.rss": b"old"})
    assert (
        in_process(publish_and_die, root, {"a.rss": b"new", "b.rss": b"new"}, after)
        == -signal.SIGKILL
    )
    assert (publisher.read("a.rss"), publisher.read("b.rss")) == expected
    FolderOutput(root).publish({"a.rss": b"new", "b.rss": b"new"})
    assert everything(root) == {"a.rss": b"new", "b.rss": b"new"}


def test_temporary_files_of_living_writers_stay(root: Path) -> None:
    """Only our own left-overs go: those of processes that are gone, or too old to be at work."""
    root.mkdir(parents=True)
    young = root / f".feedpub-{os.getpid()}-0123abcd.tmp"
    of_init = root / ".feedpub-1-0123abcd.tmp"
    old = root / f".feedpub-{os.getpid()}-89abcdef.tmp"
    gone = root / ".feedpub-4194305-0123abcd.tmp"  # above the highest pid that Linux gives
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


def test_temporary_files_of_other_machines_stay(root: Path) -> None:
    """Whether their processes live is not known here.

    After a while no writer can still be at work.
    """
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


def test_left_overs_go_even_when_nothing_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that writes nothing still cleans the folders it looks at, when its process begins and now and then."""
    publisher, now = FolderOutput(root), time.monotonic()
    publisher.publish({"world/a.html": b"x"})
    left_over = root / "world" / ".feedpub-4194305-0123abcd.tmp"
    left_over.write_bytes(b"part")
    publisher.publish({"world/a.html": b"x"})
    assert left_over.exists()  # not each time: folders may be large
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    publisher.publish({"world/a.html": b"x"})
    assert everything(root) == {"world/a.html": b"x"}


def test_two_writers_at_once(root: Path) -> None:
    """Two processes that publish the same names leave one whole version and no left-over."""
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
    assert set(everything(root)) == {"world.rss", "world/page.html"}


# --- looking
# ---------------------------------------------------------------------------------------------------


def test_reads_what_was_published(root: Path) -> None:
    """`read` gives the bytes back, None where there is no such file."""
    publisher = FolderOutput(root)
    assert publisher.read("world.rss") is None
    publisher.publish({"world.rss": b"x", "world/a.html": b"y"})
    names = ("world.rss", "world/a.html", "world.atom", "other/a.html")
    assert [publisher.read(name) for name in names] == [b"x", b"y", None, None]


def test_does_not_read_through_links(root: Path, tmp_path: Path) -> None:
    """A symbolic link is not a published file."""
    (tmp_path / "secret").write_bytes(b"x")
    root.mkdir(parents=True)
    (root / "world.rss").symlink_to(tmp_path / "secret")
    publisher = FolderOutput(root)
    assert publisher.read("world.rss") is None
    assert publisher.list_names() == ()


def test_reading_a_folder_is_an_error(root: Path) -> None:
    """An error in reading is ours too, and names the file."""
    (root / "world").mkdir(parents=True)
    with pytest.raises(PublishError, match="world cannot be read"):
        FolderOutput(root).read("world")


def test_names_what_is_there(root: Path) -> None:
    """`names` lists published files of all depths, sorted, without hidden ones."""
    publisher = FolderOutput(root)
    assert publisher.list_names() == ()
    publisher.publish({"world.rss": b"x", "world/a.html": b"x", "a/b/c.png": b"x"})
    (root / ".gitignore").write_bytes(b"*")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(b"x")
    assert publisher.list_names() == ("a/b/c.png", "world.rss", "world/a.html")
