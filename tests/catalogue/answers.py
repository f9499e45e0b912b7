"""Answers that break HTTP, put on a path of a site.

Raw bytes, or a function that writes to the socket.
"""

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.support.evil import Script

Answer = Callable[[BaseHTTPRequestHandler], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def raw(answer: bytes | Script) -> Answer:
    """Say these bytes, or do as the script does, and hang up."""

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        if isinstance(answer, bytes):
            handler.wfile.write(answer)
        else:
            answer(handler.connection, threading.Event())  # until the client hangs up

    return say


def sized(body: bytes | str, *headers: str, length: int | str | None = None) -> Answer:
    """A page with these headers; `length` is what Content-Length claims instead of the truth."""
    content = body.encode() if isinstance(body, str) else body
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    claim = len(content) if length is None else length
    return raw(OK + lines + f"Content-Length: {claim}\r\n\r\n".encode() + content)


def packed(body: bytes | str, *, cut: int = 0) -> Answer:
    """A gzipped page, without so many of its last bytes."""
    content = gzip.compress(body.encode() if isinstance(body, str) else body)
    return sized(content[: len(content) - cut], "Content-Encoding: gzip")


def chunked(*chunks: bytes) -> Answer:
    """Chunks as they are sent, their sizes and line breaks included."""
    return raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks))


def redirect(location: str, status: str = "302 Found") -> Answer:
    """It is elsewhere."""
    return raw(f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


def answer(status: str, body: bytes | str = b"", *headers: str) -> Answer:
    """An answer with a status and these headers."""
    content = body.encode() if isinstance(body, str) else body
    lines = "".join(f"{header}\r\n" for header in headers)
    return raw(
        f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(content)}\r\n\r\n".encode() + content
    )
