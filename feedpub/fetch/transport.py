"""Send requests with requests and urllib3, over connections that belong to the current call.

The adapter is used without a `requests.Session`: a session reads the environment, shares cookies,
and reads and decompresses the entire body of a redirect. Still used are prepared requests, TLS with
certifi's certificates, and connection pools.

Exceptions of the libraries and the system become FetchErrors with readable reasons. Their own
messages are not passed on: they contain URLs, headers and proxies, and thus secrets.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

import requests
from requests import RequestException
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader
from requests.exceptions import ProxyError as RequestsProxyError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, IncompleteRead, InvalidChunkLength, ProxyError

from feedpub.core.errors import FetchError
from feedpub.fetch.limits import RequestDeadline, current_deadline
from feedpub.fetch.response import SUCCESS, Response, read_body, read_lines, read_start

MAX_HEAD_BYTES = 262_144  # of the status line and all headers of a response
MAX_HEADER_CHARS = 8192  # of one header's value
_MAX_POOLED_HOSTS = 64
_INTERIM_STATUSES = range(100, 200)
_MAX_INTERIM_RESPONSES = 20  # before the final one
_MAX_INTERIM_BYTES = 1 << 16  # of the headers of all of them together
_PROXY_SCHEMES = ("http://", "https://")


class Transport:
    """Sends single requests. Connections are kept and shared by all calls. Thread-safe.

    Args:
        ca_file: a file of certificates to trust instead of certifi's.
    """

    def __init__(self, ca_file: str | None = None) -> None:
        self._adapter = _Adapter(pool_connections=_MAX_POOLED_HOSTS, pool_maxsize=1)
        self._verify = ca_file or True

    def exchange(  # noqa: PLR0913, PLR0917 -- the parts of a request
        self,
        deadline: RequestDeadline,
        url: str,
        headers: Mapping[str, str],
        proxy: str | None = None,
        max_read_bytes: int | None = None,
        sent_body: bytes | None = None,
    ) -> Response:
        """Send a request and read the body of a success, or the start of an error page.

        Args:
            deadline: the limits of the call.
            url: the URL.
            headers: the headers of the request.
            proxy: the URL of a proxy.
            max_read_bytes: the bytes of a success to read before the connection is closed; None
                reads all.
            sent_body: the body of a POST request; None sends GET.

        Raises:
            FetchError: there is no complete response. The URL of the error is not set.
        """
        if proxy and not proxy.startswith(_PROXY_SCHEMES):
            raise FetchError("the proxy must be an http:// or https:// address")
        method = "GET" if sent_body is None else "POST"
        request = requests.Request(method, url, headers=dict(headers), data=sent_body).prepare()
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        with self._open_response(deadline, request, proxies) as response:
            if response.status_code not in SUCCESS:
                body = read_start(response.raw)
            elif max_read_bytes is None:
                body = read_body(response.raw, deadline)
            else:
                body = read_lines(response.raw, max_read_bytes)
            reservation = deadline.take_reservation(len(body))
            return replace(_make_response(response, body), reservation=reservation)

    def post(
        self, deadline: RequestDeadline, url: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Send a POST request and read the start of an error page.

        The body of a success is not read, so a slow or oversized one does not matter. Each request
        has a new connection: a request over a kept one that was just closed would be repeated.

        Raises:
            FetchError: there is no response. The URL of the error is not set.
        """
        headers = {**headers, "Connection": "close"}
        request = requests.Request("POST", url, headers=headers, data=body).prepare()
        with self._open_response(deadline, request, {}) as response:
            if response.status_code in SUCCESS:
                return _make_response(response, b"")
            return _make_response(response, read_start(response.raw))

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    @contextmanager
    def _open_response(
        self, deadline: RequestDeadline, request: requests.PreparedRequest, proxies: dict[str, str]
    ) -> Iterator[requests.Response]:
        with wrap_http_errors(), deadline.is_running():
            response = self._send(deadline, request, proxies)
            try:
                yield response
            finally:
                response.close()

    def _send(
        self, deadline: RequestDeadline, request: requests.PreparedRequest, proxies: dict[str, str]
    ) -> requests.Response:
        send = partial(
            self._adapter.send, request, stream=True, verify=self._verify, proxies=proxies
        )
        try:
            return send(timeout=deadline.remaining())
        except requests.ConnectionError:
            if deadline.has_connected:
                raise
            # The server has just closed a kept connection, which is normal: try a new one.
            return send(timeout=deadline.remaining())


def _make_response(response: requests.Response, body: bytes) -> Response:
    return Response(response.status_code, response.headers, body, response.cookies)


class _CountingReader(io.RawIOBase):
    """Counts and limits the bytes of a response, which urllib3 and http.client do not limit."""

    def __init__(self, raw: io.RawIOBase, deadline: RequestDeadline) -> None:
        self.in_head = True
        self._raw = raw
        self._deadline = deadline
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        received = self._raw.readinto(buffer)
        self._received += received or 0
        if self.in_head and self._received > MAX_HEAD_BYTES:
            raise FetchError(f"the answer's headers are larger than {MAX_HEAD_BYTES} bytes")
        self._deadline.count_bytes(self._received)
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedResponse(http.client.HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader = _CountingReader(self.fp.detach(), current_deadline())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read status and headers, and drop headers that are too long before they are parsed."""
        super().begin()
        self._reader.in_head = False
        headers = self.headers.items()
        if any(len(value) > MAX_HEADER_CHARS for _, value in headers):
            for name in self.headers:
                del self.headers[name]
            for name, value in headers:
                if len(value) <= MAX_HEADER_CHARS:
                    self.headers[name] = value
                elif name.lower() == "location":  # parse_url reports that it is too long
                    self.headers[name] = value[: MAX_HEADER_CHARS + 1]

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status line of the final response. http.client only skips `100 Continue`."""
        size = 0
        for _ in range(_MAX_INTERIM_RESPONSES + 1):
            # typeshed does not know this method.
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in _INTERIM_STATUSES or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            while (line := self.fp.readline(_MAX_INTERIM_BYTES)).strip():
                size += len(line)
                if size >= _MAX_INTERIM_BYTES:
                    limit = f"{_MAX_INTERIM_BYTES >> 10} kB"
                    raise FetchError(f"its interim answers have more than {limit} of headers")
        raise FetchError(
            f"it sends more than {_MAX_INTERIM_RESPONSES} interim answers before the final one"
        )


class _CheckedConnection(HTTPConnection):
    """A connection to a checked address, with the deadline of the current call."""

    response_class = _LimitedResponse

    def _new_conn(self) -> socket.socket:
        return current_deadline().connect(self._dns_host, self.port, checked=self.proxy is None)

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        deadline = current_deadline()
        is_reused = self.sock is not None and not deadline.has_connected
        if is_reused:
            deadline.guard(self.sock)
        super().putrequest(*args, **kwargs)


class _CheckedTLSConnection(_CheckedConnection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTLSConnection


class _Adapter(HTTPAdapter):
    """The adapter of requests with pools of checked connections, direct and through proxies."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager


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
