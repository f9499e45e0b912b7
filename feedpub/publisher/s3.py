"""The output as a bucket: what is written there, under which headers, and that nothing older goes over newer.

Every object is written on a condition: that there is still what was there before, or nothing. So a
process that slept
while another published in its place, whatever it holds for true, is refused by the storage itself.
"""

import gzip
import hashlib
import posixpath
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from feedpub.config import Storage
from feedpub.core.errors import PublishError, StaleWriteError
from feedpub.publisher.base import Output, no_check
from feedpub.publisher.names import PART_PATTERN, identify_file, split_name
from feedpub.publisher.s3_client import S3Client, StorageError, StoredObject, Upload

_CHANGING = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
_LASTING = "public, max-age=31536000, immutable"  # an archive changes only with its address
_LOOKS_AT_ONCE = 16  # of all feeds together
_TRIES = 3  # of a write that another one got in the way of
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class _PendingUpload:
    """A file that differs from what is there."""

    name: str
    upload: Upload
    before: StoredObject | None


class S3Output(Output):
    """A bucket, or what is below a prefix of it.

    Args:
        objects: those of the bucket.
        gzip: store texts compressed.
    """

    def __init__(
        self, objects: S3Client, *, gzip: bool = Storage.model_fields["gzip"].default
    ) -> None:
        self._objects = objects
        self._gzip = gzip
        self._looks = ThreadPoolExecutor(_LOOKS_AT_ONCE, "looks")

    def publish(
        self, files: Mapping[str, bytes], *, certain: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write what differs from what is there, one object after another; see `Publisher.publish`.

        Raises:
            StaleWriteError: another process wrote meanwhile; what comes after is not written.
            PublishError: an object cannot be written; nor is any after it.
        """
        changes = self._changes(files)
        certain()
        for change in changes:
            self._write(change)
        return tuple(change.name for change in changes)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        return tuple(change.name for change in self._changes(files))

    def read(self, name: str) -> bytes | None:
        """The bytes published under a name, uncompressed; None where there is no such object."""
        split_name(name)
        found = self._objects.read(name)
        return decompress_object(f"{self._objects.bucket}/{name}", *found) if found else None

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that no object has; told by one list of all that begin as they do."""
        wanted = tuple(names)
        for name in wanted:
            split_name(name)
        there = (
            {name for name, _ in self._objects.list_below(posixpath.commonprefix(wanted))}
            if wanted
            else set()
        )
        return tuple(name for name in wanted if name not in there)

    def list_names(self, start: str = "") -> tuple[str, ...]:
        return tuple(sorted(name for name, _ in list_published(self._objects, start)))

    def _changes(self, files: Mapping[str, bytes]) -> list[_PendingUpload]:
        """What has to be written, in the order given."""
        for name in files:
            split_name(name)
        uploads = {name: upload(name, body, compress=self._gzip) for name, body in files.items()}
        there = dict(zip(uploads, self._looks.map(self._objects.stat, uploads), strict=True))
        return [
            _PendingUpload(name, wanted, there[name])
            for name, wanted in uploads.items()
            if (found := there[name]) is None or found.mark != wanted.mark
        ]

    def _write(self, change: _PendingUpload) -> None:
        """Write one object, unless another is there than was found before.

        A write whose answer was lost is tried again, by the client too, and then finds itself
        there.
        """
        for _ in range(_TRIES):
            try:
                self._objects.write(change.name, change.upload, change.before)
            except StorageError as error:
                if not error.is_conflict:
                    raise
            else:
                return
            there = self._objects.stat(change.name)
            if there and there.mark == change.upload.mark:
                return
            if _etag(there) != _etag(change.before):
                break
        raise StaleWriteError(
            f"{self._objects.bucket}/{change.name} cannot be written: another feedpub wrote it meanwhile, and nothing "
            "older goes over it; the next run publishes what is newest"
        )


def upload(name: str, body: bytes, *, compress: bool) -> Upload:
    """A file as it goes into a bucket; the same bytes for the same file.

    What Content-Security-Policy and the like say cannot be stored with an object: pages carry
    theirs in their heads, and an SVG picture, which may hold scripts, is a download where it is not
    part of a page.
    """
    file = identify_file(name)
    headers = {
        "ContentType": file.kind.media_type if file else "application/octet-stream",
        "CacheControl": _LASTING if file and file.is_archive and file.is_feed else _CHANGING,
    }
    if name.lower().endswith(".svg"):
        headers["ContentDisposition"] = "attachment"
    compress = compress and file is not None and file.kind.compressed
    if compress:
        headers["ContentEncoding"] = "gzip"
    mark = hashlib.sha256(repr(sorted(headers.items())).encode() + b"\n" + body).hexdigest()
    return Upload(gzip.compress(body, _GZIP_LEVEL, mtime=0) if compress else body, mark, headers)


def decompress_object(place: str, body: bytes, stored: StoredObject) -> bytes:
    """The bytes of a file as they were published.

    Raises PublishError where they are not what they are said to be.
    """
    if stored.coding != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (EOFError, OSError, zlib.error) as error:
        raise PublishError(
            f"{place} cannot be read: it is not compressed as it says; remove it"
        ) from error


def list_published(objects: S3Client, start: str = "") -> Iterable[tuple[str, StoredObject]]:
    """All that may have been published, by name. Raises PublishError."""
    return (
        (name, stored)
        for name, stored in objects.list_below(start)
        if all(map(PART_PATTERN.fullmatch, name.split("/")))
    )


def _etag(stored: StoredObject | None) -> str | None:
    return stored.etag if stored else None
