"""Send requests to object storage with s3fs, and explain its errors.

fsspec supports "write if absent" (mode="create") but not "write if unchanged". s3fs is therefore
used at the level below: as a thread-safe client of the S3 API that runs in one event loop.

The server's own messages are not shown, because they can contain keys and signed texts.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedpub.config import Bucket, Storage, resolve_secret
from feedpub.core.errors import PublishError

_PERMISSIONS = (
    "allow the key s3:GetObject and s3:PutObject below the prefix and s3:ListBucket on the bucket"
)
_CHECK_KEYS = "check key and secret in [s3], or those of the environment"
_WRONG_REGION = ("the bucket is in another region", "write it in [s3] region")
_UNREACHABLE = ("the server cannot be reached", "check endpoint in [s3] and the network")
_BAD_RESPONSE = ("the server did not respond as expected", "the next run tries again")
_SERVER_ERRORS = {  # by the server's code: the cause, and advice
    "NoSuchBucket": ("there is no such bucket", "create it, or write another one in output"),
    "AccessDenied": ("access denied", _PERMISSIONS),
    "AllAccessDisabled": ("access denied", _PERMISSIONS),
    "403": ("access denied, or wrong credentials", f"{_CHECK_KEYS}; {_PERMISSIONS}"),
    "InvalidAccessKeyId": ("the server does not know the access key", _CHECK_KEYS),
    "SignatureDoesNotMatch": ("the secret does not belong to the access key", _CHECK_KEYS),
    "InvalidToken": ("the session's token is invalid", _CHECK_KEYS),
    "ExpiredToken": ("the session's token has expired", "get new credentials"),
    "RequestTimeTooSkewed": ("the clocks differ too much", "set this machine's clock"),
    "AuthorizationHeaderMalformed": _WRONG_REGION,
    "IllegalLocationConstraintException": _WRONG_REGION,
    "PermanentRedirect": _WRONG_REGION,
    "301": _WRONG_REGION,
    "NotImplemented": (
        "the server does not support conditional writes (If-Match)",
        "use storage that does: otherwise an older feed could replace a newer one",
    ),
    "QuotaExceeded": ("the storage is full", "free some space"),
    "XMinioStorageFull": ("the storage is full", "free some space"),
    "SlowDown": ("the server is busy", "the next run tries again"),
}
_CLIENT_ERRORS = {  # by the name of the exception: the cause, and advice
    "NoCredentialsError": (
        "there are no credentials",
        "write key and secret in [s3], or set AWS_ACCESS_KEY_ID",
    ),
    "PartialCredentialsError": ("the credentials are incomplete", _CHECK_KEYS),
    "ProfileNotFound": ("the profile of AWS_PROFILE does not exist", "check the environment"),
    "NoRegionError": ("the region is unknown", "write it in [s3] region"),
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "SSLError": ("the server's certificate is not trusted", "check endpoint in [s3]"),
}
_CONFLICT_CODES = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_ABSENT_CODES = frozenset({"NoSuchKey", "404"})

_CALL_TIMEOUT_SECONDS = 60.0  # for a call with all its retries
_MARK = "feedpub"  # the key of the mark in an object's metadata
_CLIENT_CONFIG = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "max_pool_connections": 32,
    "retries": {"max_attempts": 3, "mode": "standard"},
    # Not every S3-compatible server supports the newer checksums.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class StorageError(PublishError):
    """A request to object storage failed.

    Attributes:
        code: the server's code; "" if there was no response.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_absent(self) -> bool:
        """Return True if there is no such object."""
        return self.code in _ABSENT_CODES

    @property
    def is_conflict(self) -> bool:
        """Return True if another version is stored than expected, or is being written."""
        return self.code in _CONFLICT_CODES or self.is_absent


@contextmanager
def wrap_s3_errors(subject: object, verb: str, endpoint: str) -> Iterator[None]:
    """Convert the exceptions of s3fs and of the libraries below it to PublishError.

    Args:
        subject: the bucket or object.
        verb: the action: "written".
        endpoint: the server's address; "" if it is not configured.
    """
    try:
        yield
    except ImportError as error:
        raise PublishError(
            f"{subject} cannot be {verb}: object storage needs s3fs; pip install 'feedpub[s3]'"
        ) from error
    except Exception as error:
        if not _is_storage_error(error):
            raise
        code = _find_code(error)
        cause, advice = _SERVER_ERRORS.get(code) or _explain_exception(error)
        at = f" at {endpoint}" if endpoint else ""
        detail = code or type(error).__name__
        raise StorageError(
            f"{subject} cannot be {verb}{at}: {cause} ({detail}); {advice}", code
        ) from error


def _is_storage_error(error: Exception) -> bool:
    """Return True if an error comes from storage or the network, not from a bug in feedpub."""
    # The extra installs both.
    from aiohttp import ClientError as AiohttpError  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # noqa: PLC0415

    return isinstance(error, OSError | TimeoutError | BotoCoreError | ClientError | AiohttpError)


