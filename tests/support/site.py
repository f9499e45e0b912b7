"""A real HTTP server on loopback for tests: routes are data, every request is logged."""

import gzip
import hashlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Route:
    """The response for a path. `validators=False` leaves ETag and Last-Modified out."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: bool = True
    modified: float = 1_700_000_000.0


@dataclass(frozen=True)
class Request:
    """A received request. Header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int
    body: bytes = b""

    @property
    def is_conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


_MISSING = Route(b"<h1>404 Not Found</h1>", status=404, validators=False)


class Site:
    """A web site under test: `site["/a"] = Route(b"...")`, `site.url("/a")`, `site.requests`.

    Attributes:
        host: The address that it listens on.
        tls: The TLS settings of new connections; None for plain HTTP.
    """

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.tls = tls
        self.routes: dict[str, Route | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[Request] = []
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __setitem__(
        self, path: str, route: "Route | str | bytes | Callable[[BaseHTTPRequestHandler], None]"
    ) -> None:
        if isinstance(route, str):
            route = Route(route.encode())
        elif isinstance(route, bytes):
            route = Route(route)
        self.routes[path] = route

    def __delitem__(self, path: str) -> None:
        del self.routes[path]

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """Return the requested paths in order, without robots.txt."""
        return [r.path for r in self.requests if r.path != "/robots.txt"]

    def clear_requests(self) -> None:
        self.requests.clear()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Responds with the routes of its site."""

    protocol_version = "HTTP/1.1"
    server: "_Server"
    body = b""

    def do_GET(self) -> None:
        routes = self.server.site.routes
        route = routes.get(self.path) or routes.get(self.path.partition("?")[0], _MISSING)
        if isinstance(route, Route):
            self._answer(route)
        else:  # a function writes its own response
            self._log(0)
            route(self)

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    do_HEAD = do_GET  # noqa: N815 -- the base class calls it so

    def _answer(self, route: Route) -> None:
        etag = '"' + hashlib.sha256(route.body).hexdigest()[:16] + '"'
        fresh = (
            route.validators and route.status == 200 and self.headers.get("If-None-Match") == etag
        )
        self._log(304 if fresh else route.status)
        self.send_response(304 if fresh else route.status)
        if route.validators:
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", formatdate(route.modified, usegmt=True))
        for name, value in route.headers.items():
            self.send_header(name, value)
        self._send(b"" if fresh else route.body, None if fresh else route.content_type)

    def _send(self, body: bytes, content_type: str | None) -> None:
        if content_type is not None:
            self.send_header("Content-Type", content_type)
            if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 500:
                body = gzip.compress(body, mtime=0)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _log(self, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.site.requests.append(
            Request(self.command, self.path, headers, status, self.body)
        )

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__((site.host, 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.site.tls:  # the connection's own thread does the handshake
            connection = self.site.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def running_site(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Run a site until the block ends."""
    site = Site(host, tls)
    site.start()
    try:
        yield site
    finally:
        site.stop()
