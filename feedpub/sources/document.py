"""Define how sources get documents, detect a document's type, and parse the HTML page of a source.

The first bytes and the root element determine the type. Headers are often wrong, so they count
last. The document type declaration of an XML text can be removed: no feed or sitemap needs its own
entities, and some are attacks.

In a page, what readers see is separated from the data in its scripts.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from lxml.html import HtmlElement

from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor
from feedpub.core.urls import resolve_link

if TYPE_CHECKING:
    from feedpub.fetch import Mailbox

P = ParamSpec("P")
T = TypeVar("T")
_SPACE = re.compile(r"\s*")
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_END_OF_SUBSET = re.compile(r"\]\s*>")
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


class DocumentReader(ABC):
    """Gets documents from the network, and parses them in the executor.

    Attributes:
        executor: runs the functions that parse, here or in another process. They, their arguments
            and their results can be pickled.
    """

    executor: Executor

    @abstractmethod
    def get(self, url: str) -> Page:
        """Return the document at a URL.

        Raises:
            FetchError: it cannot be fetched.
        """

    @abstractmethod
    def open_mailbox(self, url: str) -> "AbstractContextManager[Mailbox]":
        """Open a mailbox on an IMAP server, read-only.

        Raises:
            FetchError: it cannot be opened.
        """

    def read(
        self, url: str, parse: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the result of `parse` for the document at a URL.

        Raises:
            FetchError: the document cannot be fetched.
            ExtractError: the function raised it, or exceeded a limit.
        """
        page = self.get(url)
        return self.executor.call(page.url, parse, page, *args, **kwargs)


def strip_doctype(text: str) -> str:
    """Return an XML text without document type declarations; their entities become undefined."""
    prolog, _, rest = split_prolog(text)
    return prolog + rest


def split_prolog(text: str) -> tuple[str, str, str]:
    """Split an XML text, whose root element may be missing, in time linear to its length.

    Returns:
        The white space, comments and instructions before the root element; the document type
        declarations among them; and the rest. An unclosed part belongs to the rest.
    """
    prolog, doctypes, start = list[str](), list[str](), 0
    while True:
        at = _SPACE.match(text, start).end()  # type: ignore[union-attr]  # it matches always
        is_doctype = _DOCTYPE.match(text, at) is not None
        end = _end_of_doctype(text, at) if is_doctype else _end_of_other(text, at)
        if end is None:
            return "".join(prolog) + text[start:at], "".join(doctypes), text[at:]
        prolog.append(text[start:at] if is_doctype else text[start:end])
        if is_doctype:
            doctypes.append(text[at:end])
        start = end


def _end_of_other(text: str, at: int) -> int | None:
    """Return the end of the comment or instruction at an index, or None if there is none."""
    for begin, finish in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(begin, at):
            found = text.find(finish, at + len(begin))
            return found + len(finish) if found >= 0 else None
    return None


def _end_of_doctype(text: str, at: int) -> int | None:
    """Return the end of a document type declaration, including its subset in brackets."""
    end, subset = text.find(">", at), text.find("[", at)
    if not 0 <= subset < end:
        return end + 1 if end >= 0 else None
    found = _END_OF_SUBSET.search(text, subset)
    return found.end() if found else None


HTML, FEED, SITEMAP, JSON = "an HTML page", "a feed", "a sitemap", "JSON"
TEXT, GZIP, EMPTY = "plain text", "a gzip file", "an empty document"
SNIFFED_CHARS = 4096
_MAX_PROLOG = 1 << 16  # bytes that may precede the root element

_SIGNATURES = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|....ftypavi", re.DOTALL), "an image"),
    (re.compile(rb"ID3|OggS|RIFF....WAVE|\x1aE\xdf\xa3|....ftyp", re.DOTALL), "a media file"),
    (re.compile(rb"\x1f\x8b"), GZIP),
    (re.compile(rb"PK\x03\x04|7z\xbc\xaf|Rar!"), "an archive"),
    (re.compile(rb"\A\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])"), JSON),
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_ROOTS = {"rss": FEED, "feed": FEED, "rdf": FEED, "urlset": SITEMAP, "sitemapindex": SITEMAP}
_FEED_ROOT = re.compile(r"<rss\s[^>]{0,500}version|<feed\s[^>]{0,500}xmlns|<rdf:RDF\s")
_HTML_DOCTYPE = re.compile(r"<!doctype\s+html\b", re.IGNORECASE)
_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a|h1|ul|table|main|article)[\s>]",
    re.IGNORECASE,
)
_BOM = b"\xef\xbb\xbf"


def detect_type(page: Page) -> str:
    """Return the type of a document, as in messages.

    Returns:
        HTML, FEED, SITEMAP, JSON, TEXT, GZIP, EMPTY, or a type like "a PDF".
    """
    start = page.body[:SNIFFED_CHARS].removeprefix(_BOM)
    for signature, name in _SIGNATURES:
        if signature.match(start):
            return name
    if not start.strip() and not page.body.removeprefix(_BOM).strip():
        return EMPTY
    root, rest = _root(page)
    if root in _ROOTS:
        return _ROOTS[root]
    if _FEED_ROOT.search(rest):  # after a warning that the server printed
        return FEED
    if root == "html" or _TAG.search(rest):
        return HTML
    return HTML if page.content_type in ("text/html", "application/xhtml+xml") else TEXT


def is_html(page: Page) -> bool:
    """Return True if the root element or the document type is HTML."""
    return _root(page)[0] == "html"


def _root(page: Page) -> tuple[str, str]:
    """Return the local name of the root element, in lower case, and the text from there on.

    The name is "html" if the document type states it and the root is not one of a feed or sitemap.
    """
    _, doctypes, rest = split_prolog(decode_html(page.body[:_MAX_PROLOG], page.charset))
    found = _ROOT.match(rest)
    name = found[1].lower() if found else ""
    if name not in _ROOTS and _HTML_DOCTYPE.match(doctypes):
        name = "html"
    return name, rest[:SNIFFED_CHARS]


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
