"""What object storage refuses, in words: where, what went wrong, and what to do. The server's own words stay out.

They may repeat keys, and what was signed with them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedpub.config import Bucket, Storage, resolve_secret
from feedpub.core.errors import PublishError

_RIGHTS = (
    "let the key do s3:GetObject and s3:PutObject below the prefix and s3:ListBucket on the bucket"
)
_KEYS = "look at key and secret in [s3], or at the environment's"
_ADVICE = {  # by the server's code: what is wrong, and what to do
    "NoSuchBucket": ("there is no such bucket", "make it, or write another one in output"),
    "AccessDenied": ("access denied", _RIGHTS),
    "AllAccessDisabled": ("access denied", _RIGHTS),
    "403": ("access denied, or wrong credentials", f"{_KEYS}; {_RIGHTS}"),
    "InvalidAccessKeyId": ("the access key is unknown there", _KEYS),
    "SignatureDoesNotMatch": ("the secret does not belong to the access key", _KEYS),
    "InvalidToken": ("the session's token is wrong", _KEYS),
    "ExpiredToken": ("the session's token has expired", "get new credentials"),
    "RequestTimeTooSkewed": ("the clocks differ too much", "set this machine's clock"),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", "write it in [s3] region"),
    "IllegalLocationConstraintException": (
        "the bucket is in another region",
        "write it in [s3] region",
    ),
    "PermanentRedirect": ("the bucket is in another region", "write it in [s3] region"),
    "301": ("the bucket is in another region", "write it in [s3] region"),
    "NotImplemented": (
        "the server does not know conditional writes (If-Match)",
        "use storage that does: without them an older feed could go over a newer one",
    ),
    "QuotaExceeded": ("the storage is full", "make room"),
    "XMinioStorageFull": ("the storage is full", "make room"),
    "SlowDown": ("the server is busy", "the next run tries again"),
}
_CONFLICTS = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_ABSENT = frozenset({"NoSuchKey", "404"})
_CLIENT = {  # by the name of the client library's exception
    "NoCredentialsError": (
        "there are no credentials",
        "write key and secret in [s3], or set AWS_ACCESS_KEY_ID",
    ),
    "PartialCredentialsError": ("there are only half of the credentials", _KEYS),
    "ProfileNotFound": ("the profile of AWS_PROFILE is unknown", "look at the environment"),
    "NoRegionError": ("the region is not known", "write it in [s3] region"),
    "EndpointConnectionError": (
        "the server cannot be reached",
        "look at endpoint in [s3] and at the network",
    ),
    "ConnectTimeoutError": (
        "the server cannot be reached",
        "look at endpoint in [s3] and at the network",
    ),
    "SSLError": ("the server's certificate is not trusted", "look at endpoint in [s3]"),
}
_SILENT = ("the server did not answer as it should", "the next run tries again")


class StorageError(PublishError):
    """Object storage did not do what was asked.

    Attributes:
        code: the server's; "" where there was no answer.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_absent(self) -> bool:
        """There is no such object."""
        return self.code in _ABSENT

    @property
    def is_conflict(self) -> bool:
        """Something else is there than was expected, or another writes it now."""
        return self.code in _CONFLICTS or self.is_absent


@contextmanager
def wrap_s3_errors(place: object, verb: str, endpoint: str) -> Iterator[None]:
    """The one boundary where the errors of s3fs, and of what lies below it, become ours.

    Args:
        place: what it is about.
        verb: what was to be done with it: "written".
        endpoint: the server's address; "" where it is not given.
    """
    try:
        yield
    except ImportError as error:
        raise PublishError(
            f"{place} cannot be {verb}: object storage needs s3fs; pip install 'feedpub[s3]'"
        ) from error
    except Exception as error:
        if not _is_foreign(error):
            raise
        code = _code(error)
        what, advice = _ADVICE.get(code) or _named(error) or _SILENT
        at = f" at {endpoint}" if endpoint else ""
        told = f" ({code})" if code else f" ({type(error).__name__})"
        raise StorageError(f"{place} cannot be {verb}{at}: {what}{told}; {advice}", code) from error


def _is_foreign(error: Exception) -> bool:
    """Whether an error comes from storage or from the way there, and is no bug of ours."""
    from aiohttp import ClientError as ConnectionFailed  # noqa: PLC0415 -- all of them come with the extra
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # noqa: PLC0415

    return isinstance(
        error, OSError | TimeoutError | BotoCoreError | ClientError | ConnectionFailed
    )


