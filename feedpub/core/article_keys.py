"""Compute the keys that identify an article across runs.

Feed readers know an entry by its id alone. If an id changes, every reader shows the article twice.
An id is therefore created once, and the store maps each key of an article to it.
`builder.matching` decides which key counts in which case.
"""

import hashlib
import re
from contextlib import suppress
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from feedpub.core.loading import load_toml
from feedpub.core.models import GUID_PREFIX

WATCH_PREFIX = "watch:"
"""The prefix of keys of changes of a page."""

_RULES = load_toml("feedpub.core", "data/tracking.toml")
_TRACKING = frozenset(_RULES["names"])
_TRACKING_PREFIXES = tuple(_RULES["prefixes"])
_SESSIONS = frozenset(_RULES["sessions"])
_FORMER_PREFIXES = tuple(_RULES["former"]["prefixes"])
_INDEX_FILE = re.compile(r"/(index|default)\.(html?|php|aspx?)$", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";(jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_PATH_SAFE = "/~!$&'()*+,;=:@"
_KEEP_BYTES = "surrogateescape"  # preserves percent-encoded bytes that are not UTF-8
_MAX_NUMBER_DIGITS = 12  # a longer number identifies a session, not an article
_MAX_KEY_BYTES = 2000  # PostgreSQL indexes at most 2,700


def url_key(url: str, *, exact: bool = False) -> str:
    """Return the key that all URLs of one article share.

    The key has no scheme, `www.`, default port, tracking parameter, session, trailing slash or
    fragment. A fragment that routes ("#!/story/7", "#/story/7") is part of the key. An encoded
    slash differs from a slash, and bytes that are not UTF-8 remain distinct.

    Args:
        url: an absolute URL.
        exact: keep sessions and every fragment, for articles that differ in nothing else.
    """
    parts = urlsplit(url.encode("utf-8", "replace").decode())  # lone surrogates become "?"
    path = _INDEX_FILE.sub("/", _SESSION_IN_PATH.sub("", parts.path))
    path = "%2F".join(map(_normalize_path, _ENCODED_SLASH.split(path))).rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors=_KEEP_BYTES)
    kept = sorted(pair for pair in pairs if not _is_tracking(*pair, exact=exact))
    key = _host_and_port(parts.hostname, parts.port) + path
    if kept:
        key += f"?{urlencode(kept, errors=_KEEP_BYTES)}"
    if parts.fragment and (exact or parts.fragment.startswith(("!", "/"))):
        key += f"#{parts.fragment}"
    return _limit_length(key)


def former_url_key(url: str) -> str:
    """Return the key that earlier versions made of a URL; existing states contain such keys.

    Earlier versions took an encoded slash for a slash, did not distinguish bytes that are not
    UTF-8, and treated more parameters as tracking.
    """
    parts = urlsplit(url.encode("utf-8", "replace").decode())
    path = _INDEX_FILE.sub("/", _SESSION_IN_PATH.sub("", parts.path))
    path = quote(unquote(path), safe=_PATH_SAFE).rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted(pair for pair in pairs if not _was_tracking(pair[0]))
    key = _host_and_port(parts.hostname, parts.port) + path
    if kept:
        key += f"?{urlencode(kept)}"
    if parts.fragment.startswith(("!", "/")):
        key += f"#{parts.fragment}"
    return _limit_length(key)


def guid_key(guid: str, source: str) -> str:
    """Return the key of a feed's guid, which is unique only within that feed.

    Args:
        guid: as the feed has it.
        source: the key of the feed's source.
    """
    feed_digest = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:8]
    return _limit_length(f"{GUID_PREFIX}{feed_digest}:{guid}")


def is_guid_key(key: str) -> bool:
    """Return True for a key that `guid_key` made."""
    return key.startswith(GUID_PREFIX)


def enclosure_key(url: str) -> str:
    """Return the key of an item that has neither a link nor a guid, but a media file."""
    return _limit_length(f"enclosure:{url_key(url, exact=True)}")


def mail_key(message_id: str) -> str:
    """Return the key of a mail, which is the same on disk and on a server."""
    return _limit_length(f"mail:{message_id}")


def watch_key(change: str, source: str) -> str:
    """Return the key of a change of a page, which has the address of the page itself.

    Args:
        change: its digest.
        source: the key of the page's source.
    """
    return f"{WATCH_PREFIX}{key_digest(source)}:{change}"


def content_key(*parts: str) -> str:
    """Return the key of an item that has no link, guid or media file: a digest of its content."""
    return f"content:{key_digest(chr(0).join(parts))}"


def key_digest(key: str) -> str:
    """Return the digest of a key that becomes part of the entry's id."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def strip_tracking(url: str, *, exact: bool = False) -> str:
    """Return a URL as it should be published: without its tracking parameters.

    Args:
        url: an absolute URL.
        exact: keep sessions too, as `url_key` does.
    """
    parts = urlsplit(url)
    kept = []
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if not _is_tracking(unquote(name), unquote(value), exact=exact):
            kept.append(pair)
    return parts._replace(query="&".join(kept)).geturl()


def _limit_length(key: str) -> str:
    """Shorten a key that exceeds the database's limit: a digest replaces its end."""
    encoded = key.encode("utf-8", "surrogatepass")
    if len(encoded) <= _MAX_KEY_BYTES:
        return key
    return f"{key[: _MAX_KEY_BYTES // 8]}…{hashlib.sha256(encoded).hexdigest()}"


def _normalize_path(path: str) -> str:
    """Percent-encode exactly those characters of a path that must be encoded."""
    return quote(unquote(path, errors=_KEEP_BYTES), safe=_PATH_SAFE, errors=_KEEP_BYTES)


def _host_and_port(host: str | None, port: int | None) -> str:
    name = (host or "").lower().rstrip(".").removeprefix("www.")
    with suppress(UnicodeError):  # DNS does not allow this name, but it still identifies the host
        name = name.encode("idna").decode("ascii")
    return name if port in (None, 80, 443) else f"{name}:{port}"


def _is_tracking(name: str, value: str, *, exact: bool) -> bool:
    name = name.lower()
    if name in _SESSIONS:
        is_article_number = value.isdecimal() and len(value) <= _MAX_NUMBER_DIGITS
        return not exact and not is_article_number
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _was_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name in _SESSIONS or name.startswith(_FORMER_PREFIXES)
