"""An HTML page as a tree, or the name of what came instead.

Owns what the sources ask of HTML as such.
"""

import re
from dataclasses import dataclass
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import exceeded_limit
from feedpub.core.models import Page
from feedpub.core.text import strip_invalid_markup
from feedpub.core.urls import resolve_link
from feedpub.sources.sniff import EMPTY, HTML, detect_type

MAX_BYTES = 8_000_000  # a page of links that is larger is not one
MAX_ELEMENTS = 150_000
_GIVEN_STATE = re.compile(
    r"(?:window|self|globalThis)(?:\.\w+|\[[\"'][\w-]+[\"']\])\s*=\s*[\[{]"
)  # window.__STATE__ = {
UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "select", "textarea")
FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
)


@dataclass(frozen=True, slots=True)
class HtmlDocument:
    """A parsed page.

    Attributes:
        url: where it was found.
        base: what its relative addresses start from.
        tree: its elements, without what nobody sees.
        data: the texts of its JSON-LD scripts.
        state: the texts of the scripts that hold what the page's own scripts show, as JSON.
        scripts: how many other scripts it had.
    """

    url: str
    base: str
    tree: HtmlElement
    data: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    scripts: int = 0

    @property
    def title(self) -> str:
        """What the page calls itself; "" where it does not."""
        return " ".join((self.tree.findtext(".//title") or "").split())

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds that the page names in `<link rel="alternate">`."""
        links = (link for link in self.tree.iter("link") if _is_feed_link(link))
        found = (resolve_link(link.get("href", ""), self.base) for link in links)
        return tuple(dict.fromkeys(address for address in found if address))


def parse_document(page: Page) -> HtmlDocument:
    """The page as a document.

    Raises:
        NoContentError: it is empty.
        ExtractError: it is not HTML, or nothing that can be read whole.
    """
    what = detect_type(page)
    if what == EMPTY:
        raise NoContentError("the page is empty", page.url)
    if what != HTML:
        raise ExtractError(f"expected an HTML page, found {what}", page.url)
    if len(page.body) > MAX_BYTES:
        raise ExtractError(f"the page is larger than {MAX_BYTES // 1_000_000} MB", page.url)
    tree = _tree(page)
    if next(islice(tree.iter(), MAX_ELEMENTS, None), None) is not None:
        raise ExtractError(f"the page has more than {MAX_ELEMENTS} elements", page.url)
    base = tree.find(".//base[@href]")
    scripts = list(tree.iter("script"))
    data = tuple(
        script.text or "" for script in scripts if "ld+json" in script.get("type", "").lower()
    )
    state = tuple(text for script in scripts if (text := _state(script)))
    for element in list(tree.iter(*UNSEEN)):
        element.drop_tree()
    start = resolve_link(base.get("href", ""), page.url) if base is not None else None
    return HtmlDocument(page.url, start or page.url, tree, data, state, len(scripts) - len(data))


def _tree(page: Page) -> HtmlElement:
    parser = HTMLParser(
        remove_comments=True, remove_pis=True, no_network=True, huge_tree=False, encoding="utf-8"
    )
    try:
        source = strip_invalid_markup(decode_html(page.body, page.charset))
        if too_much := exceeded_limit(source):
            raise ExtractError(f"the page has {too_much}", page.url)
        tree = document_fromstring(source, parser=parser)
    except etree.ParserError as error:  # nothing but comments
        raise NoContentError("the page is empty", page.url) from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ExtractError(
            "the page is nested too deeply, or a text in it is too long, to be read whole", page.url
        )
    return tree


def _state(script: HtmlElement) -> str:
    """The JSON that a script holds for others to show.

    As such, or given to a name; "" where it holds none.
    """
    text, kind = (script.text or "").strip(), script.get("type", "").lower()
    if kind == "application/json":
        return text
    if kind not in ("", "text/javascript", "application/javascript", "module"):
        return ""
    found = _GIVEN_STATE.match(text)
    return text[found.end() - 1 :] if found else ""


def _is_feed_link(link: HtmlElement) -> bool:
    return (
        "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").lower() in FEED_TYPES
    )
