"""A site served on loopback, and a client that shows everything that is said."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from feedpub.web import FeedApp, Server
from feedpub.web.sockets import open_socket

PATIENCE = 10.0  # seconds; only a test that fails waits so long


@dataclass(frozen=True)
class Reply:
    """What came back; header names are lower case, those of one name stand in a list."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """The one header of that name; "" where there is none."""
        return ", ".join(self.headers.get(name, []))


class Client:
    """Asks a server on loopback, each time by a connection of its own."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send a request as it is given: the path is not changed, and nothing is added but Host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
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
            said: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                said.setdefault(name.lower(), []).append(value)
            return Reply(answer.status, said, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a page; `if_none_match="…"` is a header."""
        return self.ask(
            "GET", path, {name.replace("_", "-"): value for name, value in headers.items()}
        )

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def raw(self, request: bytes) -> bytes:
        """Send bytes; all that comes back until the server hangs up."""
        with self.connect() as connection:
            connection.sendall(request)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up, in whatever way."""
    received = b""
    try:
        while part := connection.recv(1 << 16):
            received += part
    except ConnectionResetError:
        pass
    return received


@contextmanager
def served(site: FeedApp) -> Iterator[Client]:
    """The site on a free port of loopback, while the block runs."""
    listening = open_socket("127.0.0.1:0")
    client = Client(Server(site, [listening]), listening.getsockname()[1])
    client.server.start()
    try:
        yield client
    finally:
        client.server.stop(PATIENCE)
        assert not client.server.alive
