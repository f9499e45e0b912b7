"""The output as a folder: which files are written, in which order, and what is said when one cannot be."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from feedpub.errors import PublishError
from feedpub.publisher.folder import Folder, files_of, make_folders
from feedpub.publisher.names import split
from feedpub.publisher.protocol import Publisher, nothing

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


class FolderPublisher(Publisher):
    """The output folder, made when it is first written to.

    Args:
        root: the folder; it may itself be a symbolic link, but nothing in it is followed.
        fsync: flushes a descriptor to the disk.
    """

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._fsync = fsync
        self._swept: dict[tuple[str, ...], float] = {}  # folder → when it was rid of what crashes left

    def publish(self, files: Mapping[str, bytes], *, certain: Callable[[], None] = nothing) -> tuple[str, ...]:
        """Write what differs from what is there; where one file cannot be written, none is.

        Args:
            files: bytes by name, relative to the folder: "world.rss", "world/some-story.html".
            certain: called when all is written but for the names, which it keeps back by raising.

        Returns:
            The names that were written, in the order given.

        Raises:
            PublishError: a name leads out of the folder, or a file cannot be written; the old files stay.
        """
        with ExitStack() as stack:
            folders: dict[tuple[str, ...], Folder] = {}
            staged = [file for name, body in files.items() if (file := self._stage(name, body, folders, stack))]
            certain()
            for file in staged:
                with _explained(self._root / file.name):
                    file.folder.rename(file.temporary, split(file.name)[1])
            for folder in dict.fromkeys(file.folder for file in staged):
                with _explained(folder.path):
                    self._fsync(folder.descriptor)
            return tuple(file.name for file in staged)

    def changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """The names of the files that would be written. Raises PublishError as reading does."""
        return tuple(name for name, body in files.items() if self.read(name) != body)

    def read(self, name: str) -> bytes | None:
        """The bytes published under a name; None where no regular file has it.

        Raises:
            PublishError: the name leads out of the folder, or the file cannot be read.
        """
        parents, last = split(name)
        with _explained(self._root / name, "read"), suppress(FileNotFoundError), ExitStack() as stack:
            folder = Folder.root(self._root, stack)
            for parent in parents:
                folder = folder.child(parent, stack)
            return folder.read(last)
        return None

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that no file has; none is read.

        Raises:
            PublishError: a name leads out of the folder, or the folder cannot be looked into.
        """
        return tuple(name for name in names if not self._has(name))

    def names(self, start: str = "") -> tuple[str, ...]:
        """The names of all published files that begin with a text, sorted; no hidden files and symbolic links.

        Raises:
            PublishError: the folder cannot be read.
        """
        with _explained(self._root, "read"), suppress(FileNotFoundError):
            return tuple(sorted(path.relative_to(self._root).as_posix() for path in files_of(self._root, start)))
        return ()

    def _has(self, name: str) -> bool:
        """Whether a regular file has the name; a symbolic link has not, wherever it leads."""
        parents, last = split(name)
        path = self._root.joinpath(*parents, last)
        with _explained(path, "read"), suppress(FileNotFoundError, NotADirectoryError):
            return stat.S_ISREG(path.lstat().st_mode)
        return False

    def _stage(
        self, name: str, body: bytes, folders: dict[tuple[str, ...], Folder], stack: ExitStack
    ) -> _Staged | None:
        """Write a file under a temporary name, which the stack takes away again; None where nothing changed."""
        parents, last = split(name)
        with _explained(self._root / name):
            folder = folders.get(parents) or self._open(parents, stack)
            folders[parents] = folder
            if folder.read(last) == body:
                return None
            return _Staged(name, folder, folder.write(body, self._fsync, stack))

    def _open(self, parents: tuple[str, ...], stack: ExitStack) -> Folder:
        """Open a folder for writing, made where it is missing, rid of what a crash left in it."""
        make_folders(self._root)
        folder = Folder.root(self._root, stack)
        for parent in parents:
            folder.make(parent, self._fsync)
            folder = folder.child(parent, stack)
        self._sweep(folder, parents)
        return folder

    def _sweep(self, folder: Folder, parents: tuple[str, ...]) -> None:
        """Now and then: with thousands of feeds it would take longer than writing."""
        now = time.monotonic()
        if now - self._swept.get(parents, -_SWEEP_EVERY) >= _SWEEP_EVERY:
            self._swept[parents] = now
            folder.sweep(time.time())


@contextmanager
def _explained(path: Path, verb: str = "written") -> Iterator[None]:
    """The one boundary where the system's errors become ours."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "look at the disk and the folder's rights")
        raise PublishError(f"{path} cannot be {verb}: {error.strerror or error}; {advice}") from error
