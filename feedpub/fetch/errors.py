"""Turn exceptions of requests, urllib3 and the system into FetchError with a readable reason.

Their own messages are not passed on: they contain URLs, headers and proxies, and thus secrets.
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

_MAX_SHOWN_CHARS = 60  # of a line that is not HTTP


@contextmanager
def wrap_http_errors() -> Iterator[None]:
    """Raise a FetchError with a reason for an exception of the HTTP libraries or the system."""
    try:
        yield
    except (RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise FetchError(_find_reason(error)) from error


def _find_reason(error: BaseException) -> str:
    causes = list(_iter_causes(error))
    for kind, reason in _REASONS:
        for cause in causes:
            if isinstance(cause, kind):
                return reason.format(cause=cause, line=str(cause)[:_MAX_SHOWN_CHARS])
    return f"the connection failed ({type(causes[-1]).__name__})"


def _iter_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


# The first match counts, so the more specific ones come first.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its TLS certificate is not valid: {cause.verify_message}"),
    (ssl.SSLError, "no secure connection could be made ({cause.reason})"),
    (RequestsProxyError, "the proxy cannot be reached, or refuses to connect"),
    (ProxyError, "the proxy cannot be reached, or refuses to connect"),
    (IncompleteRead, "the answer breaks off before its end"),
    (InvalidChunkLength, "the answer's chunks are malformed"),
    (http.client.IncompleteRead, "the answer breaks off before its end"),
    (http.client.RemoteDisconnected, "the server closed the connection without an answer"),
    (http.client.LineTooLong, "a line of the answer's headers is too long"),
    (http.client.BadStatusLine, "the server does not speak HTTP; its first line is {line!r}"),
    (ConnectionResetError, "the server broke off the connection"),
    (TimeoutError, "no answer in time"),
    (InvalidHeader, "the answer's headers contradict each other"),
    (http.client.HTTPException, "the answer is not valid HTTP ({line!r})"),
    (HTTPError, "the answer breaks off before its end"),
    (ValueError, "the answer is not valid HTTP"),
)
