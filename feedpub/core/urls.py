"""Registered domains: which hosts belong to one owner.

The Public Suffix List decides, its private section too: `a.github.io` and `b.github.io` are two
sites. Blog platforms
that give each user a subdomain but are not on that list stand in `shared_hosts.toml`.
"""

import ipaddress
import re
from functools import cache, lru_cache
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from publicsuffixlist import PublicSuffixList

from feedpub.core.data_files import load_toml

_MAX_HOST_CHARS = 253  # of a name that DNS can know


def registered_domain(host: str | None) -> str:
    """Return the domain that a host's owner registered: `example.co.uk` for `news.example.co.uk`.

    An IP address, a name without a dot and a public suffix are returned as they are: each is a site
    of its own.

    Args:
        host: a host name or an IP address, without a port, in any case; None and "" give "".
    """
    name = (host or "").lower().rstrip(".")
    return name if len(name) > _MAX_HOST_CHARS else _registered(name)


@lru_cache(maxsize=4096)
def _registered(name: str) -> str:
    if _is_ip_address(name):
        return name
    platform = next((each for each in _shared_hosts() if name.endswith(f".{each}")), None)
    if platform:
        user = name.removesuffix(f".{platform}").rpartition(".")[2]
        return f"{user}.{platform}"
    return _public_suffixes().privatesuffix(name) or name


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _shared_hosts() -> tuple[str, ...]:
    return tuple(load_toml("feedpub.core", "data/shared_hosts.toml")["hosts"])


# SECTION: Addresses: made absolute, and grouped by the site that they belong to.

MAX_URL_CHARS = 8192  # characters; no server takes more
_AROUND = "".join(
    map(chr, range(0x21))
)  # controls and blanks, which are none of an address at its ends
_UNWRITABLE = re.compile(
    "[\x00-\x1f\x7f\ufffe\uffff]"
)  # within one they are written in percent, as browsers do


def absolute_url(href: str, base: str) -> str | None:
    """The absolute http(s) address of a link; None where it leads nowhere on the web."""
    href = href.strip(_AROUND)
    if not href or len(href) > MAX_URL_CHARS:
        return None
    try:
        url = _UNWRITABLE.sub(lambda found: quote(found[0]), urljoin(base, href))
        url.encode()
        parts = urlsplit(url)
        leads_on = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (
        ValueError
    ):  # no IPv6 address in brackets, no number for a port, half of a surrogate pair
        return None
    return url if leads_on else None


def resolve_link(href: str, base: str) -> str | None:
    """The absolute address of a page.

    As `absolute`, without a fragment that only leads to a place in the page.
    """
    url = absolute_url(href, base)
    if url is None:
        return None
    page, fragment = urldefrag(url)
    return url if fragment.startswith(("!", "/")) else page


def site_domain(url: str) -> str:
    """Return the registered domain of an address.

    Example.co.uk of https://www.example.co.uk/news.
    """
    return registered_domain(urlsplit(url).hostname)


def host_from_url(url: str | None) -> str:
    """Return the host of a URL in lower case, or "" if it has none or cannot be parsed."""
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:
        return ""


def site_host(url: str | None) -> str:
    """Return the host of a URL without "www." and without a trailing dot, or ""."""
    return host_from_url(url).rstrip(".").removeprefix("www.")