def _code(error: BaseException) -> str:
    """The server's code, which s3fs leaves in the cause of the error that it makes of it."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _named(error: BaseException) -> tuple[str, str] | None:
    return next(
        (_CLIENT[each.__name__] for each in type(error).__mro__ if each.__name__ in _CLIENT), None
    )


# SECTION: The objects of a bucket: looked at, read, listed, and written on a condition. The one
# place that knows s3fs.
#
# fsspec offers "write where there is nothing" (mode="create") and no "write where there is still
# this"; so s3fs is used
# as what it is below, a client that makes S3's own calls, from any thread, in one event loop.

_CONNECT, _ANSWER = 5, 20  # seconds for a connection, and for what is waited for then
_PATIENCE = 60.0  # seconds for a call with all its tries
_TRIES = 3
_MARK = "feedpub"  # the name of the mark in an object's metadata

_CLIENT_OBJECTS = {
    "connect_timeout": _CONNECT,
    "read_timeout": _ANSWER,
    "max_pool_connections": 32,
    "retries": {"max_attempts": _TRIES, "mode": "standard"},
    # What came into S3 later than its copies: not all of them know the checksums.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True, slots=True)
class StoredObject:
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
    """An object to be written.

    Its bytes, its mark, and its headers by their names in S3's calls.
    """

    body: bytes
    mark: str
    headers: Mapping[str, str]


class S3Client:
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
        with wrap_s3_errors(bucket, "reached", self._endpoint):
            self._files = _connected(storage)

    def stat(self, name: str) -> StoredObject | None:
        """What is stored under a name, without its bytes; None for nothing."""
        try:
            return _stored(self._call("read", name, "head_object"))
        except StorageError as error:
            if error.is_absent:
                return None
            raise

    def read(self, name: str) -> tuple[bytes, StoredObject] | None:
        """The bytes as they are stored, and of which version; None for nothing."""
        try:
            answer = self._call("read", name, "get_object")
        except StorageError as error:
            if error.is_absent:
                return None
            raise
        from fsspec.asyn import sync  # type: ignore[import-untyped]  # noqa: PLC0415 -- comes with the extra

        with wrap_s3_errors(f"{self.bucket}/{name}", "read", self._endpoint):
            return sync(self._files.loop, answer["Body"].read, timeout=_PATIENCE), _stored(answer)

    def write(self, name: str, upload: Upload, expected: StoredObject | None) -> None:
        """Write an object in place of the version that is expected, or of nothing.

        Raises:
            StorageError: among others, because something else is there; `is_conflict` tells that.
        """
        condition = {"IfMatch": expected.etag} if expected else {"IfNoneMatch": "*"}
        marked = {"Metadata": {_MARK: upload.mark}}
        self._call(
            "written", name, "put_object", Body=upload.body, **marked, **upload.headers, **condition
        )

    def list_below(self, start: str = "") -> Iterator[tuple[str, StoredObject]]:
        """The names that begin with a text, sorted as S3 does, with what is stored there."""
        prefix = self._key("")
        page: dict[str, str] = {}
        while True:
            answer = self._listed(Prefix=prefix + start, **page)
            for each in answer.get("Contents", ()):
                stored = StoredObject(each["ETag"], each["Size"], each["LastModified"])
                yield each["Key"].removeprefix(prefix), stored
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def _listed(self, **arguments: str) -> Any:
        with wrap_s3_errors(self.bucket, "listed", self._endpoint):
            return self._files.call_s3(
                "list_objects_v2", Bucket=self.bucket.name, timeout=_PATIENCE, **arguments
            )

    def _call(self, verb: str, name: str, method: str, **arguments: object) -> Any:
        with wrap_s3_errors(f"{self.bucket}/{name}", verb, self._endpoint):
            return self._files.call_s3(
                method, Bucket=self.bucket.name, Key=self._key(name), timeout=_PATIENCE, **arguments
            )

    def _key(self, name: str) -> str:
        return f"{self.bucket.prefix}/{name}" if self.bucket.prefix else name


def _stored(answer: Mapping[str, Any]) -> StoredObject:
    return StoredObject(
        answer["ETag"],
        answer["ContentLength"],
        answer["LastModified"],
        answer.get("Metadata", {}).get(_MARK, ""),
        answer.get("ContentEncoding", ""),
    )


def _connected(storage: Storage) -> Any:
    """A client; it connects when it is first used."""
    from s3fs import S3FileSystem  # type: ignore[import-untyped]  # noqa: PLC0415 -- comes with the extra

    # With a server of one's own the bucket stands in the path: its name is seldom one that DNS
    # knows.
    style = {"s3": {"addressing_style": "path"}} if storage.endpoint else {}
    files = S3FileSystem(
        key=resolve_secret(storage.key) if storage.key else None,
        secret=resolve_secret(storage.secret) if storage.secret else None,
        endpoint_url=storage.endpoint,
        client_kwargs={"region_name": storage.region} if storage.region else {},
        config_kwargs=_CLIENT_OBJECTS | style,
        use_listings_cache=False,  # others write, too
        skip_instance_cache=True,
    )
    files.retries = 1  # the client below tries again by itself
    return files
