"""What an answer says about itself: how long it holds, where else to look, what it may load."""

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import quote

from feedpub.web.files import Kind, is_archive, is_feed
from feedpub.web.http import PAGE_POLICY, Headers

_LEAST, _MOST = 60, 3600  # seconds that a reader may keep what may change
_LASTING = 86400  # and what never will
_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([\w &#+/=:;-]+)">')
_HEAD = 2048  # bytes of a page in which its policy stands
_SAFE = ":/?#[]@!$&'()*+,;=%~"  # characters of addresses that stand for themselves
_PREFLIGHT: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, Cache-Control"),
    (b"access-control-max-age", b"86400"),
)


def max_age(name: str, seconds: float | None) -> int:
    """For how many seconds a reader need not ask again.

    Args:
        name: of the file.
        seconds: until the feed's next run; None where that is not known.
    """
    if is_archive(name):
        return _LASTING
    return _LEAST if seconds is None else int(min(max(seconds, _LEAST), _MOST))


def by_role(kind: Kind, body: bytes) -> Headers:
    """What goes with a document, a page or a picture.

    Args:
        kind: what the file is.
        body: as it was written.
    """
    if kind.role == "document":  # readers that live in a browser ask from elsewhere
        return ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"ETag, Link"))
    if kind.role == "page":
        return ((b"content-security-policy", _policy(body)), (b"referrer-policy", b"no-referrer"))
    return ((b"content-security-policy", b"default-src 'none'; sandbox"),)  # an SVG picture may hold scripts


def _policy(body: bytes) -> bytes:
    """A page's own policy, which it carries in its head, and what counts only where a server says it."""
    own = _OWN_POLICY.search(body, 0, _HEAD)
    return unescape(own[1].decode()).encode() + b"; frame-ancestors 'none'" if own else PAGE_POLICY


def links(name: str, base_url: str, hubs: Sequence[str]) -> Headers:
    """Where a feed is at home and who tells of its changes (RFC 8288); the same that stands in its documents."""
    if not is_feed(name):
        return ()
    told = [f'<{quote(base_url, safe=_SAFE)}{quote(name)}>; rel="self"']
    if not is_archive(name):
        told += [f'<{quote(hub, safe=_SAFE)}>; rel="hub"' for hub in hubs]
    return tuple((b"link", link.encode()) for link in told)


def preflight(allowed: bytes) -> Headers:
    """What a browser wants to know before it lets a reader send validators."""
    return ((b"allow", allowed), *_PREFLIGHT)
