"""The errors of feedpub, and nothing else.

    FeedpubError
    ├── ConfigError          what stands in the config cannot be used
    ├── ImportFileError         a file of another program cannot be taken over
    ├── StoreError           the state on disk cannot be read or written
    │   └── CorruptStateError       it can be, and is not what was written: only a new one helps
    ├── PublishError         a feed file cannot be written
    │   └── StaleWriteError        another process wrote it meanwhile, and nothing older goes over it
    ├── DeliveryError        an alert cannot be delivered
    ├── RunCancelledError       a run that took too long was given up
    ├── ServiceError         the service, or the site, cannot run here
    ├── WorkerError          there is no process to read pages in
    └── SourceError          something about one address on the way in
        ├── FetchError       it could not be fetched
        │   ├── DisallowedError   feedpub will not fetch it (robots.txt, a private address, a scheme)
        │   └── RetryLaterError   it was not asked for: its server wants to be left alone for now
        └── ExtractError     it was fetched and cannot be used
            ├── NoContentError   there is no article, or no list of articles, in it
            └── ResourceLimitError   reading it took too much time or memory, or ended the process that
            read it

Exceptions of other libraries become one of these at one boundary each. Messages say what went wrong
and, where there is something to do, what to do; the address or file stands in its own attribute and
is printed with it.
"""

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def forget_frames(error: E) -> E:
    """Return an error that is kept for later, without the frames that it came through.

    They hold whole bodies.
    """
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error


MAX_REASON_CHARS = 1000  # a reason may hold what a server, a page or a library said


class FeedpubError(Exception):
    """The base of every error that feedpub raises on purpose."""


class ConfigError(FeedpubError):
    """The config cannot be used.

    The message lists every problem, one a line, with file and line.
    """


class ImportFileError(FeedpubError):
    """A file of another program cannot be taken over; the message names file and line."""


class StoreError(FeedpubError):
    """The state cannot be opened, read or written."""


class CorruptStateError(StoreError):
    """The state's file is not what was written: it has to be set aside, and built anew.

    Attributes:
        reason: what is wrong, without the file and without advice.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class PublishError(FeedpubError):
    """A feed file cannot be written; what was published before is untouched."""


class StaleWriteError(PublishError):
    """Another process wrote a feed file meanwhile; what it wrote stays."""


class DeliveryError(FeedpubError):
    """An alert cannot be delivered by mail, or by a command."""


class RunCancelledError(FeedpubError):
    """A run took too long and was given up: nothing of it is kept from here on."""


class ServiceError(FeedpubError):
    """The service cannot run: another one does, or it cannot listen where it should."""


class WorkerError(FeedpubError):
    """There is no process to read pages in: none can be started, or all are being ended."""


class SourceError(FeedpubError):
    """Something about one address or file on the way in.

    Attributes:
        url: the address or path that it is about; None where the caller gave none.
        reason: what went wrong, without the address; cut after MAX_REASON_CHARS.
    """

    def __init__(self, reason: str, url: str | None = None) -> None:
        super().__init__(reason, url)
        self.reason = (
            reason if len(reason) <= MAX_REASON_CHARS else f"{reason[: MAX_REASON_CHARS - 1]}…"
        )
        self.url = url

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}" if self.url else self.reason


class FetchError(SourceError):
    """It could not be fetched.

    Attributes:
        status: the HTTP status where there was one.
        retry_after: seconds that the server asked to be left alone, where it did.
    """

    def __init__(
        self,
        reason: str,
        url: str | None = None,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, url)
        self.status = status
        self.retry_after = retry_after


class DisallowedError(FetchError):
    """Feedpub will not fetch it: robots.txt forbids it, or the address is not a public one."""


class RetryLaterError(FetchError):
    """It was not asked for.

    Its server wants to be left alone until `retry_after` seconds from now (Retry-After).
    """


class ExtractError(SourceError):
    """It was fetched, or read, and cannot be used."""


class NoContentError(ExtractError):
    """There is no article, or no list of articles, in it; the reason says what was tried."""


class ResourceLimitError(ExtractError):
    """Reading it took more time or memory than it may, or ended the process that read it."""