def _find_code(error: BaseException) -> str:
    """Return the server's code; s3fs leaves it in the cause of its own exception."""
    for candidate in (error, error.__cause__):
        response = getattr(candidate, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _explain_exception(error: BaseException) -> tuple[str, str]:
    for base in type(error).__mro__:
        if base.__name__ in _CLIENT_ERRORS:
            return _CLIENT_ERRORS[base.__name__]
    return _BAD_RESPONSE


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A version of an object.

    Attributes:
        etag: with its quotes.
        size: in bytes, as stored.
        modified: when it was written.
        mark: the digest that its writer stored with it; "" if there is none, and in listings.
        encoding: its Content-Encoding; "" if there is none, and in listings.
    """

    etag: str
    size: int
    modified: datetime
    mark: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An object to write: its bytes, its mark, and its headers as arguments of the S3 API."""

    body: bytes
    mark: str
    headers: Mapping[str, str]


class S3Client:
    """A client for the objects below a bucket's prefix. Thread-safe; methods raise PublishError.

    Args:
        bucket: the bucket and prefix.
        storage: the access to it; its secrets are read immediately.

    Raises:
        PublishError: s3fs is not installed.
        ConfigError: a secret cannot be read.
    """

    def __init__(self, bucket: Bucket, storage: Storage) -> None:
        self.bucket = bucket
        self._endpoint = storage.endpoint or ""
        with wrap_s3_errors(bucket, "reached", self._endpoint):
            self._files = _make_file_system(storage)

    def stat(self, name: str) -> StoredObject | None:
        """Return the metadata of an object; None if there is no such object."""
        try:
            return _parse_metadata(self._call("read", name, "head_object"))
        except StorageError as error:
            if error.is_absent:
                return None
            raise

    def read(self, name: str) -> tuple[bytes, StoredObject] | None:
        """Return the stored bytes and metadata of an object; None if there is no such object."""
        try:
            response = self._call("read", name, "get_object")
        except StorageError as error:
            if error.is_absent:
                return None
            raise
        from fsspec.asyn import sync  # type: ignore[import-untyped]  # noqa: PLC0415 -- in the extra

        with wrap_s3_errors(f"{self.bucket}/{name}", "read", self._endpoint):
            body = sync(self._files.loop, response["Body"].read, timeout=_CALL_TIMEOUT_SECONDS)
        return body, _parse_metadata(response)

    def write(self, name: str, upload: Upload, expected: StoredObject | None) -> None:
        """Write an object if the expected version, or none, is stored.

        Raises:
            StorageError: the write failed; `is_conflict` is True if another version is stored.
        """
        condition = {"IfMatch": expected.etag} if expected else {"IfNoneMatch": "*"}
        metadata = {_MARK: upload.mark}
        headers = {**upload.headers, **condition}
        self._call("written", name, "put_object", Body=upload.body, Metadata=metadata, **headers)

    def list_below(self, start: str = "") -> Iterator[tuple[str, StoredObject]]:
        """Yield the name and metadata of each object whose name begins with a text.

        The order is that of S3.
        """
        prefix = self._make_key("")
        page: dict[str, str] = {}
        while True:
            response = self._request_listing(Prefix=prefix + start, **page)
            for item in response.get("Contents", ()):
                stored = StoredObject(item["ETag"], item["Size"], item["LastModified"])
                yield item["Key"].removeprefix(prefix), stored
            if not response.get("IsTruncated"):
                return
            page = {"ContinuationToken": response["NextContinuationToken"]}

    def _request_listing(self, **arguments: str) -> Any:
        arguments["Bucket"] = self.bucket.name
        with wrap_s3_errors(self.bucket, "listed", self._endpoint):
            return self._files.call_s3(
                "list_objects_v2", timeout=_CALL_TIMEOUT_SECONDS, **arguments
            )

    def _call(self, verb: str, name: str, method: str, **arguments: object) -> Any:
        arguments |= {"Bucket": self.bucket.name, "Key": self._make_key(name)}
        with wrap_s3_errors(f"{self.bucket}/{name}", verb, self._endpoint):
            return self._files.call_s3(method, timeout=_CALL_TIMEOUT_SECONDS, **arguments)

    def _make_key(self, name: str) -> str:
        return f"{self.bucket.prefix}/{name}" if self.bucket.prefix else name


def _parse_metadata(response: Mapping[str, Any]) -> StoredObject:
    return StoredObject(
        response["ETag"],
        response["ContentLength"],
        response["LastModified"],
        response.get("Metadata", {}).get(_MARK, ""),
        response.get("ContentEncoding", ""),
    )


def _make_file_system(storage: Storage) -> Any:
    """Return s3fs's client, which connects on first use."""
    from s3fs import S3FileSystem  # type: ignore[import-untyped]  # noqa: PLC0415 -- in the extra

    config: dict[str, object] = dict(_CLIENT_CONFIG)
    if storage.endpoint:
        # The bucket's name is seldom a DNS name of a self-hosted server.
        config["s3"] = {"addressing_style": "path"}
    files = S3FileSystem(
        key=resolve_secret(storage.key) if storage.key else None,
        secret=resolve_secret(storage.secret) if storage.secret else None,
        endpoint_url=storage.endpoint,
        client_kwargs={"region_name": storage.region} if storage.region else {},
        config_kwargs=config,
        use_listings_cache=False,  # other processes write to the bucket, too
        skip_instance_cache=True,
    )
    files.retries = 1  # the underlying client retries
    return files
