"""Run the HTTP server (uvicorn) in its own thread, with a protocol that limits connections.

For each request, uvicorn creates a task and passes messages. That takes several times as long as
sending a file from memory. Responses that are available without waiting skip it; all others use it.

uvicorn limits how long an idle connection stays open. This module limits the duration and head size
of a request, the time that a client takes to receive a response, the number of pipelined requests
and the number of connections.

One address may hold all connections as long as no other client needs one. If all are in use, the
address with the most connections loses one for each new connection, so that it cannot lock out
other clients. A reverse proxy, for which all readers share one address, needs no setting.
"""

import asyncio
import re
import socket
import threading
from asyncio import TimerHandle
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from feedpub.web.http import CHUNK_BYTES, Receive, Request, Response, Scope, Send

_PLAIN_PATH = re.compile(rb"/[\w./-]*")  # without percent-encoding or query
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
REQUEST_TIMEOUT_SECONDS = 20.0  # from a request's first byte to its last
SEND_TIMEOUT_SECONDS = 60.0  # until the client has received some of a waiting response
MAX_HEAD_BYTES = 16 << 10
_HEADER_OVERHEAD_BYTES = len(": \r\n")
MAX_WAITING_REQUESTS = 16  # per connection; each uses some kB until it is answered
MAX_CONNECTIONS = 500  # a process often has 1024 descriptors and needs others for itself
_KEEP_ALIVE_SECONDS = 15
_TICK_SECONDS = 1.0  # between two updates of the Date header


class _CompletedCycle:
    """Replace uvicorn's request cycle for a request that has been answered."""

    response_complete = True
    message_event = asyncio.Event()


class _SendingCycle:
    """Replace uvicorn's request cycle while a large response is sent."""

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = False
        self.message_event = asyncio.Event()
        self.body = bytearray()  # of the request; ignored


class FastPathProtocol(HttpToolsProtocol):
    """A connection whose application may answer at once through `try_fast`."""

    cycle: Any

    def on_headers_complete(self) -> None:
        response = self._try_fast()
        if response is None:
            super().on_headers_complete()
            return
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        rest = self._write(response, keep_alive=keep_alive)
        if rest:
            self.cycle = _SendingCycle(keep_alive=keep_alive)
            task = self.loop.create_task(self._send_rest(self.cycle, rest))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
        else:
            self.cycle = _CompletedCycle
            self._complete(keep_alive=keep_alive)

    def _try_fast(self) -> Response | None:
        if self.cycle and not self.cycle.response_complete:
            return None
        if self.flow.write_paused or self.transport.is_closing():
            return None
        if not _PLAIN_PATH.fullmatch(self.url):
            return None
        method = self.parser.get_method().decode("ascii")
        request = Request.from_scope(method, self.url.decode("ascii"), self.headers)
        response: Response | None = self.app.try_fast(request)
        return response

    def _write(self, response: Response, *, keep_alive: bool) -> memoryview:
        """Send as much of a response as the client receives at once; return the rest."""
        headers = [*self.server_state.default_headers, *response.headers]
        if not keep_alive:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in headers]
        body = memoryview(b"" if self.parser.get_method() == b"HEAD" else response.body)
        head = (_STATUS_LINES[response.status], *lines, b"\r\n")
        self.transport.write(b"".join((*head, body[:CHUNK_BYTES])))
        return self._write_chunks(body[CHUNK_BYTES:])

    def _write_chunks(self, body: memoryview) -> memoryview:
        while body and not self.flow.write_paused and not self.transport.is_closing():
            self.transport.write(body[:CHUNK_BYTES])
            body = body[CHUNK_BYTES:]
        return body

    async def _send_rest(self, cycle: _SendingCycle, body: memoryview) -> None:
        """Send the rest of a response, as fast as the client receives it."""
        while body and not self.transport.is_closing():
            await self.flow.drain()
            body = self._write_chunks(body)
        cycle.response_complete = True
        self._complete(keep_alive=cycle.keep_alive)

    def _complete(self, *, keep_alive: bool) -> None:
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()


class BadRequestHeadError(Exception):
    """A request's head is too large or has no valid Host header. uvicorn answers with 400."""


class TooManyRequestsError(Exception):
    """A client pipelines too many requests. Its connection is closed."""


