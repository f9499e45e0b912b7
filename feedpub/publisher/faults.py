"""What object storage refuses, in words: where, what went wrong, and what to do. The server's own words stay out.

They may repeat keys, and what was signed with them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from feedpub.errors import PublishError

_RIGHTS = "let the key do s3:GetObject and s3:PutObject below the prefix and s3:ListBucket on the bucket"
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
    "IllegalLocationConstraintException": ("the bucket is in another region", "write it in [s3] region"),
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
    "NoCredentialsError": ("there are no credentials", "write key and secret in [s3], or set AWS_ACCESS_KEY_ID"),
    "PartialCredentialsError": ("there are only half of the credentials", _KEYS),
    "ProfileNotFound": ("the profile of AWS_PROFILE is unknown", "look at the environment"),
    "NoRegionError": ("the region is not known", "write it in [s3] region"),
    "EndpointConnectionError": ("the server cannot be reached", "look at endpoint in [s3] and at the network"),
    "ConnectTimeoutError": ("the server cannot be reached", "look at endpoint in [s3] and at the network"),
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
def explained(place: object, verb: str, endpoint: str) -> Iterator[None]:
    """The one boundary where the errors of s3fs, and of what lies below it, become ours.

    Args:
        place: what it is about.
        verb: what was to be done with it: "written".
        endpoint: the server's address; "" where it is not given.
    """
    try:
        yield
    except ImportError as error:
        raise PublishError(f"{place} cannot be {verb}: object storage needs s3fs; pip install 'feedpub[s3]'") from error
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

    return isinstance(error, OSError | TimeoutError | BotoCoreError | ClientError | ConnectionFailed)


def _code(error: BaseException) -> str:
    """The server's code, which s3fs leaves in the cause of the error that it makes of it."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _named(error: BaseException) -> tuple[str, str] | None:
    return next((_CLIENT[each.__name__] for each in type(error).__mro__ if each.__name__ in _CLIENT), None)
