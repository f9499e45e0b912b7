"""A site served on loopback, and a client that shows complete responses."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from feedpub.web import FeedApp, Server
from feedpub.web.sockets import open_socket

TIMEOUT_SECONDS = 10.0  # seconds; only a failing test waits for all of it


@dataclass(frozen=True)
class Reply:
    """A response. Header names are lower case; the values of a repeated header are in a list."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return the only header of this name, or "" if there is none."""
        return ", ".join(self.headers.get(name, []))


class Client:
    """A client of a server on loopback. Each request uses a connection of its own."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send a request. The path is not changed, and only the Host header is added."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (
                {"Content-Length": str(len(body))} if body is not None else {}
            ).items():
                connection.putheader(name, value)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            received: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                received.setdefault(name.lower(), []).append(value)
            return Reply(answer.status, received, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """Get a page; `if_none_match="…"` is a header."""
        return self.request(
            "GET", path, {name.replace("_", "-"): value for name, value in headers.items()}
        )

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)

    def raw(self, request: bytes) -> bytes:
        """Send bytes and read until the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_until_closed(connection)


def read_until_closed(connection: socket.socket) -> bytes:
    """Read until the server closes the connection in any way."""
    received = b""
    try:
        while part := connection.recv(1 << 16):
            received += part
    except ConnectionResetError:
        pass
    return received


@contextmanager
def serve_app(site: FeedApp) -> Iterator[Client]:
    """Serve the site on a free port of loopback until the block ends."""
    listening = open_socket("127.0.0.1:0")
    client = Client(Server(site, [listening]), listening.getsockname()[1])
    client.server.start()
    try:
        yield client
    finally:
        client.server.stop(TIMEOUT_SECONDS)
        assert not client.server.alive
