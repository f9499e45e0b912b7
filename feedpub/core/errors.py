"""Define the exceptions that feedpub raises on purpose.

    FeedpubError
    ├── ConfigError                the config cannot be used
    ├── ImportFileError            a file of another program cannot be imported
    ├── StoreError                 the state cannot be read or written
    │   └── CorruptStateError      its file is damaged and must be rebuilt
    ├── PublishError               a feed file cannot be written
    │   └── StaleWriteError        another process has written the file meanwhile
    ├── DeliveryError              an alert cannot be delivered
    ├── RunCancelledError          the run took too long and was cancelled
    ├── ServiceError               the service or its HTTP server cannot start
    ├── WorkerError                no process is available to read pages in
    └── SourceError                a problem with one URL or file
        ├── FetchError             it could not be fetched
        │   ├── DisallowedError    robots.txt or the rules for private addresses forbid it
        │   └── RetryLaterError    its server requested a pause that is not over yet
        └── ExtractError           it was fetched but cannot be used
            ├── NoContentError     it contains neither an article nor a list of articles
            │   └── InterstitialError  it is an error, challenge, consent or login page
            └── ResourceLimitError reading it took too much time or memory

Each module that calls a library converts the library's exceptions into these at one place. A
message states what went wrong and, if possible, what to do. The URL or file has its own attribute
and is printed together with the message.
"""

from typing import TypeVar

E = TypeVar("E", bound=BaseException)

MAX_REASON_CHARS = 1000  # a reason can quote a server, a page or a library


def forget_frames(error: E) -> E:
    """Return an error without its stack frames, so that it can be kept for later.

    Frames hold references to complete response bodies.
    """
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error


class FeedpubError(Exception):
    """The base of every error that feedpub raises on purpose."""


class ConfigError(FeedpubError):
    """The config cannot be used.

    The message lists every problem on a line of its own, with file and line number.
    """


class ImportFileError(FeedpubError):
    """A file of another program cannot be imported; the message names file and line."""


class StoreError(FeedpubError):
    """The state cannot be opened, read or written."""


class CorruptStateError(StoreError):
    """The state's file is damaged: it must be quarantined and rebuilt.

    Attributes:
        reason: the damage, without the file's name and without advice.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class PublishError(FeedpubError):
    """A feed file cannot be written; the published files are unchanged."""


class StaleWriteError(PublishError):
    """Another process has written a feed file meanwhile; its version is kept."""


class DeliveryError(FeedpubError):
    """An alert cannot be delivered by e-mail or by a command."""


class RunCancelledError(FeedpubError):
    """A run took too long and was cancelled; its further results are discarded."""


class ServiceError(FeedpubError):
    """The service cannot run: another one is running, or it cannot listen on its address."""


class WorkerError(FeedpubError):
    """No process is available to read pages in: none can be started, or the pool is closed."""


class SourceError(FeedpubError):
    """A problem with one URL or file of a source.

    Attributes:
        url: the URL or path; None if the caller gave none.
        reason: what went wrong, without the URL; cut after MAX_REASON_CHARS.
    """

    def __init__(self, reason: str, url: str | None = None) -> None:
        super().__init__(reason, url)
        if len(reason) > MAX_REASON_CHARS:
            reason = f"{reason[: MAX_REASON_CHARS - 1]}…"
        self.reason = reason
        self.url = url

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}" if self.url else self.reason


class FetchError(SourceError):
    """It could not be fetched.

    Attributes:
        status: the HTTP status, if there was a response.
        retry_after: seconds that the server requested to wait, if it did.
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
    """It may not be fetched: robots.txt forbids it, or its address is not public."""


class RobotsDisallowedError(DisallowedError):
    """It may not be fetched because robots.txt forbids it."""


class RetryLaterError(FetchError):
    """It was not requested, because its server requested a pause of `retry_after` seconds."""


class ExtractError(SourceError):
    """It was fetched or read, but cannot be used."""


class NoContentError(ExtractError):
    """It contains neither an article nor a list of articles; the reason lists what was tried."""


class InterstitialError(NoContentError):
    """It is a page that a site serves in place of an article, such as a login page."""


class ResourceLimitError(ExtractError):
    """Reading it took too much time or memory, or crashed the process that read it."""
