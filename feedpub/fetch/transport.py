"""requests and urllib3, bent to the gate: every socket they use comes from the current call, none from elsewhere.

The adapter is used without a `requests.Session`: a session reads the environment, keeps cookies for
everybody and reads the whole body of a redirect, decompressed, before it can be stopped. What
remains is what feedpub wants of requests: prepared requests, TLS with certifi's certificates,
pooled connections.
"""

import http.client
import io
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from feedpub.core.errors import FetchError
from feedpub.fetch.deadline import RequestDeadline, current_deadline
from feedpub.fetch.errors import wrap_http_errors
from feedpub.fetch.response import SUCCESS, Response, read_body, read_lines, read_start

MAX_HEAD_BYTES = 262_144  # of an answer: its status and all its headers
MAX_HEADER_CHARS = 8192  # of one header's value
_HOSTS_KEPT = 64  # whose connections stay open
_INTERIM = range(100, 200)
_MAX_INTERIM_ANSWERS = 20  # before the final one
_MAX_INTERIM_BYTES = 1 << 16  # of the headers of all of them together
_PROXY_SCHEMES = ("http://", "https://")


class Transport:
    """Sends one request at a time for a call; connections are kept and shared by all calls. Thread-safe.

    Args:
        ca_file: a file of certificates to trust instead of certifi's.
    """

    def __init__(self, ca_file: str | None = None) -> None:
        self._adapter = _Adapter(pool_connections=_HOSTS_KEPT, pool_maxsize=1)
        self._verify = ca_file or True

    def exchange(
        self,
        call: RequestDeadline,
        url: str,
        headers: Mapping[str, str],
        proxy: str | None = None,
        cut_at: int | None = None,
    ) -> Response:
        """Send a GET and read the answer: all of it where it is a success, else its start.

        Args:
            call: that it belongs to.
            url: what is asked for.
            headers: of the request.
            proxy: to ask through.
            cut_at: bytes of a success after which the rest is left, and the connection closed.

        Raises:
            FetchError: there is no answer, or not a whole one. The URL of the error is not set.
        """
        if proxy and not proxy.startswith(_PROXY_SCHEMES):
            raise FetchError("the proxy must be an http:// or https:// address")
        request = requests.Request("GET", url, headers=dict(headers)).prepare()
        with self._answered(
            call, request, {"http": proxy, "https": proxy} if proxy else {}
        ) as response:
            if response.status_code not in SUCCESS:
                body = read_start(response.raw)
            elif cut_at is None:
                body = read_body(response.raw, call)
            else:
                body = read_lines(response.raw, cut_at)
            return replace(_answer(response, body), place=call.take_reservation(len(body)))

    def post(
        self, call: RequestDeadline, url: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Send a POST; of the answer only the start is read, and nothing where it is a success.

        Whoever says that all is well and then drips or sends far too much has got it all the same.
        A connection is used once, so that nothing is sent twice because a kept one was closed.

        Raises:
            FetchError: there is no answer. The URL of the error is not set.
        """
        request = requests.Request(
            "POST", url, headers={**headers, "Connection": "close"}, data=body
        ).prepare()
        with self._answered(call, request, {}) as response:
            return _answer(
                response, b"" if response.status_code in SUCCESS else read_start(response.raw)
            )

    def close(self) -> None:
        """Close all kept connections."""
        self._adapter.close()

    @contextmanager
    def _answered(
        self, call: RequestDeadline, request: requests.PreparedRequest, proxies: dict[str, str]
    ) -> Iterator[requests.Response]:
        with wrap_http_errors(), call.is_running():
            response = self._send(call, request, proxies)
            try:
                yield response
            finally:
                response.close()

    def _send(
        self, call: RequestDeadline, request: requests.PreparedRequest, proxies: dict[str, str]
    ) -> requests.Response:
        send = partial(
            self._adapter.send, request, stream=True, verify=self._verify, proxies=proxies
        )
        try:
            return send(timeout=call.remaining())
        except requests.ConnectionError:
            if call.dialled:
                raise
            # A kept connection was closed by the other side just now, which says nothing about the
            # server: ask again.
            return send(timeout=call.remaining())


def _answer(response: requests.Response, body: bytes) -> Response:
    return Response(response.status_code, response.headers, body, response.cookies)


class _Meter(io.RawIOBase):
    """Counts what a response reads from its socket, also where urllib3 and http.client read without bound."""

    def __init__(self, raw: io.RawIOBase, call: RequestDeadline) -> None:
        self.in_head = True
        self._raw = raw
        self._call = call
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        received = self._raw.readinto(buffer)
        self._received += received or 0
        if self.in_head and self._received > MAX_HEAD_BYTES:
            raise FetchError(f"the answer's headers are larger than {MAX_HEAD_BYTES} bytes")
        self._call.count_bytes(self._received)
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _MeteredResponse(http.client.HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._meter = _Meter(self.fp.detach(), current_deadline())
        self.fp = io.BufferedReader(self._meter)

    def begin(self) -> None:
        """Read status and headers; drop those that are too long, before anybody parses them."""
        super().begin()
        self._meter.in_head = False
        headers = self.headers.items()
        if any(len(value) > MAX_HEADER_CHARS for _, value in headers):
            for name in self.headers:
                del self.headers[name]
            for name, value in headers:
                if len(value) <= MAX_HEADER_CHARS:
                    self.headers[name] = value
                elif (
                    name.lower() == "location"
                ):  # no address is that long: whoever follows it says so
                    self.headers[name] = value[: MAX_HEADER_CHARS + 1]

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status line of the final answer. http.client skips `100 Continue` alone."""
        size = 0
        for _ in range(_MAX_INTERIM_ANSWERS + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # unknown to typeshed
            if status not in _INTERIM or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            while (line := self.fp.readline(_MAX_INTERIM_BYTES)).strip():
                size += len(line)
                if size >= _MAX_INTERIM_BYTES:
                    raise FetchError(
                        f"its interim answers have more than {_MAX_INTERIM_BYTES >> 10} kB of headers"
                    )
        raise FetchError(
            f"it sends more than {_MAX_INTERIM_ANSWERS} interim answers before the final one"
        )


class _Guarded(HTTPConnection):
    """A connection whose sockets belong to the current call."""

    response_class = _MeteredResponse

    def _new_conn(self) -> socket.socket:
        return current_deadline().connect(self._dns_host, self.port, checked=self.proxy is None)

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        call = current_deadline()
        if (
            self.sock is not None and not call.dialled
        ):  # a kept connection goes to work for this call
            call.guard(self.sock)
        super().putrequest(*args, **kwargs)


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class _Adapter(HTTPAdapter):
    """requests' adapter with pools of guarded connections, direct and through proxies."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager
