"""Determine a page's base URL and its canonical URL."""

from collections.abc import Iterable
from urllib.parse import SplitResult, urljoin, urlsplit

from lxml.html import HtmlElement

from feedpub.core.urls import absolute_url, registered_domain

_ANY_PAGE = "http://localhost/page"  # the base of relative links on a page without a URL


def is_web_address(url: str | None) -> bool:
    """Return True if a URL can be parsed; "http://[" cannot."""
    try:
        urlsplit(url or "")
    except ValueError:
        return False
    return True


def base_url(bases: Iterable[HtmlElement], url: str | None) -> str | None:
    """Return the URL that a page's relative URLs are resolved against.

    It is that of the first base element, else the page's own.
    """
    stated = ""
    for base in bases:
        href = base.get("href")
        if href is not None:
            stated = href
            break
    try:
        return urljoin(url or "", stated) or None
    except ValueError:  # brackets that hold no IPv6 address
        return url


def find_canonical(addresses: Iterable[str], url: str | None, base: str | None) -> str | None:
    """Return the first URL that is on the page's own site and is not its home page.

    A home page is accepted only for a home page.
    """
    own = urlsplit(url) if url else None
    for address in addresses:
        found = absolute_url(address, base or "")
        if found is not None and _is_credible(urlsplit(found), own):
            return found
    return None


def _is_credible(stated: SplitResult, own: SplitResult | None) -> bool:
    is_home = stated.path in ("", "/") and not stated.query
    if own is None:
        return not is_home
    if is_home and own.path not in ("", "/"):
        return False
    return registered_domain(stated.hostname) == registered_domain(own.hostname)


def is_home_page(address: str, base: str | None) -> bool:
    """Return True if a link leads from another page of a site to its home page."""
    base = base or _ANY_PAGE
    found = absolute_url(address, base)
    if found is None:
        return False
    target, page = urlsplit(found), urlsplit(base)
    is_home = target.path.lower() in ("", "/", "/index.html", "/index.php") and not target.query
    return is_home and target.hostname == page.hostname and page.path not in ("", "/")
