"""The published files as they lie there: in a folder, regular ones, and no symbolic link followed; or in a bucket."""

import errno
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from feedpub.publisher.folder import Folder

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})  # ELOOP: a symbolic link


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one version of a file from another without reading it.

    Attributes:
        version: the inode; an object's ETag.
        size: in bytes, as it lies there.
        modified: in nanoseconds since 1970.
    """

    version: int | str
    size: int
    modified: int


class Shelf(Protocol):
    """Where published files are looked up. Thread-safe."""

    @property
    def fresh(self) -> bool:
        """Whether `look` knows enough to answer without waiting for others."""

    def catch_up(self) -> None:
        """Learn what is there, where that takes waiting. Raises OSError or PublishError where nothing is known."""

    def look(self, name: str) -> Signature | None:
        """The signature of a file; None where no regular file has the name. Raises OSError."""

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        """The bytes and the signature of one version of a file; None where there is none. Raises as `catch_up`."""


class FolderShelf(Shelf):
    """The files of a folder: a look at a disk is quick."""

    fresh = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def catch_up(self) -> None:
        """There is nothing to be waited for."""

    def look(self, name: str) -> Signature | None:
        with ExitStack() as stack:
            descriptor = _opened(self._root, name, stack)
            return None if descriptor is None else _signature(descriptor)

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        with ExitStack() as stack:
            descriptor = _opened(self._root, name, stack)
            signature = None if descriptor is None else _signature(descriptor)
            if descriptor is None or signature is None:
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(), signature


def _opened(root: Path, name: str, stack: ExitStack) -> int | None:
    """A descriptor for as long as the stack lasts; None where there is nothing of that name."""
    *parents, last = name.split("/")
    try:
        folder = Folder.root(root, stack)
        for parent in parents:
            folder = folder.child(parent, stack)
        # What is no file must not hold us up: a pipe blocks whoever opens it, until somebody writes to it.
        descriptor = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder.descriptor)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    stack.callback(os.close, descriptor)
    return descriptor


def _signature(descriptor: int) -> Signature | None:
    about = os.fstat(descriptor)
    return Signature(about.st_ino, about.st_size, about.st_mtime_ns) if stat.S_ISREG(about.st_mode) else None
