"""Who is who: two addresses of one article share a key, and an entry's id is minted once.

Readers know an entry by its id alone: a changed id is a duplicate in every one of them. So the id is made of nothing
that may change later, and the store keeps which keys lead to it.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Container
from datetime import datetime
from importlib import resources
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_RULES = tomllib.loads(resources.files(__package__).joinpath("data/tracking.toml").read_text("utf-8"))
_TRACKING = frozenset(_RULES["names"])
_TRACKING_PREFIXES = tuple(_RULES["prefixes"])
_INDEX_FILE = re.compile(r"/(index|default)\.(html?|php|aspx?)$", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";(jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_SLUG_LENGTH = 80
_LONGEST_KEY = 2000  # bytes; PostgreSQL's indexes hold up to 2,700


def url_key(url: str) -> str:
    """The key that all addresses of one article share: no scheme, www., port, tracking, trailing slash or fragment.

    A fragment that routes ("#!/story/7", "#/story/7") is part of the address and stays.
    """
    parts = urlsplit(url)
    host = _host(parts.hostname or "")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = _INDEX_FILE.sub("/", _SESSION_IN_PATH.sub("", parts.path))
    path = quote(unquote(path), safe="/~!$&'()*+,;=:@").rstrip("/")
    query = urlencode(sorted(p for p in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(p[0])))
    route = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    return _bounded(f"{host}{port}{path}{'?' if query else ''}{query}{route}")


def _bounded(key: str) -> str:
    """A key that every database can look up: in one longer than any sane address a digest stands for the rest."""
    written = key.encode("utf-8", "surrogatepass")
    if len(written) <= _LONGEST_KEY:
        return key
    return f"{key[: _LONGEST_KEY // 8]}…{hashlib.sha256(written).hexdigest()}"


def without_tracking(url: str) -> str:
    """The address as it should be published: all of it but the parameters that track."""
    parts = urlsplit(url)
    query = "&".join(p for p in parts.query.split("&") if not _tracks(unquote(p.partition("=")[0])))
    return parts._replace(query=query).geturl()


def _host(host: str) -> str:
    host = host.lower().rstrip(".").removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:  # not a host that DNS could know: as good a key as any
        return host


def _tracks(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def mint(feed: str, key: str, base_url: str, now: datetime) -> str:
    """A tag: URI (RFC 4151) for a new entry: the publisher's host and the day, the feed, and a digest of its key."""
    host = urlsplit(base_url).hostname or "localhost"
    authority = host if re.fullmatch(r"[a-z0-9.-]+", host) else "localhost"  # an IPv6 address cannot stand in a tag
    return f"tag:{authority},{now:%Y-%m-%d}:{feed}/{digest(key)}"


def digest(key: str) -> str:
    """What an id has of the key that it was minted for."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def slug(title: str, stem: str, taken: Container[str]) -> str:
    """The file stem of a saved article's own page: its title in ASCII, else its file's, numbered where taken."""
    base = _ascii(title) or _ascii(stem) or "article"
    names = (base if n == 1 else f"{base}-{n}" for n in range(1, 1_000_000))
    return next(name for name in names if name not in taken)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower().replace("'", ""))
    cut = "-".join(words)[: _SLUG_LENGTH + 1]
    return cut if len(cut) <= _SLUG_LENGTH else cut[:_SLUG_LENGTH].rpartition("-")[0] or cut[:_SLUG_LENGTH]
