"""Folders by descriptor: files written whole, and no symbolic link followed, whatever lies in the output folder.

A file is written beside its target, flushed to the disk, given its mode and renamed: a reader sees
the old file or
the new one, whole.
"""

import errno
import hashlib
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from feedpub.core.errors import PublishError
from feedpub.publisher.base import Output, no_check
from feedpub.publisher.names import split_name

_TEMPORARY = re.compile(
    r"\.feedpub-(?P<pid>[1-9]\d{0,6})-(?:(?P<machine>[0-9a-f]{8})-)?[0-9a-f]{8}\.tmp"
)
_STALE = 600.0  # seconds after which no writer can still be at work on a temporary file
_FILE_MODE = 0o644  # whatever the umask: a web server of another user reads them
_FOLDER_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Folder:
    """An open folder. What is done in it stays in it, even where the path leads elsewhere meanwhile.

    Every method raises OSError as the system does.
    """

    path: Path
    descriptor: int

    @classmethod
    def root(cls, path: Path, stack: ExitStack) -> "Folder":
        """Open a folder, which may be a symbolic link, for as long as the stack lasts."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        return cls(path, descriptor)

    def subfolder(self, name: str, stack: ExitStack) -> "Folder":
        """Open a folder in this one, which may not be a symbolic link."""
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=self.descriptor)
        stack.callback(os.close, descriptor)
        return Folder(self.path / name, descriptor)

    def create(self, name: str, fsync: Callable[[int], None]) -> None:
        """Make a folder in this one where there is none."""
        try:
            os.mkdir(name, dir_fd=self.descriptor)
        except FileExistsError:
            return
        os.chmod(name, _FOLDER_MODE, dir_fd=self.descriptor)
        fsync(self.descriptor)

    def read(self, name: str) -> bytes | None:
        """The bytes of a regular file.

        None where there is none, or something that a file may replace.
        """
        try:
            mode = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            return None
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self.descriptor)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def write(self, body: bytes, fsync: Callable[[int], None], stack: ExitStack) -> str:
        """Write a temporary file down to the disk.

        It lasts as long as the stack, or until it is renamed.
        """
        name = f".feedpub-{os.getpid()}-{_machine()}-{secrets.token_hex(4)}.tmp"
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self.descriptor
        )
        stack.callback(self._discard, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(descriptor, _FILE_MODE)
            fsync(descriptor)
        return name

    def rename(self, temporary: str, name: str) -> None:
        """Give a temporary file its name, in place of what had it."""
        os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove_leftovers(self, now: float) -> None:
        """Take away the temporary files of writers that are gone."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                if (ours := _TEMPORARY.fullmatch(entry.name)) and _abandoned(entry, ours, now):
                    self._discard(entry.name)

    def _discard(self, name: str) -> None:
        # Renamed, or gone with another's sweep; a disk that cannot remove it has said so before, or
        # will on writing.
        with suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)


def _abandoned(entry: os.DirEntry[str], ours: re.Match[str], now: float) -> bool:
    with suppress(FileNotFoundError):  # renamed, or swept by another
        old = now - entry.stat(follow_symlinks=False).st_mtime > _STALE
        # Of another machine's processes, which write into the same folder, nothing is known here.
        return old or (ours["machine"] in (None, _machine()) and not _alive(int(ours["pid"])))
    return False


@cache
def _machine() -> str:
    """What tells this machine, or container, from others that may have a process of the same number."""
    processes = ""
    with suppress(OSError):  # not on Linux
        processes = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{socket.gethostname()} {processes}".encode()).hexdigest()[:8]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True


