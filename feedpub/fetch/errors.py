"""What other libraries raise on the way to an answer, in words: the one boundary where it becomes a FetchError.

Their own messages are not passed on: they hold URLs, headers and proxies, and with them secrets.
"""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from requests import RequestException
from requests.exceptions import InvalidHeader
from requests.exceptions import ProxyError as RequestsProxyError
from urllib3.exceptions import HTTPError, IncompleteRead, InvalidChunkLength, ProxyError

from feedpub.core.errors import FetchError

_SHOWN = 60  # characters of a line that is no HTTP


@contextmanager
def wrap_http_errors() -> Iterator[None]:
    """Turn what requests, urllib3, http.client and the system raise inside into a FetchError that says why."""
    try:
        yield
    except (RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise FetchError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    causes = list(_chain(error))
    for kind, words in _WORDS:
        for cause in causes:
            if isinstance(cause, kind):
                return words.format(cause=cause, line=str(cause)[:_SHOWN])
    return f"the connection failed ({type(causes[-1]).__name__})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


# The first that fits names the failure, so the more telling ones come first.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its TLS certificate is not valid: {cause.verify_message}"),
    (ssl.SSLError, "no secure connection could be made ({cause.reason})"),
    (RequestsProxyError, "the proxy cannot be reached, or refuses to connect"),
    (ProxyError, "the proxy cannot be reached, or refuses to connect"),
    (IncompleteRead, "the answer breaks off before its end"),
    (InvalidChunkLength, "the answer's chunks are malformed"),
    (http.client.IncompleteRead, "the answer breaks off before its end"),
    (http.client.RemoteDisconnected, "the server closed the connection without an answer"),
    (http.client.LineTooLong, "a line of the answer's headers is too long"),
    (http.client.BadStatusLine, "the server does not speak HTTP; it said {line!r}"),
    (ConnectionResetError, "the server broke off the connection"),
    (TimeoutError, "no answer in time"),
    (InvalidHeader, "the answer's headers contradict each other"),
    (http.client.HTTPException, "the answer is no valid HTTP ({line!r})"),
    (HTTPError, "the answer breaks off before its end"),
    (ValueError, "the answer is no valid HTTP"),
)
