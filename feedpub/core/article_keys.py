"""Keys and ids: the keys by which an article is known again, and the ids that entries get.

Readers know an entry by its id alone: a changed id is a duplicate in every one of them. So an id is
made once, of
nothing that may change later, and the store keeps which keys lead to it. Which key counts for what
is decided in `matching`.
"""

import hashlib
import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from feedpub.core.data_files import load_toml
from feedpub.core.models import GUID_PREFIX

_RULES = load_toml("feedpub.core", "data/tracking.toml")
_TRACKING = frozenset(_RULES["names"])
_TRACKING_PREFIXES = tuple(_RULES["prefixes"])
_SESSIONS = frozenset(_RULES["sessions"])
_FORMER_PREFIXES = tuple(_RULES["former"]["prefixes"])
_INDEX_FILE = re.compile(r"/(index|default)\.(html?|php|aspx?)$", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";(jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_PATH_SAFE = "/~!$&'()*+,;=:@"
_KEPT_BYTES = "surrogateescape"  # percent-encoded bytes that are not UTF-8 stay what they are
_MAX_NUMBER_DIGITS = 12  # a longer number is no article's, but a session's
_LONGEST_KEY = 2000  # bytes; PostgreSQL's indexes hold up to 2,700


def url_key(url: str, *, exact: bool = False) -> str:
    """Return the key that all addresses of one article share.

    It has no scheme, `www.`, default port, tracking, session, trailing slash or fragment. A
    fragment that routes ("#!/story/7", "#/story/7") is part of the address and stays. An encoded
    slash is not a slash, and bytes that are not UTF-8 stay apart.

    Args:
        url: absolute.
        exact: keep sessions and every fragment too, for articles that differ in nothing else.
    """
    parts = urlsplit(
        url.encode("utf-8", "replace").decode()
    )  # half of a surrogate pair is no character
    host = _host(parts.hostname or "")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = _INDEX_FILE.sub("/", _SESSION_IN_PATH.sub("", parts.path))
    path = "%2F".join(_normalize(piece) for piece in _ENCODED_SLASH.split(path)).rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors=_KEPT_BYTES)
    kept = sorted(pair for pair in pairs if not _is_tracking(*pair, exact=exact))
    query = urlencode(kept, errors=_KEPT_BYTES)
    keeps_fragment = exact or parts.fragment.startswith(("!", "/"))
    fragment = f"#{parts.fragment}" if keeps_fragment and parts.fragment else ""
    return _bounded(f"{host}{port}{path}{'?' if query else ''}{query}{fragment}")


def former_url_key(url: str) -> str:
    """Return the key that earlier versions made of an address: states hold such keys.

    They took encoded slashes for slashes, all bytes that are not UTF-8 for one, and more parameters
    for tracking.
    """
    parts = urlsplit(url.encode("utf-8", "replace").decode())
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = _INDEX_FILE.sub("/", _SESSION_IN_PATH.sub("", parts.path))
    path = quote(unquote(path), safe=_PATH_SAFE).rstrip("/")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if not _was_tracking(pair[0])))
    route = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    return _bounded(
        f"{_host(parts.hostname or '')}{port}{path}{'?' if query else ''}{query}{route}"
    )


def guid_key(guid: str, source: str) -> str:
    """Return the key of a feed's guid: it means something within that feed alone.

    Args:
        guid: as the feed has it.
        source: the key of the feed's source.
    """
    return _bounded(
        f"{GUID_PREFIX}{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()[:8]}:{guid}"
    )


def is_guid_key(key: str) -> bool:
    """Return True for a key that `guid_key` made."""
    return key.startswith(GUID_PREFIX)


def enclosure_key(url: str) -> str:
    """Return the key of an item that has neither link nor guid, but a media file."""
    return _bounded(f"enclosure:{url_key(url, exact=True)}")


def content_key(*parts: str) -> str:
    """Return the key of an item that has neither link nor guid nor media file.

    A digest of what it says.
    """
    return f"content:{key_digest(chr(0).join(parts))}"


def _bounded(key: str) -> str:
    """A key that every database can look up.

    In one longer than any sane address a digest stands for the rest.
    """
    written = key.encode("utf-8", "surrogatepass")
    if len(written) <= _LONGEST_KEY:
        return key
    return f"{key[: _LONGEST_KEY // 8]}…{hashlib.sha256(written).hexdigest()}"


def without_tracking(url: str, *, exact: bool = False) -> str:
    """Return the address as it should be published: all of it but the parameters that track.

    Args:
        url: absolute.
        exact: keep sessions too, as `url_key` does.
    """
    parts = urlsplit(url)
    pairs = ((pair, *map(unquote, pair.partition("=")[::2])) for pair in parts.query.split("&"))
    query = "&".join(
        pair for pair, name, value in pairs if not _is_tracking(name, value, exact=exact)
    )
    return parts._replace(query=query).geturl()


def _normalize(path: str) -> str:
    """Write a piece of a path with every character percent-encoded that has to be, and no other."""
    return quote(unquote(path, errors=_KEPT_BYTES), safe=_PATH_SAFE, errors=_KEPT_BYTES)


def _host(host: str) -> str:
    host = host.lower().rstrip(".").removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # not a host that DNS could know: as good a key as any
        return host


def _is_tracking(name: str, value: str, *, exact: bool) -> bool:
    name = name.lower()
    if name in _SESSIONS:
        return not exact and not (value.isdecimal() and len(value) <= _MAX_NUMBER_DIGITS)
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _was_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name in _SESSIONS or name.startswith(_FORMER_PREFIXES)


def key_digest(key: str) -> str:
    """What an id has of the key that it was minted for."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20]
