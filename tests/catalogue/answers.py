"""Responses that break HTTP, to be set as a site's routes."""

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.support.evil import Script

Answer = Callable[[BaseHTTPRequestHandler], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def raw(answer: bytes | Script) -> Answer:
    """Send these bytes, or run the script, then close the connection."""

    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        if isinstance(answer, bytes):
            handler.wfile.write(answer)
        else:
            answer(handler.connection, threading.Event())  # until the client hangs up

    return say


def with_length(body: bytes | str, *headers: str, length: int | str | None = None) -> Answer:
    """Return a page with these headers; `length` replaces the true Content-Length."""
    content = body.encode() if isinstance(body, str) else body
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    claim = len(content) if length is None else length
    return raw(OK + lines + f"Content-Length: {claim}\r\n\r\n".encode() + content)


def gzip_truncated(body: bytes | str, *, cut: int = 0) -> Answer:
    """Return a gzipped page without its last `cut` bytes."""
    content = gzip.compress(body.encode() if isinstance(body, str) else body)
    return with_length(content[: len(content) - cut], "Content-Encoding: gzip")


def in_chunks(*chunks: bytes) -> Answer:
    """Return chunks as sent, including their sizes and line breaks."""
    return raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks))


def redirect(location: str, status: str = "302 Found") -> Answer:
    """Return a redirect to a location."""
    return raw(f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


def answer(status: str, body: bytes | str = b"", *headers: str) -> Answer:
    """Return a response with a status and these headers."""
    content = body.encode() if isinstance(body, str) else body
    lines = "".join(f"{header}\r\n" for header in headers)
    return raw(
        f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(content)}\r\n\r\n".encode() + content
    )
