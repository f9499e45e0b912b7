"""What an answer says about itself: how long it holds, where else to look, what it may load."""

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import quote

from feedpub.publisher.names import FileType, OutputFile
from feedpub.web.http import Headers

READ_METHODS = ("GET", "HEAD", "OPTIONS")  # what can be done to a published file
_LEAST, _MOST = 60, 3600  # seconds that a reader may keep what may change
_LASTING = 86400  # and what never will
# of pages that have none
_POLICY = b"default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([\w &#+/=:;-]+)">')
_HEAD = 2048  # bytes of a page in which its policy stands
_SAFE = ":/?#[]@!$&'()*+,;=%~"  # characters of addresses that stand for themselves
# what a browser wants to know before it lets a reader send validators
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


def max_age(file: OutputFile, seconds: float | None) -> int:
    """For how many seconds a reader need not ask again.

    Args:
        file: what it has.
        seconds: until the next run of its feed; None where that is not known.
    """
    if file.is_archive:
        return _LASTING
    return _LEAST if seconds is None else int(min(max(seconds, _LEAST), _MOST))


def static_headers(file: OutputFile, content: bytes, base_url: str, hubs: Sequence[str]) -> Headers:
    """What a file's answer says whoever asks for it, and when.

    Args:
        file: which.
        content: as it was written.
        base_url: where the folder is published.
        hubs: that are told of changes.
    """
    vary = ((b"vary", b"Accept-Encoding"),) if file.kind.compressed else ()
    kind = (
        (b"content-type", file.kind.media_type.encode()),
        (b"x-content-type-options", b"nosniff"),
    )
    return (*kind, *vary, *_by_role(file.kind, content), *_links(file, base_url, hubs))


def page_headers(content: bytes) -> Headers:
    """What a page may load, as it says itself in its head, and what counts only where a server says it."""
    own = _OWN_POLICY.search(content, 0, _HEAD)
    policy = unescape(own[1].decode()).encode() if own else _POLICY
    return (
        (b"content-security-policy", policy + b"; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
    )


def _by_role(kind: FileType, content: bytes) -> Headers:
    if kind.role == "document":  # readers that live in a browser come from elsewhere
        return (
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"ETag, Link"),
        )
    if kind.role == "page":
        return page_headers(content)
    return (
        (b"content-security-policy", b"default-src 'none'; sandbox"),
    )  # an SVG picture may hold scripts


def _links(file: OutputFile, base_url: str, hubs: Sequence[str]) -> Headers:
    """Where a feed is at home and who tells of its changes (RFC 8288).

    The same as in its documents.
    """
    if not file.is_feed:
        return ()
    home = (f'<{quote(base_url, safe=_SAFE)}{quote(file.name)}>; rel="self"',)
    told = () if file.is_archive else (f'<{quote(hub, safe=_SAFE)}>; rel="hub"' for hub in hubs)
    return tuple((b"link", link.encode()) for link in (*home, *told))
