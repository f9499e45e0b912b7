"""Addresses that a page gives, made absolute and believed or not: its own, and its lead image's."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

# Second levels under which countries register names: example.co.uk is one site, co.uk is none.
_SECOND_LEVELS = frozenset(
    ("ac", "co", "com", "edu", "gob", "gov", "go", "ne", "net", "nom", "or", "org", "gv", "asn", "id")
)
_NO_PICTURE = re.compile(
    r"logo|placeholder|default[-_]?(?:image|img|share|social|og|thumb)|blank\.|spacer|pixel|favicon|avatar|gravatar|no[-_]?image|sprite|\.svg(?:$|\?)|fallback",
    re.IGNORECASE,
)


def canonical(addresses: Iterable[str], url: str | None) -> str | None:
    """The first address that can be the article's own: on the same site, and not its home page."""
    own = urlsplit(url) if url else None
    for address in addresses:
        found = absolute(address, url)
        if found is None:
            continue
        parts = urlsplit(found)
        home = parts.path in ("", "/") and not parts.query
        if own is None or (
            registered(parts.hostname) == registered(own.hostname) and not (home and own.path not in ("", "/"))
        ):
            return found
    return None


def image(addresses: Iterable[str], url: str | None) -> str | None:
    """The first address that can be a lead image: no logo, no placeholder, no data."""
    found = (absolute(address, url) for address in addresses if not _NO_PICTURE.search(address))
    return next((address for address in found if address), None)


def absolute(address: str, url: str | None) -> str | None:
    """An http(s) address, or None where it cannot be made one."""
    try:
        joined = urljoin(url or "", address.strip())
        parts = urlsplit(joined)
    except ValueError:  # a bracket where an IPv6 address would stand
        return None
    return joined if parts.scheme in ("http", "https") and parts.hostname else None


def registered(host: str | None) -> str:
    """The name that was registered: example.co.uk for news.example.co.uk."""
    labels = (host or "").lower().rstrip(".").split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS  # noqa: PLR2004
    return ".".join(labels[-3:] if country else labels[-2:])