def create_folder(path: Path) -> None:
    """Make a folder, and those above it where they are missing too."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(_FOLDER_MODE)


def list_files(folder: Path, start: str = "") -> Iterator[Path]:
    """All files below a folder whose path in it begins with a text, but for hidden ones and symbolic links."""
    first, inside, rest = start.partition("/")
    with os.scandir(folder) as entries:
        for entry in entries:  # as strings, as long as they may be thousands
            if entry.name.startswith(".") or not entry.name.startswith(first):
                continue
            if inside:
                if entry.name == first and entry.is_dir(follow_symlinks=False):
                    yield from list_files(Path(entry), rest)
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from list_files(Path(entry))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry)


# SECTION: The output as a folder: which files are written, in which order, and what is said when
# one cannot be.

_SWEEP_EVERY = 300.0  # seconds
_ADVICE = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room in the disk quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "mount the file system writable or choose another output folder",
    errno.EACCES: "let the user that runs feedpub write there",
    errno.EPERM: "let the user that runs feedpub write there",
    errno.EEXIST: "a file stands where a folder is needed: move it away",
    errno.ENOTDIR: "a file or a symbolic link stands where a folder is needed: move it away",
    errno.EISDIR: "a folder stands where the file is needed: move it away",
}


@dataclass(frozen=True)
class _Staged:
    """A file that is written and flushed, and waits for its name."""

    name: str
    folder: Folder
    temporary: str


class FolderOutput(Output):
    """The output folder, made when it is first written to.

    Args:
        root: the folder; it may itself be a symbolic link, but nothing in it is followed.
        fsync: flushes a descriptor to the disk.
    """

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._fsync = fsync
        self._swept: dict[
            tuple[str, ...], float
        ] = {}  # folder → when it was rid of what crashes left

    def publish(
        self, files: Mapping[str, bytes], *, certain: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write what differs from what is there; where one file cannot be written, none is.

        Args:
            files: bytes by name, relative to the folder: "world.rss", "world/some-story.html".
            certain: called when all is written but for the names, which it keeps back by raising.

        Returns:
            The names that were written, in the order given.

        Raises:
            PublishError: a name leads out of the folder, or a file cannot be written; the old files
                stay.
        """
        with ExitStack() as stack:
            folders: dict[tuple[str, ...], Folder] = {}
            staged = [
                file
                for name, body in files.items()
                if (file := self._stage(name, body, folders, stack))
            ]
            certain()
            for file in staged:
                with _explained(self._root / file.name):
                    file.folder.rename(file.temporary, split_name(file.name)[1])
            for folder in dict.fromkeys(file.folder for file in staged):
                with _explained(folder.path):
                    self._fsync(folder.descriptor)
            return tuple(file.name for file in staged)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """The names of the files that would be written. Raises PublishError as reading does."""
        return tuple(name for name, body in files.items() if self.read(name) != body)

    def read(self, name: str) -> bytes | None:
        """The bytes published under a name; None where no regular file has it.

        Raises:
            PublishError: the name leads out of the folder, or the file cannot be read.
        """
        parents, last = split_name(name)
        with (
            _explained(self._root / name, "read"),
            suppress(FileNotFoundError),
            ExitStack() as stack,
        ):
            folder = Folder.root(self._root, stack)
            for parent in parents:
                folder = folder.subfolder(parent, stack)
            return folder.read(last)
        return None

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that no file has; none is read.

        Raises:
            PublishError: a name leads out of the folder, or the folder cannot be looked into.
        """
        return tuple(name for name in names if not self._has(name))

    def list_names(self, start: str = "") -> tuple[str, ...]:
        """The names of all published files that begin with a text, sorted; no hidden files and symbolic links.

        Raises:
            PublishError: the folder cannot be read.
        """
        with _explained(self._root, "read"), suppress(FileNotFoundError):
            return tuple(
                sorted(
                    path.relative_to(self._root).as_posix()
                    for path in list_files(self._root, start)
                )
            )
        return ()

    def _has(self, name: str) -> bool:
        """Whether a regular file has the name; a symbolic link has not, wherever it leads."""
        parents, last = split_name(name)
        path = self._root.joinpath(*parents, last)
        with _explained(path, "read"), suppress(FileNotFoundError, NotADirectoryError):
            return stat.S_ISREG(path.lstat().st_mode)
        return False

    def _stage(
        self, name: str, body: bytes, folders: dict[tuple[str, ...], Folder], stack: ExitStack
    ) -> _Staged | None:
        """Write a file under a temporary name, which the stack takes away again.

        None where nothing changed.
        """
        parents, last = split_name(name)
        with _explained(self._root / name):
            folder = folders.get(parents) or self._open(parents, stack)
            folders[parents] = folder
            if folder.read(last) == body:
                return None
            return _Staged(name, folder, folder.write(body, self._fsync, stack))

    def _open(self, parents: tuple[str, ...], stack: ExitStack) -> Folder:
        """Open a folder for writing, made where it is missing, rid of what a crash left in it."""
        create_folder(self._root)
        folder = Folder.root(self._root, stack)
        for parent in parents:
            folder.create(parent, self._fsync)
            folder = folder.subfolder(parent, stack)
        self._sweep(folder, parents)
        return folder

    def _sweep(self, folder: Folder, parents: tuple[str, ...]) -> None:
        """Now and then: with thousands of feeds it would take longer than writing."""
        now = time.monotonic()
        if now - self._swept.get(parents, -_SWEEP_EVERY) >= _SWEEP_EVERY:
            self._swept[parents] = now
            folder.remove_leftovers(time.time())


@contextmanager
def _explained(path: Path, verb: str = "written") -> Iterator[None]:
    """The one boundary where the system's errors become ours."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "look at the disk and the folder's rights")
        raise PublishError(
            f"{path} cannot be {verb}: {error.strerror or error}; {advice}"
        ) from error
