"""A request and an answer, without a connection, and how they pass through the server library's interface (ASGI)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

HTML, JSON = "text/html; charset=utf-8", "application/json"
CHUNK_BYTES = (
    1 << 17
)  # bytes that are handed over at once: what a client that reads slowly makes us hold for it


class BodyTooLargeError(Exception):
    """A body is larger than anything that is asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Attributes:
        method: in capitals.
        path: decoded, without the query.
        headers: by lower-case name; the values of a name that is there twice stand behind each
            other.
        client: the address that it came from; None from a Unix socket.
    """

    method: str
    path: str
    headers: Mapping[bytes, bytes]
    client: str | None = None

    @classmethod
    def from_scope(
        cls,
        method: str,
        path: str,
        headers: Iterable[tuple[bytes, bytes]],
        client: str | None = None,
    ) -> "Request":
        """The request as it came in."""
        known: dict[bytes, bytes] = {}
        for name, value in headers:
            known[name] = value if name not in known else known[name] + b", " + value
        return cls(method, path, known, client)


@dataclass(frozen=True, slots=True)
class Response:
    """What a client gets."""

    status: int
    headers: Headers
    body: bytes = b""

    async def send(self, send: Send, *, bodiless: bool) -> None:
        """Hand it over, piece by piece, as fast as the client takes it.

        Without its body as an answer to HEAD.
        """
        await send(
            {"type": "http.response.start", "status": self.status, "headers": list(self.headers)}
        )
        body = memoryview(b"" if bodiless else self.body)
        for start in range(0, len(body) or 1, CHUNK_BYTES):
            end = start + CHUNK_BYTES
            await send(
                {
                    "type": "http.response.body",
                    "body": body[start:end],
                    "more_body": end < len(body),
                }
            )


async def read_body(receive: Receive, limit: int) -> bytes:
    """The body of a request.

    Nothing where its client left. Raises BodyTooLargeError beyond the limit, in bytes.
    """
    body = b""
    while True:
        part = await receive()
        if part["type"] == "http.disconnect":
            return b""
        body += bytes(part.get("body", b""))
        if len(body) > limit:
            raise BodyTooLargeError
        if not part.get("more_body"):
            return body


def content_response(
    status: int, media_type: str, body: str, *headers: tuple[bytes, bytes]
) -> Response:
    """An answer that was made for the moment: nobody keeps it."""
    encoded = body.encode()
    own = (
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(encoded)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Response(status, (*own, *headers), encoded)
