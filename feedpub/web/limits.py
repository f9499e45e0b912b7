"""What a client may take its time for, and how much it may send, before it is shown the door.

The server library bounds how long an idle connection lives. Here: how long a request and how large
its head may be, how long an answer may lie untaken, how many requests may wait for their answers,
and how many connections there may be.

One address may hold all connections as long as nobody else wants one. When they are used up,
whoever holds the most loses one for each newcomer, so no address shuts out others. A reverse proxy,
behind which all readers have one address, needs no exception and no setting.
"""

import asyncio
from asyncio import TimerHandle
from collections import Counter
from ipaddress import IPv6Address, ip_address
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from feedpub.web.fast_path import FastPathProtocol

REQUEST_TIMEOUT_SECONDS = 20.0  # from a request's first byte to its last
SEND_TIMEOUT_SECONDS = 60.0  # until an answer that waits has moved on
MAX_HEAD_BYTES = 16 << 10  # bytes
_AROUND = len(": \r\n")  # a header
MAX_WAITING_REQUESTS = 16  # of one connection; each takes some kB before it is answered
MAX_CONNECTIONS = 500  # a process has mostly 1024 descriptors, and needs others for itself


class BadRequestHeadError(Exception):
    """The head of a request is larger than any reader's, or names no host.

    The server library answers with 400.
    """


class TooManyRequestsError(Exception):
    """A client sends more requests than it takes answers; its connection is closed."""


class LimitedProtocol(FastPathProtocol):
    """A connection with limits.

    Attributes:
        network: the client's address, or its network if that is a single customer's (IPv6); "" for
            a Unix socket.
    """

    _asking: TimerHandle | None = None  # runs while a request is awaited in full
    _taking: TimerHandle | None = None  # runs while an answer waits to be taken
    _in_head = True
    _answered: RequestResponseCycle | None = None  # the request whose answer is under way
    _received = 0  # bytes of a request that is not complete
    network = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.network = _network_of(self.client[0]) if self.client else ""
        self._wait()
        if len(self.connections) > MAX_CONNECTIONS:
            self._close_one()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)
        self.pipeline.clear()
        if (
            self._answered
        ):  # the library tells only the newest request that nobody is there any more
            self._answered.disconnected = True
            self._answered.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._received > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        elif self._received:
            self._wait()
        else:
            self._stop_waiting()

    def on_message_begin(self) -> None:
        self._received = self._received or 1  # it came along with the one before
        super().on_message_begin()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_WAITING_REQUESTS:
            self.transport.abort()
            raise TooManyRequestsError  # which ends the parser's work on what else has come
        self._in_head = False
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _AROUND
            hosts += name == b"host"
        if (
            size > MAX_HEAD_BYTES
            or hosts > 1
            or (not hosts and self.parser.get_http_version() == "1.1")
        ):
            raise BadRequestHeadError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._received = True, 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self.loop.call_later(SEND_TIMEOUT_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._taking:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    @property
    def _is_idle(self) -> bool:
        """True between two requests."""
        return not self._received and (self.cycle is None or self.cycle.response_complete)

    def _close_one(self) -> None:
        """Close a connection of the address that holds the most, an idle one if there is.

        This one if it is ours.
        """
        open_ones = [
            each
            for each in self.connections
            if isinstance(each, LimitedProtocol) and not each.transport.is_closing()
        ]
        if len(open_ones) <= MAX_CONNECTIONS:
            return
        held = Counter(each.network for each in open_ones)
        most = max(held.values())
        if held[self.network] == most:
            self.transport.abort()
            return
        others = [each for each in open_ones if held[each.network] == most]
        max(others, key=lambda each: each._is_idle).transport.abort()  # noqa: SLF001 -- of the same class

    def _wait(self) -> None:
        if self._asking is None:
            self._asking = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._asking:
            self._asking.cancel()
            self._asking = None


def _network_of(host: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address the half that names the network."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> 64)
    return str(address)
