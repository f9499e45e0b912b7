"""Serve the manual at /manual/: one HTML page a topic, for every client."""

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from feedpub import manual
from feedpub.builder import html as page_parts
from feedpub.core.languages import translations_for
from feedpub.web import negotiation
from feedpub.web.error_pages import method_not_allowed
from feedpub.web.headers import NOT_MODIFIED_HEADERS, page_headers
from feedpub.web.http import HTML, Headers, Request, Response
from feedpub.web.negotiation import is_not_modified

if TYPE_CHECKING:
    from jinja2 import Environment

ADDRESS = "/manual/"
_METHODS = ("GET", "HEAD")
_MAX_AGE_SECONDS = 3600
_PACKAGE, _SHEET = "feedpub.web", "manual.css"


def covers(path: str) -> bool:
    """Return True if a path is that of a page of the manual."""
    if not path.startswith(ADDRESS.rstrip("/")):
        return False
    if path in (ADDRESS, ADDRESS.rstrip("/")):
        return True
    return path.removeprefix(ADDRESS) in manual.list_topics()


def respond(request: Request) -> Response:
    """Return the page at an address that the manual covers."""
    if request.method not in _METHODS:
        return method_not_allowed(*_METHODS)
    if not request.path.startswith(ADDRESS):
        return Response(
            308, ((b"location", ADDRESS.lstrip("/").encode()), (b"content-length", b"0"))
        )
    topic = request.path.removeprefix(ADDRESS) or manual.INDEX
    accepted = request.headers.get(b"accept-encoding")
    coding = negotiation.choose_coding(accepted, negotiation.OFFERED_CODINGS)
    headers, body = _encode(topic, coding or negotiation.IDENTITY_CODING)
    etag = dict(headers)[b"etag"]
    if is_not_modified(request.headers.get(b"if-none-match"), None, etag, 0):
        kept = (*NOT_MODIFIED_HEADERS, b"cache-control")
        return Response(304, tuple(header for header in headers if header[0] in kept))
    return Response(200, headers, body)


@cache
def _encode(topic: str, coding: str) -> tuple[Headers, bytes]:
    """Return a page's headers and body in a content coding."""
    page = _render(topic).encode()
    body = negotiation.compress(page, coding)
    headers = [
        (b"content-type", HTML.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if coding != negotiation.IDENTITY_CODING:
        headers.append((b"content-encoding", coding.encode()))
    headers += [
        (b"etag", f'"{hashlib.sha256(page).hexdigest()[:24]}-{coding}"'.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"cache-control", f"public, max-age={_MAX_AGE_SECONDS}".encode()),
        (b"x-content-type-options", b"nosniff"),
        *page_headers(page),
    ]
    return tuple(headers), body


def _render(topic: str) -> str:
    from markupsafe import Markup  # noqa: PLC0415 -- slow to import

    from feedpub.manual import html  # noqa: PLC0415 -- for the same reason

    stylesheet = page_parts.load_stylesheet(_PACKAGE, _SHEET)
    body = Markup(html.render(topic))  # noqa: S704 -- from the package's own Markdown, without raw HTML
    return (
        _environment()
        .get_template("manual.html")
        .render(
            title=manual.list_topics()[topic],
            is_index=topic == manual.INDEX,
            body=body,
            words=translations_for("en"),
            policy=page_parts.content_security_policy(stylesheet),
        )
    )


@cache
def _environment() -> "Environment":
    return page_parts.jinja_environment(_PACKAGE, [_SHEET])
