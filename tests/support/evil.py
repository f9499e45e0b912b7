"""Servers on loopback that violate HTTP.

A response is raw bytes, or a function that writes to the socket. Their robots.txt is valid, so that
the client fails at the page.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, threading.Event], None]

NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class RawServer:
    """A server with one response for every page; `heads` are the requests except robots.txt."""

    def __init__(
        self,
        answer: bytes | Script,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        robots: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._tls = tls
        self._script = _send_once(answer) if isinstance(answer, bytes) else answer
        self._robots = robots
        self._stop = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # interrupts accept()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # interrupts recv()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # stopped
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client can disconnect at any time
            connection.settimeout(5)
            if self._tls is None:
                self._answer(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secure:
                    self._answer(secure)
        self._open.discard(connection)

    def _answer(self, connection: socket.socket) -> None:
        head = read_head(connection)
        if self._robots and head.startswith(b"GET /robots.txt "):
            connection.sendall(NO_ROBOTS)
        elif head:
            self.heads.append(head)
            self._script(connection, self._stop)


def read_head(connection: socket.socket) -> bytes:
    """Read one request without a body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = connection.recv(4096)
        if not received:
            return b""
        head += received
    return head


def send_slowly(first: bytes, drop: bytes) -> Script:
    """Send `first`, then a small piece repeatedly, until the client disconnects."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(first)
        while not stop.wait(0.005):
            connection.sendall(drop)

    return script


def send_endlessly(first: bytes, chunk: bytes) -> Script:
    """Send `first`, then `chunk` without end."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(first)
        while not stop.is_set():
            connection.sendall(chunk)

    return script


def answer_repeatedly(answer: bytes) -> Script:
    """Send the same response to every request of a connection."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(answer)
        while not stop.is_set() and read_head(connection):
            connection.sendall(answer)

    return script


def _send_once(answer: bytes) -> Script:
    def script(connection: socket.socket, stop: threading.Event) -> None:
        del stop
        connection.sendall(answer)

    return script


@contextmanager
def running_raw_server(
    answer: bytes | Script,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    robots: bool = True,
    tls: ssl.SSLContext | None = None,
) -> Iterator[RawServer]:
    """Run a server until the block ends."""
    server = RawServer(answer, host=host, port=port, robots=robots, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
