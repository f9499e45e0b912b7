"""Choose response headers: lifetime, links and security policies."""

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import quote

from feedpub.publisher.names import FileType, OutputFile
from feedpub.web.http import Headers

READ_METHODS = ("GET", "HEAD", "OPTIONS")  # supported for published files
_MIN_AGE_SECONDS, _MAX_AGE_SECONDS = 60, 3600  # lifetime of files that may change
_ARCHIVE_AGE_SECONDS = 86400  # archives never change
# Policy of pages without their own
_POLICY = b"default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
_META_POLICY = re.compile(
    rb'<meta http-equiv="Content-Security-Policy" content="([\w &#+/=:;-]+)">'
)
_MAX_META_OFFSET = 2048  # bytes of a page that contain its policy
_URL_CHARS = ":/?#[]@!$&'()*+,;=%~"  # not percent-encoded in links
# Browsers request these before they let a script send validators.
PREFLIGHT_HEADERS: Headers = (
    (b"allow", ", ".join(READ_METHODS).encode()),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", ", ".join(READ_METHODS).encode()),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, Cache-Control"),
    (b"access-control-max-age", b"86400"),
)
NOT_MODIFIED_HEADERS = frozenset(
    {b"etag", b"last-modified", b"vary", b"access-control-allow-origin", b"link"}
)


def max_age(file: OutputFile, seconds_until_run: float | None) -> int:
    """Return for how many seconds a client may cache a file.

    Args:
        file: The file.
        seconds_until_run: Time until the next run of its feed; None if unknown.
    """
    if file.is_archive:
        return _ARCHIVE_AGE_SECONDS
    if seconds_until_run is None:
        return _MIN_AGE_SECONDS
    return int(min(max(seconds_until_run, _MIN_AGE_SECONDS), _MAX_AGE_SECONDS))


def static_headers(file: OutputFile, content: bytes, base_url: str, hubs: Sequence[str]) -> Headers:
    """Return a file's headers that are the same for every request.

    Args:
        file: The file.
        content: Its content, uncompressed.
        base_url: URL of the output folder.
        hubs: WebSub hubs that are notified of changes.
    """
    headers = [
        (b"content-type", file.kind.media_type.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    if file.kind.compressed:
        headers.append((b"vary", b"Accept-Encoding"))
    headers += _access_headers(file.kind, content)
    if file.is_feed:
        headers += _link_headers(file, base_url, hubs)
    return tuple(headers)


def page_headers(content: bytes) -> Headers:
    """Return a page's security headers.

    They repeat the policy in the page's head, and add what is only valid as a header.
    """
    meta = _META_POLICY.search(content, 0, _MAX_META_OFFSET)
    policy = unescape(meta[1].decode()).encode() if meta else _POLICY
    return (
        (b"content-security-policy", policy + b"; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
    )


def _access_headers(kind: FileType, content: bytes) -> Headers:
    if kind.role == "document":  # browser-based feed readers send requests from other origins
        return (
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"ETag, Link"),
        )
    if kind.role == "page":
        return page_headers(content)
    # An SVG image may contain scripts.
    return ((b"content-security-policy", b"default-src 'none'; sandbox"),)


def _link_headers(file: OutputFile, base_url: str, hubs: Sequence[str]) -> Headers:
    """Return the feed's own URL and its hubs (RFC 8288), as in its documents."""
    links = [f'<{quote(base_url, safe=_URL_CHARS)}{quote(file.name)}>; rel="self"']
    if not file.is_archive:
        links += [f'<{quote(hub, safe=_URL_CHARS)}>; rel="hub"' for hub in hubs]
    return tuple((b"link", link.encode()) for link in links)
