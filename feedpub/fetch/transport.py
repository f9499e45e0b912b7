"""Send requests with requests and urllib3, over connections that belong to the current call.

The adapter is used without a `requests.Session`: a session reads the environment, shares cookies,
and reads and decompresses the entire body of a redirect. Still used are prepared requests, TLS with
certifi's certificates, and connection pools.

Exceptions of the libraries and the system become FetchErrors with readable reasons. Their own
messages are not passed on: they contain URLs, headers and proxies, and thus secrets.
"""

import http.client
import io
import re
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from requests import RequestException, adapters
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader
from requests.exceptions import ProxyError as RequestsProxyError
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, IncompleteRead, InvalidChunkLength, ProxyError
from urllib3.util.ssl_ import ALPN_PROTOCOLS, create_urllib3_context

from feedpub.core.errors import FetchError
from feedpub.fetch.limits import TIMERS, RequestDeadline, Reservation, current_deadline
from feedpub.fetch.response import SUCCESS, Response, read_body, read_lines, read_start
from feedpub.fetch.url import RequestTarget

MAX_HEAD_BYTES = 262_144  # of the status line and all headers of a response
MAX_HEADER_CHARS = 8192  # of one header's value
_MAX_SERVERS = 64  # with kept connections
_MAX_IDLE_SECONDS = 90.0  # longer than most servers keep a connection
# Paths that requests and urllib3 send unchanged.
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._~!$&'()*+,;=:@?-]*")

_PoolKey = tuple[str, int, ssl.SSLContext | None]
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
        self._adapter = _Adapter(pool_connections=_MAX_SERVERS, pool_maxsize=1)
        self._ca_file = ca_file or adapters.DEFAULT_CA_BUNDLE_PATH

    def exchange(  # noqa: PLR0913, PLR0917 -- the parts of a request
        self,
        deadline: RequestDeadline,
        target: RequestTarget,
        headers: Mapping[str, str],
        proxy: str | None = None,
        max_read_bytes: int | None = None,
        sent_body: bytes | None = None,
    ) -> Response:
        """Send a request and read the body of a success, or the start of an error page.

        Args:
            deadline: the limits of the call.
            target: the server and the path.
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
        request = _Request(target, headers, sent_body, proxy or "")
        with self._open_response(deadline, request) as response:
            if response.status_code not in SUCCESS:
                body = read_start(response.raw)
            elif max_read_bytes is None:
                body = read_body(response.raw, deadline)
            else:
                body = read_lines(response.raw, max_read_bytes)
            return _make_response(response, body, deadline.take_reservation(len(body)))

    def post(
        self,
        deadline: RequestDeadline,
        target: RequestTarget,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Response:
        """Send a POST request and read the start of an error page.

        The body of a success is not read, so a slow or oversized one does not matter. Each request
        has a new connection: a request over a kept one that was just closed would be repeated.

        Raises:
            FetchError: there is no response. The URL of the error is not set.
        """
        request = _Request(target, {**headers, "Connection": "close"}, body)
        with self._open_response(deadline, request) as response:
            if response.status_code in SUCCESS:
                return _make_response(response, b"")
            return _make_response(response, read_start(response.raw))

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    @contextmanager
    def _open_response(
        self, deadline: RequestDeadline, request: "_Request"
    ) -> Iterator[requests.Response]:
        with wrap_http_errors(), deadline.is_running():
            response = self._send(deadline, request)
            try:
                yield response
            finally:
                response.close()

    def _send(self, deadline: RequestDeadline, request: "_Request") -> requests.Response:
        proxies = {"http": request.proxy, "https": request.proxy} if request.proxy else None
        send = partial(
            self._adapter.send, request, stream=True, verify=self._ca_file, proxies=proxies
        )
        try:
            return send(timeout=deadline.remaining())
        except requests.ConnectionError:
            if deadline.has_connected:
                raise
            # The server has just closed a kept connection, which is normal: try a new one.
            return send(timeout=deadline.remaining())


class _Request(requests.PreparedRequest):
    """A prepared request.

    Targets and headers are encoded and checked before. So a request without a body whose path
    consists of plain characters needs none of the work of `prepare`.

    Attributes:
        target: the server and the path.
        proxy: the URL of a proxy; "" without one.
    """

    def __init__(
        self,
        target: RequestTarget,
        headers: Mapping[str, str],
        body: bytes | None,
        proxy: str = "",
    ) -> None:
        super().__init__()
        self.target = target
        self.proxy = proxy
        if body is None and _PLAIN_PATH.fullmatch(target.path):
            self.method, self.url, self.headers = "GET", target.url, CaseInsensitiveDict(headers)
        else:
            method = "GET" if body is None else "POST"
            self.prepare(method=method, url=target.url, headers=headers, data=body)


def _make_response(
    response: requests.Response, body: bytes, reservation: Reservation | None = None
) -> Response:
    return Response(response.status_code, response.headers, body, response.cookies, reservation)


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


class _Pools:
    """The pools of the servers that were used last. Thread-safe.

    A pool is dropped, and its connection closed, if its server was not used for _MAX_IDLE_SECONDS,
    or if too many others were used since. A request that still uses it is not affected.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools: OrderedDict[_PoolKey, tuple[float, HTTPConnectionPool]] = OrderedDict()

    def get(self, target: RequestTarget, context: ssl.SSLContext | None) -> HTTPConnectionPool:
        """Return the pool of a server.

        Args:
            target: the server.
            context: the TLS settings; None for http.
        """
        key = target.host, target.port, context
        with self._lock:
            _, pool = self._pools.pop(key, (0.0, None))
            if not self._pools:
                TIMERS.start(self._drop_idle, _MAX_IDLE_SECONDS)
            pool = pool or _new_pool(target, context)
            self._pools[key] = time.monotonic(), pool
            if len(self._pools) > _MAX_SERVERS:
                self._pools.popitem(last=False)
        return pool

    def clear(self) -> None:
        """Drop all pools."""
        TIMERS.cancel(self._drop_idle)
        with self._lock:
            self._pools.clear()

    def _drop_idle(self) -> None:
        with self._lock:
            while self._pools:
                last_used, _ = next(iter(self._pools.values()))
                seconds = last_used + _MAX_IDLE_SECONDS - time.monotonic()
                if seconds > 0:
                    TIMERS.start(self._drop_idle, seconds)
                    return
                self._pools.popitem(last=False)


