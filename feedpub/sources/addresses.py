"""Addresses: made absolute, and grouped by the site that they belong to."""

import re
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from feedpub.domains import registered_domain

LONGEST = 8192  # characters; no server takes more
_AROUND = "".join(map(chr, range(0x21)))  # controls and blanks, which are none of an address at its ends
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")  # within one they are written in percent, as browsers do


def absolute(href: str, base: str) -> str | None:
    """The absolute http(s) address of a link; None where it leads nowhere on the web."""
    href = href.strip(_AROUND)
    if not href or len(href) > LONGEST:
        return None
    try:
        url = _UNWRITABLE.sub(lambda found: quote(found[0]), urljoin(base, href))
        url.encode()
        parts = urlsplit(url)
        leads_on = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no IPv6 address in brackets, no number for a port, half of a surrogate pair
        return None
    return url if leads_on else None


def resolve(href: str, base: str) -> str | None:
    """The absolute address of a page: as `absolute`, without a fragment that only leads to a place in the page."""
    url = absolute(href, base)
    if url is None:
        return None
    page, fragment = urldefrag(url)
    return url if fragment.startswith(("!", "/")) else page


def site_of(url: str) -> str:
    """Return the registered domain of an address: example.co.uk of https://www.example.co.uk/news."""
    return registered_domain(urlsplit(url).hostname)
