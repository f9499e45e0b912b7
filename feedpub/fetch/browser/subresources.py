"""Decide which requests of a page are made, and which headers are passed on."""

from collections.abc import Mapping
from enum import Enum, auto
from urllib.parse import urlsplit

_FETCHED_TYPES = frozenset({"script", "xhr", "fetch"})
_DROPPED_REQUEST_HEADERS = frozenset(
    {  # the client sets them itself, or they are private
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "host",
        "proxy-authorization",
        "user-agent",
    }
)
_DROPPED_RESPONSE_HEADERS = frozenset(
    {  # they describe the transfer, or a state that is not kept
        "connection",
        "content-encoding",
        "content-length",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
    }
)

EMPTY_PIXEL = (  # a transparent image: some scripts wait for one
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


class RequestPolicy(Enum):
    """The decision about a request."""

    DOCUMENT = auto()  # the page itself, or a navigation
    FETCHED = auto()
    PICTURE = auto()  # answered with an empty image
    STYLE = auto()  # answered with an empty style sheet
    REFUSED = auto()


def request_policy(
    kind: str, method: str, url: str, *, main: bool, navigation: bool
) -> RequestPolicy:
    """Decide about a request.

    Args:
        kind: the resource type: "script", "fetch", "image".
        method: the HTTP method.
        url: the URL.
        main: True if the page itself makes it, not a frame, a window or a worker.
        navigation: True if it is for a document.
    """
    if not main or method != "GET" or urlsplit(url).scheme not in ("http", "https"):
        return RequestPolicy.REFUSED
    if navigation:
        return RequestPolicy.DOCUMENT
    if kind == "image":
        return RequestPolicy.PICTURE
    if kind == "stylesheet":
        return RequestPolicy.STYLE
    return RequestPolicy.FETCHED if kind in _FETCHED_TYPES else RequestPolicy.REFUSED


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that are sent to the server."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in _DROPPED_REQUEST_HEADERS and not name.lower().startswith("sec-")
    }


def response_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a response that the page receives."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower() not in _DROPPED_RESPONSE_HEADERS
    }


def may_read_response(page: str, url: str, headers: Mapping[str, str]) -> bool:
    """Return True if scripts of a page may read a response: of the same origin, or by CORS.

    The browser does not check this for responses that Playwright provides.

    Args:
        page: the address of the page.
        url: the address of the response after redirects.
        headers: the headers of the response.
    """
    if same_origin(page, url):
        return True
    allowed = headers.get("Access-Control-Allow-Origin", "").strip()
    return allowed == "*" or (
        bool(allowed) and urlsplit(allowed).path == "" and same_origin(page, allowed)
    )


def same_origin(one: str, other: str) -> bool:
    """Return True if two addresses have the same scheme, host and port."""
    return _get_origin(one) == _get_origin(other)


def _get_origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
