"""What a page may ask for: pure decisions from a request to what becomes of it."""

from collections.abc import Mapping
from enum import Enum, auto
from urllib.parse import urlsplit

_FETCHED = frozenset({"script", "xhr", "fetch"})
_KEPT_BACK = frozenset(
    {  # of the browser's request headers: what the gate says itself, and what nobody need know
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "host",
        "proxy-authorization",
        "user-agent",
    }
)
_NOT_PASSED_ON = frozenset(
    {  # of an answer's headers: they describe the bytes on the wire, or a state that is not kept
        "connection",
        "content-encoding",
        "content-length",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
    }
)

EMPTY_PIXEL = (  # a transparent picture, so that scripts that wait for one go on
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


class RequestPolicy(Enum):
    """What becomes of a request."""

    DOCUMENT = auto()  # the page leads on to another
    FETCHED = auto()
    PICTURE = auto()  # answered with an empty one; nobody is asked
    STYLE = auto()
    REFUSED = auto()


def request_policy(
    kind: str, method: str, url: str, *, main: bool, navigation: bool
) -> RequestPolicy:
    """What becomes of a request.

    Args:
        kind: as the browser names it: "script", "fetch", "image".
        method: of HTTP.
        url: where to.
        main: it is of the page itself, not of a frame in it, of a window, or of a worker.
        navigation: it is for a document.
    """
    if not main or method != "GET" or urlsplit(url).scheme not in ("http", "https"):
        return RequestPolicy.REFUSED
    if navigation:
        return RequestPolicy.DOCUMENT
    if kind == "image":
        return RequestPolicy.PICTURE
    if kind == "stylesheet":
        return RequestPolicy.STYLE
    return RequestPolicy.FETCHED if kind in _FETCHED else RequestPolicy.REFUSED


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What the gate sends of a request's headers."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in _KEPT_BACK and not name.lower().startswith("sec-")
    }


def answer_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What the page gets of an answer's headers."""
    return {
        name.lower(): value for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON
    }


def may_read_response(page: str, place: str, headers: Mapping[str, str]) -> bool:
    """Whether scripts of a page may read an answer: one of their own origin, or one that says so.

    A browser asks this too, but not where Playwright answers for the server.

    Args:
        page: the page's address.
        place: where the answer was found, after redirects.
        headers: the answer's, whatever the case of their names.
    """
    if same_origin(page, place):
        return True
    allowed = headers.get("Access-Control-Allow-Origin", "").strip()
    return allowed == "*" or (
        bool(allowed) and urlsplit(allowed).path == "" and same_origin(page, allowed)
    )


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses are of one scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
