"""Folders by descriptor: files written whole, and no symbolic link followed, whatever lies in the output folder.

A file is written beside its target, flushed to the disk, given its mode and renamed: a reader sees the old file or
the new one, whole.
"""

import errno
import hashlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TEMPORARY = re.compile(r"\.feedpub-(?P<pid>[1-9]\d{0,6})-(?:(?P<machine>[0-9a-f]{8})-)?[0-9a-f]{8}\.tmp")
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

    def child(self, name: str, stack: ExitStack) -> "Folder":
        """Open a folder in this one, which may not be a symbolic link."""
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=self.descriptor)
        stack.callback(os.close, descriptor)
        return Folder(self.path / name, descriptor)

    def make(self, name: str, fsync: Callable[[int], None]) -> None:
        """Make a folder in this one where there is none."""
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
        name = f".feedpub-{os.getpid()}-{_machine()}-{secrets.token_hex(4)}.tmp"
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self.descriptor)
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

    def sweep(self, now: float) -> None:
        """Take away the temporary files of writers that are gone."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                if (ours := _TEMPORARY.fullmatch(entry.name)) and _abandoned(entry, ours, now):
                    self._discard(entry.name)

    def _discard(self, name: str) -> None:
        # Renamed, or gone with another's sweep; a disk that cannot remove it has said so before, or will on writing.
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


def make_folders(path: Path) -> None:
    """Make a folder, and those above it where they are missing too."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(_FOLDER_MODE)


def files_of(folder: Path, start: str = "") -> Iterator[Path]:
    """All files below a folder whose path in it begins with a text, but for hidden ones and symbolic links."""
    first, inside, rest = start.partition("/")
    with os.scandir(folder) as entries:
        for entry in entries:  # as strings, as long as they may be thousands
            if entry.name.startswith(".") or not entry.name.startswith(first):
                continue
            if inside:
                if entry.name == first and entry.is_dir(follow_symlinks=False):
                    yield from files_of(Path(entry), rest)
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from files_of(Path(entry))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry)