def _new_pool(target: RequestTarget, context: ssl.SSLContext | None) -> HTTPConnectionPool:
    if context is None:
        return _Pool(target.host, target.port, maxsize=1)
    return _TLSPool(target.host, target.port, maxsize=1, **_use_context(context))


def _use_context(context: ssl.SSLContext) -> dict[str, Any]:
    return {"cert_reqs": "CERT_REQUIRED", "ssl_context": context}


class _Adapter(HTTPAdapter):
    """The adapter of requests with pools of checked connections, direct and through proxies.

    All TLS connections share one context, except those through a proxy with TLS: requests does not
    check that proxy's certificate for http, which would change the context.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        self._pools = _Pools()

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        is_secure = request.target.scheme == "https"
        return self._pools.get(request.target, get_tls_context(verify) if is_secure else None)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        host, settings = super().build_connection_pool_key_attributes(request, verify, cert)
        if request.target.scheme == "https" and request.proxy.startswith("http://"):
            return host, _use_context(get_tls_context(verify))
        return host, settings

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        if "ssl_context" not in conn.conn_kw:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def request_url(self, request: Any, proxies: Any) -> str:
        return super().request_url(request, proxies) if proxies else str(request.path_url)

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        if "Set-Cookie" in resp.headers:
            return super().build_response(req, resp)
        response = requests.Response()  # with what is used of it; the rest costs more
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        return response

    def close(self) -> None:
        super().close()
        self._pools.clear()


_contexts_lock = threading.Lock()  # a file is read once, even if several threads need it


def get_tls_context(ca_file: str) -> ssl.SSLContext:
    """Return the TLS context for a file of trusted certificates, shared by all connections.

    Reading the certificates takes several times as long as a handshake, and a megabyte. They are
    read again if the file has changed.

    Raises:
        OSError, ssl.SSLError: the file cannot be read, or has no certificates.
    """
    status = Path(ca_file).stat()
    with _contexts_lock:
        return _load_tls_context(ca_file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _load_tls_context(ca_file: str, *_version: int) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(ca_file)
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    # urllib3 sets them again for each connection. OpenSSL frees the old ones, which another thread
    # may be copying for its own connection at that moment.
    context.set_alpn_protocols = _keep_protocols  # type: ignore[method-assign,assignment]
    return context


def _keep_protocols(protocols: Iterable[str]) -> None:
    """Change nothing: the protocols of a shared context are set when it is created."""


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
