"""Publish files in a folder.

Each file is written under a temporary name next to its target, flushed to the disk and renamed, so
that readers see either the old or the new file. Folders are opened by descriptor, and no symbolic
link in the output is followed.
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
_MAX_WRITE_SECONDS = 600.0  # an older temporary file is abandoned
_CLEANUP_INTERVAL_SECONDS = 300.0
_FILE_MODE = 0o644  # regardless of the umask: a web server may run as another user
_FOLDER_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_ADVICE = {
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some space in the disk quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "mount the file system writable or choose another output folder",
    errno.EACCES: "let the user that runs feedpub write there",
    errno.EPERM: "let the user that runs feedpub write there",
    errno.EEXIST: "a file is in the place of a folder: move it away",
    errno.ENOTDIR: "a file or a symbolic link is in the place of a folder: move it away",
    errno.EISDIR: "a folder is in the place of the file: move it away",
}


class FolderOutput(Output):
    """An output folder; it is created on the first write.

    Args:
        root: the folder. It can itself be a symbolic link, but no link in it is followed.
        fsync: flushes a descriptor to the disk.
    """

    has_marks = False

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._fsync = fsync
        self._cleaned: dict[tuple[str, ...], float] = {}  # by folder: when leftovers were removed

    def publish(
        self, files: Mapping[str, bytes], *, before_commit: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write the files that differ from the published ones; if one cannot be written, none is.

        Args:
            files: bytes by name, relative to the folder: "world.rss", "world/some-story.html".
            before_commit: called after all temporary files were written. If it raises, no file is
                renamed.

        Returns:
            The names of the written files, in the given order.

        Raises:
            PublishError: a name leads out of the folder, or a file cannot be written; the old files
                are kept.
        """
        with ExitStack() as stack:
            folders: dict[tuple[str, ...], Folder] = {}
            staged: list[_StagedFile] = []
            for name, body in files.items():
                if file := self._stage(name, body, folders, stack):
                    staged.append(file)
            before_commit()
            for file in staged:
                with _wrap_os_errors(self._root / file.name):
                    file.folder.rename(file.temporary, split_name(file.name)[1])
            for folder in dict.fromkeys(file.folder for file in staged):
                with _wrap_os_errors(folder.path):
                    self._fsync(folder.descriptor)
            return tuple(file.name for file in staged)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Return the names of the files that would be written. Raises PublishError."""
        return tuple(name for name, body in files.items() if self.read(name) != body)

    def read(self, name: str) -> bytes | None:
        """Return the published bytes of a file; None if there is no regular file of that name.

        Raises:
            PublishError: the name leads out of the folder, or the file cannot be read.
        """
        parents, last = split_name(name)
        with (
            _wrap_os_errors(self._root / name, "read"),
            suppress(FileNotFoundError),
            ExitStack() as stack,
        ):
            folder = Folder.open(self._root, stack)
            for parent in parents:
                folder = folder.open_subfolder(parent, stack)
            return folder.read(last)
        return None

    def make_mark(self, name: str, body: bytes) -> str:  # noqa: ARG002 -- as in a bucket
        """Return "", because no marks are stored in a folder."""
        return ""

    def find_marks(self, names: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Return no marks."""
        return {}

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names under which no file is published, without reading any file.

        Raises:
            PublishError: a name leads out of the folder, or the folder cannot be read.
        """
        return tuple(name for name in names if not self._has_file(name))

    def list_names(self, start: str = "") -> tuple[str, ...]:
        """Return the sorted names of all published files that begin with a text.

        Hidden files and symbolic links are not included.

        Raises:
            PublishError: the folder cannot be read.
        """
        names: list[str] = []
        with _wrap_os_errors(self._root, "read"), suppress(FileNotFoundError):
            paths = list_files(self._root, start)
            names += [path.relative_to(self._root).as_posix() for path in paths]
        return tuple(sorted(names))

    def _has_file(self, name: str) -> bool:
        """Return True if a regular file has the name; symbolic links do not count."""
        parents, last = split_name(name)
        path = self._root.joinpath(*parents, last)
        with _wrap_os_errors(path, "read"), suppress(FileNotFoundError, NotADirectoryError):
            return stat.S_ISREG(path.lstat().st_mode)
        return False

    def _stage(
        self, name: str, body: bytes, folders: dict[tuple[str, ...], "Folder"], stack: ExitStack
    ) -> "_StagedFile | None":
        """Write a file under a temporary name, unless it is unchanged.

        The stack deletes the temporary file if it was not renamed.
        """
        parents, last = split_name(name)
        with _wrap_os_errors(self._root / name):
            folder = folders.get(parents) or self._open_for_writing(parents, stack)
            folders[parents] = folder
            if folder.read(last) == body:
                return None
            return _StagedFile(name, folder, folder.write(body, self._fsync, stack))

    def _open_for_writing(self, parents: tuple[str, ...], stack: ExitStack) -> "Folder":
        """Open a folder, create it if necessary, and remove the leftovers of crashes from it."""
        create_folder(self._root)
        folder = Folder.open(self._root, stack)
        for parent in parents:
            folder.create_subfolder(parent, self._fsync)
            folder = folder.open_subfolder(parent, stack)
        now = time.monotonic()
        # Not on every write: with thousands of feeds it would take longer than writing.
        interval = _CLEANUP_INTERVAL_SECONDS
        if now - self._cleaned.get(parents, -interval) >= interval:
            self._cleaned[parents] = now
            folder.remove_leftovers(time.time())
        return folder


@dataclass(frozen=True)
class Folder:
    """An open folder; operations affect this folder even if its path changes meanwhile.

    Every method raises OSError.
    """

    path: Path
    descriptor: int

    @classmethod
    def open(cls, path: Path, stack: ExitStack) -> "Folder":
        """Open a folder, which can be a symbolic link; the stack closes it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        return cls(path, descriptor)

    def open_subfolder(self, name: str, stack: ExitStack) -> "Folder":
        """Open a folder in this one, which must not be a symbolic link; the stack closes it."""
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=self.descriptor)
        stack.callback(os.close, descriptor)
        return Folder(self.path / name, descriptor)

    def create_subfolder(self, name: str, fsync: Callable[[int], None]) -> None:
        """Create a folder in this one if it does not exist."""
        try:
            os.mkdir(name, dir_fd=self.descriptor)
        except FileExistsError:
            return
        os.chmod(name, _FOLDER_MODE, dir_fd=self.descriptor)
        fsync(self.descriptor)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a regular file; None if there is none.

        Raises:
            IsADirectoryError: it is a folder, which a file cannot replace.
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
        """Write a temporary file, flush it to the disk, and return its name.

        The stack deletes it if it was not renamed.
        """
        name = f".feedpub-{os.getpid()}-{_machine_id()}-{secrets.token_hex(4)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(name, flags, 0o600, dir_fd=self.descriptor)
        stack.callback(self._delete, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(descriptor, _FILE_MODE)
            fsync(descriptor)
        return name

    def rename(self, temporary: str, name: str) -> None:
        """Rename a temporary file, replacing an existing file."""
        os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove_leftovers(self, now: float) -> None:
        """Delete the temporary files of processes that have ended."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                found = _TEMPORARY.fullmatch(entry.name)
                if found and _is_abandoned(entry, found, now):
                    self._delete(entry.name)

    def _delete(self, name: str) -> None:
        # The file was renamed, or another process deleted it. If the disk forbids a deletion,
        # writing reports the same error.
        with suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)


@dataclass(frozen=True)
class _StagedFile:
    """A file that was written under a temporary name."""

    name: str
    folder: Folder
    temporary: str


def _is_abandoned(entry: os.DirEntry[str], name: re.Match[str], now: float) -> bool:
    try:
        age = now - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # it was renamed, or another process deleted it
        return False
    if age > _MAX_WRITE_SECONDS:
        return True
    # Another machine that writes to the same folder can have a process of the same number.
    is_own_machine = name["machine"] in (None, _machine_id())
    return is_own_machine and not _is_running(int(name["pid"]))


@cache
def _machine_id() -> str:
    """Return an id that distinguishes this machine or container from others."""
    process_namespace = ""
    with suppress(OSError):  # only Linux has it
        process_namespace = str(Path("/proc/self/ns/pid").readlink())
    name = f"{socket.gethostname()} {process_namespace}"
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    return True


def create_folder(path: Path) -> None:
    """Create a folder, and its parents if necessary."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(_FOLDER_MODE)


def list_files(folder: Path, start: str = "") -> Iterator[Path]:
    """Yield all files below a folder whose relative path begins with a text.

    Hidden files and symbolic links are skipped.
    """
    first, is_nested, rest = start.partition("/")
    with os.scandir(folder) as entries:
        for entry in entries:  # compared as strings, because there can be thousands
            if entry.name.startswith(".") or not entry.name.startswith(first):
                continue
            if is_nested:
                if entry.name == first and entry.is_dir(follow_symlinks=False):
                    yield from list_files(Path(entry), rest)
            elif entry.is_dir(follow_symlinks=False):
                yield from list_files(Path(entry))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry)


@contextmanager
def _wrap_os_errors(path: Path, verb: str = "written") -> Iterator[None]:
    """Convert OSError to PublishError, with advice."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "check the disk and the folder's permissions")
        raise PublishError(
            f"{path} cannot be {verb}: {error.strerror or error}; {advice}"
        ) from error
