"""The files of the output folder as they lie there: regular ones, and no symbolic link followed."""

import errno
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from feedpub.publisher.folder import Folder

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})  # ELOOP: a symbolic link


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one version of a file from another without reading it; times in nanoseconds."""

    inode: int
    size: int
    modified: int


def look(root: Path, name: str) -> Signature | None:
    """The signature of a file; None where no regular file has the name. Raises OSError."""
    with ExitStack() as stack:
        descriptor = _opened(root, name, stack)
        return None if descriptor is None else _signature(descriptor)


def read(root: Path, name: str) -> tuple[bytes, Signature] | None:
    """The bytes and the signature of one version of a file; None where no regular file has the name. Raises OSError."""
    with ExitStack() as stack:
        descriptor = _opened(root, name, stack)
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
