"""Addresses that a page gives, made absolute, and its own believed or not."""

from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from feedpub.core.urls import registered_domain


def is_web_address(url: str | None) -> bool:
    """Whether an address can be taken apart; "http://[" cannot."""
    try:
        urlsplit(url or "")
    except ValueError:
        return False
    return True


def base_url(bases: Iterable[HtmlElement], url: str | None) -> str | None:
    """What a page's relative addresses are completed with.

    The address of its first base element, else its own.
    """
    stated = next((href for base in bases if (href := base.get("href")) is not None), "")
    try:
        return urljoin(url or "", stated) or None
    except ValueError:  # a bracket where an IPv6 address would stand
        return url


def find_canonical(addresses: Iterable[str], url: str | None, base: str | None) -> str | None:
    """The first address that can be the article's own: on the same site, and not its home page."""
    own = urlsplit(url) if url else None
    for found in resolve_address(addresses, base):
        parts = urlsplit(found)
        home = parts.path in ("", "/") and not parts.query
        if own is None and not home:
            return found
        if (
            own
            and registered_domain(parts.hostname) == registered_domain(own.hostname)
            and (not home or own.path in ("", "/"))
        ):
            return found
    return None


def is_home_page(address: str, base: str | None) -> bool:
    """Whether a link leads to the home page of the site that it stands on."""
    found = next(resolve_address([address], base or "http://localhost/page"), None)
    if found is None:
        return False
    there, here = urlsplit(found), urlsplit(base or "http://localhost/page")
    home = there.path.lower() in ("", "/", "/index.html", "/index.php") and not there.query
    return home and there.hostname == here.hostname and here.path not in ("", "/")


def resolve_address(addresses: Iterable[str], base: str | None) -> Iterator[str]:
    """Those of some addresses that are, or can be made, absolute and http(s)."""
    for address in addresses:
        try:
            joined = urljoin(base or "", address.strip())
            joined.encode()
            parts = urlsplit(joined)
            leads_on = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except (
            ValueError
        ):  # no IPv6 address in brackets, no number for a port, half of a surrogate pair
            continue
        if leads_on:
            yield joined