class LimitedProtocol(FastPathProtocol):
    """A connection with limits.

    Attributes:
        network: The client's IPv4 address or IPv6 network; "" for a Unix socket.
    """

    _request_timer: TimerHandle | None = None  # runs while a request is incomplete
    _send_timer: TimerHandle | None = None  # runs while a response waits to be received
    _in_head = True
    _current_cycle: RequestResponseCycle | None = None  # whose response is in progress
    _received_bytes = 0  # of an incomplete request
    network = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.network = _network_of(self.client[0]) if self.client else ""
        self._start_request_timer()
        if len(self.connections) > MAX_CONNECTIONS:
            self._close_one_connection()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_request_timer()
        self.resume_writing()
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._current_cycle:  # uvicorn only marks the newest request as disconnected
            self._current_cycle.disconnected = True
            self._current_cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._received_bytes > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        elif self._received_bytes:
            self._start_request_timer()
        else:
            self._stop_request_timer()

    def on_message_begin(self) -> None:
        # A pipelined request arrives with the one before, so it has no bytes of its own.
        self._received_bytes = self._received_bytes or 1
        super().on_message_begin()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_WAITING_REQUESTS:
            self.transport.abort()
            raise TooManyRequestsError  # stops the parser
        self._in_head = False
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _HEADER_OVERHEAD_BYTES
            hosts += name == b"host"
        lacks_host = hosts == 0 and self.parser.get_http_version() == "1.1"
        if size > MAX_HEAD_BYTES or hosts > 1 or lacks_host:
            raise BadRequestHeadError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._received_bytes = True, 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_TIMEOUT_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._send_timer:
            self._send_timer.cancel()
            self._send_timer = None
        super().resume_writing()

    @property
    def _is_idle(self) -> bool:
        """Return True between two requests."""
        return not self._received_bytes and (self.cycle is None or self.cycle.response_complete)

    def _close_one_connection(self) -> None:
        """Close one of the connections of the address that has the most.

        This connection is closed if its address is that one. Otherwise an idle one is preferred.
        """
        open_ones = self._find_open_connections()
        if len(open_ones) <= MAX_CONNECTIONS:
            return
        counts = Counter([connection.network for connection in open_ones])
        most = max(counts.values())
        if counts[self.network] == most:
            self.transport.abort()
            return
        candidates = [each for each in open_ones if counts[each.network] == most]
        victim = max(candidates, key=lambda each: each._is_idle)  # noqa: SLF001 -- same class
        victim.transport.abort()

    def _find_open_connections(self) -> "list[LimitedProtocol]":
        found: list[LimitedProtocol] = []
        for connection in self.connections:
            if not isinstance(connection, LimitedProtocol):
                continue
            if not connection.transport.is_closing():
                found.append(connection)
        return found

    def _start_request_timer(self) -> None:
        if self._request_timer is None:
            self._request_timer = self.loop.call_later(
                REQUEST_TIMEOUT_SECONDS, self.transport.abort
            )

    def _stop_request_timer(self) -> None:
        if self._request_timer:
            self._request_timer.cancel()
            self._request_timer = None


def _network_of(host: str) -> str:
    """Return an IPv4 address, or the network half of an IPv6 address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> 64)
    return str(address)


class SlowTickServer(uvicorn.Server):
    """uvicorn's server, but it wakes once a second instead of ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exiting = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._exiting.wait(), _TICK_SECONDS)

    def exit_soon(self) -> None:
        """Begin to shut down. Thread-safe."""
        self.should_exit = True
        if self._loop:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._exiting.set)


class App(Protocol):
    """An ASGI application that can answer some requests at once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request through the ASGI interface."""

    def try_fast(self, request: Request) -> Response | None:
        """Return a response that is available without waiting. Called in the event loop."""


class Server:
    """Serve an application until stopped. The caller handles signals.

    Args:
        app: The application.
        sockets: Listening sockets. They are closed at the end.
    """

    def __init__(self, app: App, sockets: Sequence[socket.socket]) -> None:
        self._switch = _SwitchableApp(app)
        self._sockets = list(sockets)
        self._config = uvicorn.Config(
            self._switch,
            http=LimitedProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._server = SlowTickServer(self._config)
        self._thread = threading.Thread(target=self._run, name="feedpub-http", daemon=True)

    @property
    def app(self) -> App:
        """Return the current application. It may be replaced at any time."""
        return self._switch.app

    @app.setter
    def app(self, app: App) -> None:
        self._switch.app = app

    @property
    def alive(self) -> bool:
        """Return True while the server's thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Accept no more requests, and wait up to `seconds` for responses in progress."""
        self._config.timeout_graceful_shutdown = max(0, int(seconds) - 1)
        self._server.exit_soon()
        self._thread.join(seconds)

    def _run(self) -> None:
        self._server.run(self._sockets)


class _SwitchableApp:
    """Forward to the current application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def try_fast(self, request: Request) -> Response | None:
        return self.app.try_fast(request)
