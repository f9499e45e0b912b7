"""The published files as they lie there.

In a folder, regular ones, and no symbolic link followed; or in a bucket.
"""

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from feedpub.config import Bucket, Storage
from feedpub.core.errors import PublishError
from feedpub.publisher.folder import Folder
from feedpub.publisher.s3 import decompress_object, list_published
from feedpub.publisher.s3_client import S3Client, StoredObject

_GONE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
)  # ELOOP: a symbolic link


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


class FileBackend(Protocol):
    """Where published files are looked up. Thread-safe."""

    @property
    def is_fresh(self) -> bool:
        """Whether `look` knows enough to answer without waiting for others."""

    def refresh(self) -> None:
        """Learn what is there, where that takes waiting.

        Raises OSError or PublishError where nothing is known.
        """

    def stat(self, name: str) -> Signature | None:
        """The signature of a file; None where no regular file has the name. Raises OSError."""

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        """The bytes and the signature of one version of a file.

        None where there is none. Raises as `catch_up`.
        """


class FolderBackend(FileBackend):
    """The files of a folder: a look at a disk is quick."""

    is_fresh = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def refresh(self) -> None:
        """There is nothing to be waited for."""

    def stat(self, name: str) -> Signature | None:
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
        folder = Folder.open(root, stack)
        for parent in parents:
            folder = folder.open_subfolder(parent, stack)
        # What is no file must not hold us up: a pipe blocks whoever opens it, until somebody writes
        # to it.
        descriptor = os.open(
            last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder.descriptor
        )
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    stack.callback(os.close, descriptor)
    return descriptor


def _signature(descriptor: int) -> Signature | None:
    about = os.fstat(descriptor)
    return (
        Signature(about.st_ino, about.st_size, about.st_mtime_ns)
        if stat.S_ISREG(about.st_mode)
        else None
    )


# SECTION: The published files in a bucket, as they were known some seconds ago: no reader's
# request becomes one of ours.

OFTEN = 5.0  # seconds between two lists of the bucket, as long as anybody asks
_log = logging.getLogger(__name__)


class S3Backend(FileBackend):
    """The objects of a bucket.

    What this process reads is known at once; what others write, with the next list.
    """

    def __init__(self, objects: S3Client) -> None:
        self._objects = objects
        self._known: Mapping[str, Signature] | None = None
        self._listed = -OFTEN
        self._lock = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the last list is young enough."""
        return self._known is not None and time.monotonic() - self._listed < OFTEN

    def refresh(self) -> None:
        """List the bucket where it is time to; where that fails, what was known is what holds."""
        with self._lock:
            if self.is_fresh:
                return
            now = time.monotonic()
            try:
                self._known = {
                    name: _object_signature(stored)
                    for name, stored in list_published(self._objects)
                }
            except PublishError as error:
                if self._known is None:
                    raise
                _log.warning("what is published now is not known: %s", error)
            self._listed = now

    def stat(self, name: str) -> Signature | None:
        return self._known.get(name) if self._known else None

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        found = self._objects.read(name)
        signature = _object_signature(found[1]) if found else None
        with self._lock:
            others = {
                other: version for other, version in (self._known or {}).items() if other != name
            }
            if self._known is not None:
                self._known = others | ({name: signature} if signature else {})
        if found is None or signature is None:
            return None
        return decompress_object(f"{self._objects.bucket}/{name}", *found), signature


def open_backend(output: Path | Bucket, storage: Storage) -> FileBackend:
    """What is served of the output.

    Raises:
        PublishError: the output is a bucket, and what it needs is not installed.
        ConfigError: a secret cannot be had.
    """
    return (
        FolderBackend(output) if isinstance(output, Path) else S3Backend(S3Client(output, storage))
    )


def _object_signature(stored: StoredObject) -> Signature:
    return Signature(stored.etag, stored.size, int(stored.modified.timestamp()) * 1_000_000_000)
