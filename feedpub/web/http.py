"""A request and an answer, without a connection, and how they pass through the server library's interface (ASGI)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

_CHUNK = 1 << 17  # bytes that are handed over at once: what a client that reads slowly makes us hold for it
PAGE_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
PAGE_HEADERS: Headers = ((b"content-security-policy", PAGE_POLICY), (b"referrer-policy", b"no-referrer"))
_PAGE = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n</head>\n<body>\n<main>\n'
    '<h1>{title}</h1>\n<p>{text}</p>\n<p><a href="/">All feeds</a></p>\n</main>\n</body>\n</html>\n'
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Attributes:
        method: in capitals.
        path: decoded, without the query.
        headers: by lower-case name; the values of a name that is there twice stand behind each other.
    """

    method: str
    path: str
    headers: Mapping[bytes, bytes]

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """The request that the server library describes."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers[name] = value if name not in headers else headers[name] + b", " + value
        return cls(scope["method"], scope["path"], headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    status: int
    headers: Headers
    body: bytes = b""

    async def send(self, send: Send, *, bodiless: bool = False) -> None:
        """Hand it over, piece by piece, as fast as the client takes it; without its body as an answer to HEAD."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        body = memoryview(b"" if bodiless else self.body)
        for start in range(0, len(body) or 1, _CHUNK):
            end = start + _CHUNK
            await send({"type": "http.response.body", "body": body[start:end], "more_body": end < len(body)})


def content(status: int, media_type: str, body: str, *headers: tuple[bytes, bytes]) -> Answer:
    """An answer that was made for this request, and holds for no other."""
    encoded = body.encode()
    own = (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(encoded)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Answer(status, (*own, *headers), encoded)


def message(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    """A page for people that says why they get nothing else."""
    page = _PAGE.format(title=f"{status} {HTTPStatus(status).phrase}", text=escape(text))
    return content(status, "text/html", page, *PAGE_HEADERS, *headers)


def not_allowed(*methods: str) -> Answer:
    """There is something, and nothing that can be done to it in that way."""
    allowed = ", ".join(methods)
    return message(405, f"This can be asked for with {allowed}.", (b"allow", allowed.encode()))
