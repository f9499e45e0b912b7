"""What a client may take its time for, and how much it may send, before it is shown the door.

The server library bounds how long an idle connection lives. Here: how long a request and how large its head may be,
how long an answer may lie untaken, and how many connections there may be.
"""

import asyncio
from asyncio import TimerHandle

from feedpub.web.shortcut import Shortcut

REQUEST_SECONDS = 20.0  # from a request's first byte to its last
TAKING_SECONDS = 60.0  # until an answer that waits has moved on
MOST_OF_A_HEAD = 16 << 10  # bytes
_AROUND = len(": \r\n")  # a header
MOST_CONNECTIONS = 500  # a process has mostly 1024 descriptors, and needs others for itself


class BadHeadError(Exception):
    """The head of a request is larger than any reader's, or names no host; the server library answers with 400."""


class Patience(Shortcut):
    """A connection with limits."""

    _asking: TimerHandle | None = None  # runs while a request is awaited in full
    _taking: TimerHandle | None = None  # runs while an answer waits to be taken
    _in_head = True
    _received = 0  # bytes of a request that is not complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._received > MOST_OF_A_HEAD:
            self.send_400_response("The head of the request is too large.")
        elif self._received:
            self._wait()
        else:
            self._stop_waiting()

    def on_message_begin(self) -> None:
        self._received = self._received or 1  # it came along with the one before
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + _AROUND
            hosts += name == b"host"
        if size > MOST_OF_A_HEAD or hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise BadHeadError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._received = True, 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._taking:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def _wait(self) -> None:
        if self._asking is None:
            self._asking = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._asking:
            self._asking.cancel()
            self._asking = None
