"""Represent requests and responses, and send them through the ASGI interface."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

HTML, JSON = "text/html; charset=utf-8", "application/json"
CHUNK_BYTES = 1 << 17  # sent at once; limits the memory that a slow client occupies


class BodyTooLargeError(Exception):
    """A request's body is larger than any that the address accepts."""


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request.

    Attributes:
        method: In upper case.
        path: Decoded, without the query.
        headers: By lower-case name. Repeated headers are joined with commas.
        client: IP address; None for a Unix socket.
        query: Undecoded, without the question mark.
    """

    method: str
    path: str
    headers: Mapping[bytes, bytes]
    client: str | None = None
    query: str = ""

    @classmethod
    def from_scope(
        cls,
        method: str,
        path: str,
        headers: Iterable[tuple[bytes, bytes]],
        client: str | None = None,
        query: bytes = b"",
    ) -> "Request":
        """Return a request from the values of an ASGI scope."""
        joined: dict[bytes, bytes] = {}
        for name, value in headers:
            joined[name] = value if name not in joined else joined[name] + b", " + value
        return cls(method, path, joined, client, query.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class Response:
    """A response to a client.

    Attributes:
        body: The body; empty if it is streamed.
        stream: The parts of a large body. They are made in another thread, as fast as the client
            receives them.
    """

    status: int
    headers: Headers
    body: bytes = b""
    stream: Iterator[bytes] | None = None

    async def send(self, send: Send, *, bodiless: bool) -> None:
        """Send the response in chunks, as fast as the client receives it.

        Args:
            send: From the ASGI interface.
            bodiless: Leave out the body, as in a response to HEAD.
        """
        await send(
            {"type": "http.response.start", "status": self.status, "headers": list(self.headers)}
        )
        if self.stream and not bodiless:
            while part := await asyncio.to_thread(next, self.stream, b""):
                await _send_body(send, part, more_body=True)
        await _send_body(send, b"" if bodiless else self.body, more_body=False)


async def _send_body(send: Send, body: bytes, *, more_body: bool) -> None:
    """Send a part of a body in chunks."""
    view = memoryview(body)
    for start in range(0, len(view) or 1, CHUNK_BYTES):
        end = start + CHUNK_BYTES
        more = more_body or end < len(view)
        await send({"type": "http.response.body", "body": view[start:end], "more_body": more})


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """Return a request's body; nothing if the client disconnected.

    Raises:
        BodyTooLargeError: The body is larger than `max_bytes`.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        body += bytes(message.get("body", b""))
        if len(body) > max_bytes:
            raise BodyTooLargeError
        if not message.get("more_body"):
            return body


def content_response(
    status: int, media_type: str, body: str, *headers: tuple[bytes, bytes]
) -> Response:
    """Return a response with generated text that clients must not store."""
    encoded = body.encode()
    length = (b"content-length", str(len(encoded)).encode())
    return Response(status, (*_generated_headers(media_type), length, *headers), encoded)


def streamed_response(media_type: str, parts: Iterator[bytes]) -> Response:
    """Return a response with a large generated text that clients must not store."""
    return Response(200, _generated_headers(media_type), stream=parts)


def _generated_headers(media_type: str) -> Headers:
    return (
        (b"content-type", media_type.encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
