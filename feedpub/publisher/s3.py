"""Publish files in a bucket of object storage.

Every write is conditional: the object must still be the one that was compared, or must still not
exist. The storage therefore rejects the write of a process that was suspended while another one
published, whatever that process assumes.
"""

import gzip
import hashlib
import posixpath
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from feedpub.config import Storage
from feedpub.core.errors import PublishError, StaleWriteError
from feedpub.publisher.base import Output, no_check
from feedpub.publisher.names import PART_PATTERN, identify_file, split_name
from feedpub.publisher.s3_client import S3Client, StorageError, StoredObject, Upload

_CACHE_SHORTLY = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
_CACHE_FOREVER = "public, max-age=31536000, immutable"
_MAX_CONCURRENT_REQUESTS = 16  # of all feeds together
_MAX_TRIES = 3  # of a write that conflicts with another one
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class _PendingUpload:
    """A file that differs from the published one."""

    name: str
    upload: Upload
    before: StoredObject | None


class S3Output(Output):
    """A bucket, or the part of one below a prefix.

    Args:
        client: the client for the bucket.
        gzip: store text files compressed.
    """

    has_marks = True

    def __init__(
        self, client: S3Client, *, gzip: bool = Storage.model_fields["gzip"].default
    ) -> None:
        self._client = client
        self._gzip = gzip
        self._threads = ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS, "s3")

    def publish(
        self, files: Mapping[str, bytes], *, before_commit: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write the files that differ from the published ones; see `Output.publish`.

        Raises:
            StaleWriteError: another process has written a file meanwhile; no later file is written.
            PublishError: a file cannot be written; no later file is written either.
        """
        pending = self._compare(files)
        before_commit()
        for change in pending:
            self._write(change)
        return tuple(change.name for change in pending)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        return tuple(change.name for change in self._compare(files))

    def read(self, name: str) -> bytes | None:
        """Return the published bytes of a file, decompressed; None if there is no such file."""
        split_name(name)
        found = self._client.read(name)
        if found is None:
            return None
        return decompress_object(f"{self._client.bucket}/{name}", *found)

    def make_mark(self, name: str, body: bytes) -> str:
        """Return the mark that a file is stored with."""
        return make_mark(name, body, compress=self._gzip)

    def find_marks(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the mark of each stored object; "" for one of another program."""
        wanted = tuple(names)
        for name in wanted:
            split_name(name)
        stored = self._threads.map(self._client.stat, wanted)
        return {name: each.mark for name, each in zip(wanted, stored, strict=True) if each}

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names under which no file is published, with one listing of the bucket."""
        wanted = tuple(names)
        for name in wanted:
            split_name(name)
        if not wanted:
            return ()
        listing = self._client.list_below(posixpath.commonprefix(wanted))
        published = {name for name, _ in listing}
        return tuple(name for name in wanted if name not in published)

    def list_names(self, start: str = "") -> tuple[str, ...]:
        return tuple(sorted(name for name, _ in list_published(self._client, start)))

    def _compare(self, files: Mapping[str, bytes]) -> list[_PendingUpload]:
        """Return the files that must be written, in the given order."""
        for name in files:
            split_name(name)
        stored = self._threads.map(self._client.stat, files)
        pending = []
        for (name, body), before in zip(files.items(), stored, strict=True):
            if before is None or before.mark != self.make_mark(name, body):
                upload = make_upload(name, body, compress=self._gzip)
                pending.append(_PendingUpload(name, upload, before))
        return pending

    def _write(self, change: _PendingUpload) -> None:
        """Write one object, unless another version than the compared one is stored.

        If the response to a write is lost, the write is retried and can find its own version.
        """
        for _ in range(_MAX_TRIES):
            try:
                self._client.write(change.name, change.upload, change.before)
            except StorageError as error:
                if not error.is_conflict:
                    raise
            else:
                return
            stored = self._client.stat(change.name)
            if stored and stored.mark == change.upload.mark:
                return
            if _get_etag(stored) != _get_etag(change.before):
                break
        raise StaleWriteError(
            f"{self._client.bucket}/{change.name} cannot be written: another feedpub process has "
            "written it meanwhile; the next run publishes the newest version"
        )


def make_upload(name: str, body: bytes, *, compress: bool) -> Upload:
    """Return a file as it is stored in a bucket; the same file always gives the same bytes."""
    mark, headers = make_mark(name, body, compress=compress), make_headers(name, compress=compress)
    if "ContentEncoding" in headers:
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Upload(body, mark, headers)


def make_mark(name: str, body: bytes, *, compress: bool) -> str:
    """Return a digest of a file's content and headers, which is stored with it."""
    headers = make_headers(name, compress=compress)
    return hashlib.sha256(repr(sorted(headers.items())).encode() + b"\n" + body).hexdigest()


def make_headers(name: str, *, compress: bool) -> dict[str, str]:
    """Return the headers of a file as arguments of the S3 API.

    Content-Security-Policy and similar headers cannot be stored with an object. Pages therefore
    contain their policy, and an SVG picture, which can contain scripts, becomes a download unless a
    page embeds it.
    """
    file = identify_file(name)
    headers = {
        "ContentType": file.kind.media_type if file else "application/octet-stream",
        "CacheControl": _CACHE_SHORTLY,
    }
    if file and file.is_archive and file.is_feed:
        headers["CacheControl"] = _CACHE_FOREVER  # an archive only changes with its address
    if name.lower().endswith(".svg"):
        headers["ContentDisposition"] = "attachment"
    if compress and file is not None and file.kind.compressed:
        headers["ContentEncoding"] = "gzip"
    return headers


def decompress_object(location: str, body: bytes, stored: StoredObject) -> bytes:
    """Return the bytes of a file as they were published.

    Args:
        location: the object's address for messages.
        body: the stored bytes.
        stored: the object's metadata.

    Raises:
        PublishError: the bytes are not compressed as the metadata states.
    """
    if stored.encoding != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (EOFError, OSError, zlib.error) as error:
        raise PublishError(
            f"{location} cannot be read: its Content-Encoding is gzip, but its content is not; "
            "remove it"
        ) from error


def list_published(client: S3Client, start: str = "") -> Iterator[tuple[str, StoredObject]]:
    """Yield the name and metadata of each object that can be a published file.

    Raises:
        PublishError: the bucket cannot be listed.
    """
    for name, stored in client.list_below(start):
        if all(map(PART_PATTERN.fullmatch, name.split("/"))):
            yield name, stored


def _get_etag(stored: StoredObject | None) -> str | None:
    return stored.etag if stored else None
