"""The objects of a bucket: looked at, read, listed, and written on a condition. The one place that knows s3fs.

fsspec offers "write where there is nothing" (mode="create") and no "write where there is still this"; so s3fs is used
as what it is below, a client that makes S3's own calls, from any thread, in one event loop.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedpub.config import Bucket, Storage, resolve
from feedpub.publisher.faults import StorageError, explained

_CONNECT, _ANSWER = 5, 20  # seconds for a connection, and for what is waited for then
_PATIENCE = 60.0  # seconds for a call with all its tries
_TRIES = 3
_MARK = "feedpub"  # the name of the mark in an object's metadata

_CLIENT = {
    "connect_timeout": _CONNECT,
    "read_timeout": _ANSWER,
    "max_pool_connections": 32,
    "retries": {"max_attempts": _TRIES, "mode": "standard"},
    # What came into S3 later than its copies: not all of them know the checksums.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object.

    Attributes:
        etag: in its quotes.
        size: in bytes, as stored.
        modified: when it was written.
        mark: what its writer left there to know it by; "" for nothing, and in listings.
        coding: its Content-Encoding; "" for none, and in listings.
    """

    etag: str
    size: int
    modified: datetime
    mark: str = ""
    coding: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An object to be written: its bytes, its mark, and its headers by their names in S3's calls."""

    body: bytes
    mark: str
    headers: Mapping[str, str]


class Objects:
    """The objects below a bucket's prefix, by name. Thread-safe. Every method raises PublishError.

    Args:
        bucket: where they lie.
        storage: how it is reached; secrets are looked up now.

    Raises:
        PublishError: s3fs is not installed.
        ConfigError: a secret cannot be had.
    """

    def __init__(self, bucket: Bucket, storage: Storage) -> None:
        self.bucket = bucket
        self._endpoint = storage.endpoint or ""
        with explained(bucket, "reached", self._endpoint):
            self._files = _connected(storage)

    def look(self, name: str) -> Stored | None:
        """What is stored under a name, without its bytes; None for nothing."""
        try:
            return _stored(self._call("read", name, "head_object"))
        except StorageError as error:
            if error.is_absent:
                return None
            raise

    def read(self, name: str) -> tuple[bytes, Stored] | None:
        """The bytes as they are stored, and of which version; None for nothing."""
        try:
            answer = self._call("read", name, "get_object")
        except StorageError as error:
            if error.is_absent:
                return None
            raise
        from fsspec.asyn import sync  # type: ignore[import-untyped]  # noqa: PLC0415 -- comes with the extra

        with explained(f"{self.bucket}/{name}", "read", self._endpoint):
            return sync(self._files.loop, answer["Body"].read, timeout=_PATIENCE), _stored(answer)

    def write(self, name: str, upload: Upload, expected: Stored | None) -> None:
        """Write an object in place of the version that is expected, or of nothing.

        Raises:
            StorageError: among others, because something else is there; `is_conflict` tells that.
        """
        condition = {"IfMatch": expected.etag} if expected else {"IfNoneMatch": "*"}
        marked = {"Metadata": {_MARK: upload.mark}}
        self._call("written", name, "put_object", Body=upload.body, **marked, **upload.headers, **condition)

    def below(self, start: str = "") -> Iterator[tuple[str, Stored]]:
        """The names that begin with a text, sorted as S3 does, with what is stored there."""
        prefix = self._key("")
        page: dict[str, str] = {}
        while True:
            answer = self._listed(Prefix=prefix + start, **page)
            for each in answer.get("Contents", ()):
                stored = Stored(each["ETag"], each["Size"], each["LastModified"])
                yield each["Key"].removeprefix(prefix), stored
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def _listed(self, **arguments: str) -> Any:
        with explained(self.bucket, "listed", self._endpoint):
            return self._files.call_s3("list_objects_v2", Bucket=self.bucket.name, timeout=_PATIENCE, **arguments)

    def _call(self, verb: str, name: str, method: str, **arguments: object) -> Any:
        with explained(f"{self.bucket}/{name}", verb, self._endpoint):
            return self._files.call_s3(
                method, Bucket=self.bucket.name, Key=self._key(name), timeout=_PATIENCE, **arguments
            )

    def _key(self, name: str) -> str:
        return f"{self.bucket.prefix}/{name}" if self.bucket.prefix else name


def _stored(answer: Mapping[str, Any]) -> Stored:
    return Stored(
        answer["ETag"],
        answer["ContentLength"],
        answer["LastModified"],
        answer.get("Metadata", {}).get(_MARK, ""),
        answer.get("ContentEncoding", ""),
    )


def _connected(storage: Storage) -> Any:
    """A client; it connects when it is first used."""
    from s3fs import S3FileSystem  # type: ignore[import-untyped]  # noqa: PLC0415 -- comes with the extra

    # With a server of one's own the bucket stands in the path: its name is seldom one that DNS knows.
    style = {"s3": {"addressing_style": "path"}} if storage.endpoint else {}
    files = S3FileSystem(
        key=resolve(storage.key) if storage.key else None,
        secret=resolve(storage.secret) if storage.secret else None,
        endpoint_url=storage.endpoint,
        client_kwargs={"region_name": storage.region} if storage.region else {},
        config_kwargs=_CLIENT | style,
        use_listings_cache=False,  # others write, too
        skip_instance_cache=True,
    )
    files.retries = 1  # the client below tries again by itself
    return files
