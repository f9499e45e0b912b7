"""Parse the HTML page of a source, and separate what readers see from the data in its scripts."""

import re
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Page
from feedpub.core.urls import resolve_link
from feedpub.sources.sniff import EMPTY, HTML, detect_type

# Finding the list takes time for each level of each link.
DEEP_LEVELS = 400
MAX_DEEP_LINKS = 1000  # in a page with more levels than that
MAX_ELEMENTS = 150_000  # a page of links has fewer; finding the list in more takes minutes
HIDDEN_TAGS = (
    *("script", "style", "noscript", "template"),
    *("svg", "iframe", "select", "textarea"),
)
TEXTLESS_TAGS = ("script", "style", "template", "select", "textarea")
FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
)

_SCRIPT_TYPES = ("", "text/javascript", "application/javascript", "module")
_ASSIGNMENT = re.compile(  # window.__STATE__ = {
    r"(?:window|self|globalThis)(?:\.\w+|\[[\"'][\w-]+[\"']\])\s*=\s*[\[{]"
)


@dataclass(frozen=True, slots=True)
class HtmlDocument:
    """A parsed page.

    Attributes:
        url: its address.
        base: resolves its relative links.
        tree: its elements, without those that readers never see.
        data: the texts of its JSON-LD scripts.
        state: the JSON in scripts from which the page's own code renders it.
        scripts: the number of its other scripts.
    """

    url: str
    base: str
    tree: HtmlElement
    data: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    scripts: int = 0

    @property
    def title(self) -> str:
        """Return the text of `<title>`, or "" if there is none."""
        return " ".join((self.tree.findtext(".//title") or "").split())

    @property
    def feeds(self) -> tuple[str, ...]:
        """Return the feeds that the page announces in `<link rel="alternate">`."""
        urls: dict[str, None] = {}
        for link in self.tree.iter("link"):
            is_alternate = "alternate" in link.get("rel", "").lower().split()
            if not is_alternate or link.get("type", "").lower() not in FEED_TYPES:
                continue
            if url := resolve_link(link.get("href", ""), self.base):
                urls[url] = None
        return tuple(urls)


def parse_document(page: Page, *, keeps_content: bool = False) -> HtmlDocument:
    """Parse a page.

    Args:
        page: the page.
        keeps_content: keep frames, drawings and formulas, which can be a part of an entry.

    Raises:
        NoContentError: it is empty.
        ExtractError: it is not HTML, or beyond a limit.
    """
    found = detect_type(page)
    if found == EMPTY:
        raise NoContentError("the page is empty", page.url)
    if found != HTML:
        raise ExtractError(f"expected an HTML page, found {found}", page.url)
    tree = parse_html(decode_html(page.body, page.charset), page.url)
    if next(islice(tree.iter(), MAX_ELEMENTS, None), None) is not None:
        raise ExtractError(f"the page has more than {MAX_ELEMENTS:,} elements", page.url)
    has_many_links = next(islice(tree.iter("a"), MAX_DEEP_LINKS, None), None) is not None
    if has_many_links and tree.xpath(f"boolean(//*[count(ancestor::*) >= {DEEP_LEVELS}])"):
        raise ExtractError(
            f"the page is nested too deeply for its links: over {DEEP_LEVELS} levels", page.url
        )
    data: list[str] = []
    state: list[str] = []
    scripts = list(tree.iter("script"))
    for script in scripts:
        if "ld+json" in script.get("type", "").lower():
            data.append(script.text or "")
        if text := _state_in(script):
            state.append(text)
    for element in list(tree.iter(*(TEXTLESS_TAGS if keeps_content else HIDDEN_TAGS))):
        if not (keeps_content and element.get("type", "").startswith("math/")):
            element.drop_tree()
    base = tree.find(".//base[@href]")
    base_url = resolve_link(base.get("href", ""), page.url) if base is not None else None
    return HtmlDocument(
        url=page.url,
        base=base_url or page.url,
        tree=tree,
        data=tuple(data),
        state=tuple(state),
        scripts=len(scripts) - len(data),
    )


def _state_in(script: HtmlElement) -> str:
    """Return the JSON that a script holds or assigns to a global name; "" if there is none."""
    text = (script.text or "").strip()
    script_type = script.get("type", "").lower()
    if script_type == "application/json":
        return text
    found = _ASSIGNMENT.match(text) if script_type in _SCRIPT_TYPES else None
    return text[found.end() - 1 :] if found else ""
