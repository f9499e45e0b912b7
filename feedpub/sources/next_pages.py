"""Follow the pages of a listing, which is done only when a feed is first built.

The next page is the one that a page marks (`rel="next"`), names ("Older posts"), or lists as a
number in a row of page numbers. It must be on the listing's host.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from feedpub.core.article_keys import url_key
from feedpub.core.errors import SourceError
from feedpub.core.models import Item
from feedpub.core.urls import absolute_url, bare_host_from_url
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.links import address_pattern
from feedpub.sources.listing.text import NEXT_PAGE, element_text, strip_counts

MAX_LABEL_CHARS = 40
MAX_LINKS = 5000  # of a page
_NEXT_CLASS = re.compile(r"(?:^|[\s_-])(?:next|older)(?:$|[\s_-])", re.IGNORECASE)
_PREVIOUS_CLASS = re.compile(r"(?:^|[\s_-])(?:prev|previous|newer)(?:$|[\s_-])", re.IGNORECASE)
_PAGER_CLASS = re.compile(r"pag(?:er|ing|ination)|nav-links|page-?nav", re.IGNORECASE)
_ARROWS = " ‹«<←"  # before a label
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedPage:
    """The items of one page of a listing, and the URL of the next one; None if it names none."""

    items: tuple[Item, ...]
    next_url: str | None = None


def follow_pages(
    url: str, read_page: Callable[[str, int], ListedPage], pages: int
) -> tuple[Item, ...]:
    """Return the items of a listing's pages, in their order.

    A page that cannot be read or has nothing new is the end.

    Args:
        url: the first page's.
        read_page: returns the page at a URL, with a given number.
        pages: how many pages to read at most.

    Raises:
        SourceError: the first page cannot be read.
    """
    page = read_page(url, 1)
    items = list(page.items)
    seen = {url_key(url, exact=True)}
    known = set(map(_identity, items))
    for number in range(2, pages + 1):
        following = page.next_url
        if following is None or url_key(following, exact=True) in seen:
            break
        seen.add(url_key(following, exact=True))
        try:
            page = read_page(following, number)
        except SourceError as error:
            _log.info("page %d of %s could not be read: %s", number, url, error)
            break
        new = [item for item in page.items if _identity(item) not in known]
        if not new:
            break
        known.update(map(_identity, new))
        items += new
    return tuple(items)


def _identity(item: Item) -> str:
    return item.guid or item.url or item.title or item.html


def find_next_url(document: HtmlDocument, number: int) -> str | None:
    """Return the URL of the page after a listing's page; None if it is the last one.

    Args:
        document: the page.
        number: its number in the listing.
    """
    host, own = bare_host_from_url(document.url), url_key(document.url, exact=True)
    for link in _next_links(document, number):
        url = _url_of(link, document).partition("#")[0]
        if url and url_key(url, exact=True) != own and bare_host_from_url(url) == host:
            return url
    return None


def _next_links(document: HtmlDocument, number: int) -> Iterator[HtmlElement]:
    """Yield the links that may lead to the next page, the likeliest first."""
    anchors = [anchor for anchor in document.tree.iter("a") if anchor.get("href")][:MAX_LINKS]
    for element in (*document.tree.iter("link"), *anchors):
        if "next" in element.get("rel", "").lower().split():
            yield element
    yield from filter(_names_next_page, anchors)
    for anchor in anchors:
        if _is_numbered(anchor, document, number + 1):
            yield anchor


def _url_of(link: HtmlElement, document: HtmlDocument) -> str:
    return absolute_url(link.get("href", ""), document.base) or ""


def _is_numbered(anchor: HtmlElement, document: HtmlDocument, number: int) -> bool:
    """Return True for a link that has a page's number as its text."""
    from feedpub.cleaner.next_page import is_page_url

    if element_text(anchor) != str(number):
        return False
    url = _url_of(anchor, document)
    if address_pattern(url) == address_pattern(document.url):
        return True
    return is_page_url(url, document.url, number) or _is_in_pager(anchor)


def _names_next_page(anchor: HtmlElement) -> bool:
    """Return True for "Next", "Older posts" and the like, by text, label or class."""
    names = anchor.get("class", "")
    if _PREVIOUS_CLASS.search(names):
        return False
    for label in (element_text(anchor), anchor.get("aria-label", ""), anchor.get("title", "")):
        is_short = len(label) <= MAX_LABEL_CHARS
        if is_short and strip_counts(label.strip(_ARROWS)) in NEXT_PAGE:
            return True
    return _NEXT_CLASS.search(names) is not None and _is_in_pager(anchor)


def _is_in_pager(anchor: HtmlElement) -> bool:
    """Return True for a link in a row of pages."""
    for element in (anchor, *anchor.iterancestors()):
        if element.tag in ("main", "body", "article"):
            return False
        if _PAGER_CLASS.search(f"{element.get('class', '')} {element.get('id', '')}"):
            return True
    return False
