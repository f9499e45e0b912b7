"""Read published files from the output: a folder or an S3 bucket.

In a folder only regular files are served, and no symbolic link is followed. A bucket is listed
every few seconds, so that a reader's request does not become a request to the bucket.
"""

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from feedpub.config import Bucket, Storage
from feedpub.core.errors import PublishError
from feedpub.publisher.folder import Folder
from feedpub.publisher.s3 import decompress_object, list_published
from feedpub.publisher.s3_client import S3Client, StoredObject

_log = logging.getLogger(__name__)

LIST_SECONDS = 5.0  # between two listings of a bucket, if there are requests
# ELOOP: a symbolic link
_MISSING_ERRORS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


@dataclass(frozen=True, slots=True)
class Signature:
    """Identify a version of a file without reading it.

    Attributes:
        version: The inode, or an object's ETag.
        size: Stored size in bytes.
        modified: Nanoseconds since 1970.
    """

    version: int | str
    size: int
    modified: int


class FileBackend(Protocol):
    """Access to published files. Thread-safe."""

    @property
    def is_fresh(self) -> bool:
        """Return True if `stat` can answer without waiting."""

    def refresh(self) -> None:
        """Update the list of files if it is outdated.

        Raises:
            OSError, PublishError: There is no list yet and none can be fetched.
        """

    def note_written(self, names: Collection[str]) -> None:
        """Note that this process has just written new versions of files."""

    def stat(self, name: str) -> Signature | None:
        """Return a file's signature; None if there is no regular file of that name.

        Raises:
            OSError: The file cannot be inspected.
        """

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        """Return content and signature of one version of a file; None if it does not exist.

        Raises:
            OSError, PublishError: The file cannot be read.
        """


class FolderBackend(FileBackend):
    """The files of a folder. Local access is fast enough without a list."""

    is_fresh = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def refresh(self) -> None:
        """Do nothing."""

    def note_written(self, names: Collection[str]) -> None:
        """Do nothing."""

    def stat(self, name: str) -> Signature | None:
        with ExitStack() as stack:
            descriptor = _open_file(self._root, name, stack)
            return None if descriptor is None else _read_signature(descriptor)

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        with ExitStack() as stack:
            descriptor = _open_file(self._root, name, stack)
            signature = None if descriptor is None else _read_signature(descriptor)
            if descriptor is None or signature is None:
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(), signature


def _open_file(root: Path, name: str, stack: ExitStack) -> int | None:
    """Return a descriptor that the stack closes; None if there is nothing of that name."""
    *parents, last = name.split("/")
    # Opening a pipe would block until another process writes to it.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        folder = Folder.open(root, stack)
        for parent in parents:
            folder = folder.open_subfolder(parent, stack)
        descriptor = os.open(last, flags, dir_fd=folder.descriptor)
    except OSError as error:
        if error.errno in _MISSING_ERRORS:
            return None
        raise
    stack.callback(os.close, descriptor)
    return descriptor


def _read_signature(descriptor: int) -> Signature | None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Signature(status.st_ino, status.st_size, status.st_mtime_ns)


class S3Backend(FileBackend):
    """The objects of a bucket.

    A version that `read` fetches is known at once. So is one that this process writes, but its
    signature is only a placeholder until it is read. Versions that other processes write are known
    after the next listing.
    """

    def __init__(self, objects: S3Client) -> None:
        self._objects = objects
        self._signatures: Mapping[str, Signature] | None = None
        self._last_listing = -LIST_SECONDS
        self._lock = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        """Return True if the last listing is recent enough."""
        if self._signatures is None:
            return False
        return time.monotonic() - self._last_listing < LIST_SECONDS

    def refresh(self) -> None:
        """List the bucket if it is time. If that fails, the last listing stays in use."""
        with self._lock:
            if self.is_fresh:
                return
            began = time.monotonic()
            try:
                published = list_published(self._objects)
                self._signatures = {name: _object_signature(stored) for name, stored in published}
            except PublishError as error:
                if self._signatures is None:
                    raise
                _log.warning("cannot list the bucket, the last listing stays in use: %s", error)
            self._last_listing = began

    def note_written(self, names: Collection[str]) -> None:
        """List the files with a placeholder as their signature."""
        with self._lock:
            if self._signatures is not None:
                placeholder = Signature("", 0, time.time_ns())
                self._signatures = {**self._signatures, **dict.fromkeys(names, placeholder)}

    def stat(self, name: str) -> Signature | None:
        return self._signatures.get(name) if self._signatures else None

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        found = self._objects.read(name)
        signature = _object_signature(found[1]) if found else None
        with self._lock:
            if self._signatures is not None:
                updated = dict(self._signatures)
                updated.pop(name, None)
                if signature:
                    updated[name] = signature
                self._signatures = updated
        if found is None or signature is None:
            return None
        return decompress_object(f"{self._objects.bucket}/{name}", *found), signature


def open_backend(output: Path | Bucket, storage: Storage) -> FileBackend:
    """Return the backend for an output.

    Raises:
        PublishError: The output is a bucket, and the required package is not installed.
        ConfigError: A secret is not available.
    """
    if isinstance(output, Path):
        return FolderBackend(output)
    return S3Backend(S3Client(output, storage))


def _object_signature(stored: StoredObject) -> Signature:
    return Signature(stored.etag, stored.size, int(stored.modified.timestamp()) * 1_000_000_000)
