"""The one writer of the output folder. Knows names and bytes, and nothing of what is in them.

A file is written beside its target, flushed to the disk, given its mode and renamed: a reader sees the old file or
the new one, whole. Folders are reached through descriptors that never follow a symbolic link, so that no name leads
out of the output folder, whatever lies in it.
"""

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from feedpub.errors import PublishError

_PART = re.compile(r"[^./\0][^/\0]*")  # of a name: hidden files, ours among them, are never published
_TEMPORARY = re.compile(r"\.feedpub-(?P<pid>[1-9]\d{0,6})-[0-9a-f]{8}\.tmp")
_STALE = 600.0  # seconds after which no writer can still be at work on a temporary file
_FILE_MODE = 0o644  # whatever the umask: a web server of another user reads them
_FOLDER_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
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
    folder: "_Folder"
    temporary: str


class Publisher:
    """The output folder, made when it is first written to.

    Args:
        root: the folder; it may itself be a symbolic link, but nothing in it is followed.
        fsync: flushes a descriptor to the disk.
    """

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._fsync = fsync

    def publish(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Write what differs from what is there; where one file cannot be written, none is.

        Args:
            files: bytes by name, relative to the folder: "world.rss", "world/some-story.html".

        Returns:
            The names that were written, in the order given.

        Raises:
            PublishError: a name leads out of the folder, or a file cannot be written; the old files stay.
        """
        with ExitStack() as stack:
            folders: dict[tuple[str, ...], _Folder] = {}
            staged = [file for name, body in files.items() if (file := self._stage(name, body, folders, stack))]
            for file in staged:
                at = file.folder.descriptor
                with _explained(self._root / file.name):
                    os.replace(file.temporary, _split(file.name)[1], src_dir_fd=at, dst_dir_fd=at)
            for folder in dict.fromkeys(file.folder for file in staged):
                with _explained(folder.path):
                    self._fsync(folder.descriptor)
            return tuple(file.name for file in staged)

    def read(self, name: str) -> bytes | None:
        """The bytes published under a name; None where no regular file has it.

        Raises:
            PublishError: the name leads out of the folder, or the file cannot be read.
        """
        parents, last = _split(name)
        with _explained(self._root / name, "read"), suppress(FileNotFoundError), ExitStack() as stack:
            folder = _Folder.root(self._root, stack)
            for parent in parents:
                folder = folder.child(parent, stack)
            return folder.read(last)
        return None

    def names(self) -> tuple[str, ...]:
        """The names of all published files, sorted; hidden files and symbolic links are not among them.

        Raises:
            PublishError: the folder cannot be read.
        """
        with _explained(self._root, "read"), suppress(FileNotFoundError):
            return tuple(sorted(path.relative_to(self._root).as_posix() for path in _files(self._root)))
        return ()

    def _stage(
        self, name: str, body: bytes, folders: dict[tuple[str, ...], "_Folder"], stack: ExitStack
    ) -> _Staged | None:
        """Write a file under a temporary name, which the stack takes away again; None where nothing changed."""
        parents, last = _split(name)
        with _explained(self._root / name):
            folder = folders.get(parents) or self._open(parents, stack)
            folders[parents] = folder
            if folder.read(last) == body:
                return None
            return _Staged(name, folder, folder.write(body, self._fsync, stack))

    def _open(self, parents: tuple[str, ...], stack: ExitStack) -> "_Folder":
        """Open a folder for writing, made where it is missing, rid of what a crash left in it."""
        _make_root(self._root)
        folder = _Folder.root(self._root, stack)
        for parent in parents:
            folder.make(parent, self._fsync)
            folder = folder.child(parent, stack)
        folder.sweep(time.time())
        return folder


class Rehearsal(Publisher):
    """Compares with what is published and writes nothing."""

    def publish(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """The names of the files that would be written. Raises PublishError as reading does."""
        return tuple(name for name, body in files.items() if self.read(name) != body)


@dataclass(frozen=True)
class _Folder:
    """An open folder: what is done through its descriptor stays in it, even where its path changes meanwhile."""

    path: Path
    descriptor: int

    @classmethod
    def root(cls, path: Path, stack: ExitStack) -> "_Folder":
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        return cls(path, descriptor)

    def child(self, name: str, stack: ExitStack) -> "_Folder":
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=self.descriptor)
        stack.callback(os.close, descriptor)
        return _Folder(self.path / name, descriptor)

    def make(self, name: str, fsync: Callable[[int], None]) -> None:
        try:
            os.mkdir(name, dir_fd=self.descriptor)
        except FileExistsError:
            return
        os.chmod(name, _FOLDER_MODE, dir_fd=self.descriptor)
        fsync(self.descriptor)

    def read(self, name: str) -> bytes | None:
        """The bytes of a regular file; None where there is none, or something that a file may replace."""
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
        """Write a temporary file down to the disk; it lasts as long as the stack, or until it is renamed."""
        name = f".feedpub-{os.getpid()}-{secrets.token_hex(4)}.tmp"
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self.descriptor)
        stack.callback(self._discard, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(descriptor, _FILE_MODE)
            fsync(descriptor)
        return name

    def sweep(self, now: float) -> None:
        """Take away the temporary files of writers that are gone."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                if (ours := _TEMPORARY.fullmatch(entry.name)) and _abandoned(entry, int(ours["pid"]), now):
                    self._discard(entry.name)

    def _discard(self, name: str) -> None:
        # Renamed, or gone with another's sweep; a disk that cannot remove it has said so before, or will on writing.
        with suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)


def _abandoned(entry: os.DirEntry[str], pid: int, now: float) -> bool:
    with suppress(FileNotFoundError):  # renamed, or swept by another
        return now - entry.stat(follow_symlinks=False).st_mtime > _STALE or not _alive(pid)
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True


def _make_root(root: Path) -> None:
    for folder in (*reversed(root.parents), root):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(_FOLDER_MODE)


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry)


def _split(name: str) -> tuple[tuple[str, ...], str]:
    """A name's folders and its last part."""
    *parents, last = name.split("/")
    if not all(_PART.fullmatch(part) for part in (*parents, last)):
        raise PublishError(
            f"{name!r} cannot be the name of a published file: "
            "it must lead into the output folder, and no part of it may be empty or start with a dot"
        )
    return tuple(parents), last


@contextmanager
def _explained(path: Path, verb: str = "written") -> Iterator[None]:
    """The one boundary where the system's errors become ours."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "look at the disk and the folder's rights")
        raise PublishError(f"{path} cannot be {verb}: {error.strerror or error}; {advice}") from error
