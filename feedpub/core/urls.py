"""Resolve links, and determine the host and the site that a URL belongs to.

Sites are registered domains by the Public Suffix List, its private section included: `a.github.io`
and `b.github.io` are two sites. `shared_hosts.toml` adds platforms that give each user a subdomain
and are not on the list.
"""

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from feedpub.core.loading import load_toml

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

MAX_URL_CHARS = 8192  # no server accepts more

_MAX_HOST_CHARS = 253  # the longest name in DNS
_IGNORED_AROUND = "".join(map(chr, range(0x21)))  # control characters and blanks
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")  # browsers write them with a percent sign


# --- links ---


def absolute_url(href: str, base: str) -> str | None:
    """Return the absolute http(s) URL of a link, or None if it is not one that can be fetched."""
    href = href.strip(_IGNORED_AROUND)
    if not href or len(href) > MAX_URL_CHARS:
        return None
    try:
        url = _UNWRITABLE.sub(lambda found: quote(found[0]), urljoin(base, href))
        url.encode()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            return None
    except ValueError:  # a broken IPv6 address, an invalid port, half a surrogate pair
        return None
    return url


def resolve_link(href: str, base: str) -> str | None:
    """Return the absolute URL of the page that a link leads to.

    A fragment that a page's scripts route by stays; one that names a place in the page does not.
    """
    url = absolute_url(href, base)
    return None if url is None else without_place(url)


def without_place(url: str) -> str:
    """Return a URL without a fragment that names a place in the page."""
    page, fragment = urldefrag(url)
    return url if fragment.startswith(("!", "/")) else page


# --- hosts and sites ---


def is_web_url(text: str) -> bool:
    """Return True if a text begins as an http or https URL does."""
    return text.startswith(("http://", "https://"))


def host_from_url(url: str | None) -> str:
    """Return the host of a URL in lower case, without port and final dot; "" if there is none."""
    try:
        return (urlsplit(url or "").hostname or "").rstrip(".")
    except ValueError:  # brackets without an IPv6 address in them
        return ""


def bare_host_from_url(url: str | None) -> str:
    """Return the host of a URL without `www.`, as sites are usually called."""
    return host_from_url(url).removeprefix("www.")


def bare_netloc(netloc: str) -> str:
    """Return the host and port of a URL's network location, without user and `www.`."""
    return netloc.rpartition("@")[2].lower().removeprefix("www.")


def site_domain(url: str | None) -> str:
    """Return the registered domain of a URL: example.co.uk for https://www.example.co.uk/news."""
    return registered_domain(host_from_url(url))


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
    for platform in _shared_hosts():
        if name.endswith(f".{platform}"):
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
def _public_suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 -- the list takes megabytes

    return PublicSuffixList()


@cache
def _shared_hosts() -> tuple[str, ...]:
    return tuple(load_toml("feedpub.core", "data/shared_hosts.toml")["hosts"])
