"""Read the XML of feeds, and convert the HTML fragments in it to text or make their links absolute.

Nothing is sanitised here: the cleaner does that.
"""

import re
from collections.abc import Callable
from html import escape
from typing import TypeVar

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, fragment_fromstring, tostring

from feedpub.core.text import strip_invalid_markup
from feedpub.core.urls import absolute_url

_MARKUP = re.compile(r"<[a-z!/][^<>]*>|&(?:#\d+|#x[0-9a-f]+|\w+);", re.IGNORECASE)
_RELATIVE = re.compile(
    r"(?:href|src|srcset|poster|data)\s*=\s*[\"']?(?!https?:|data:|mailto:|#)[^\s>]", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
T = TypeVar("T")
_BLOCKS = ("p", "br", "div", "li", "tr", "td", "h1", "h2", "h3", "h4", "blockquote")


def read_xml(
    document: bytes, read: Callable[[etree._Element], T], *, encoding: str | None = None
) -> T | None:
    """Return the result of a function for the root of an XML document that may have errors.

    Return None if the document is not XML, or if a name in it is not text: a namespace may be half
    a surrogate pair, which raises ValueError when it is read.

    Args:
        document: the document.
        read: reads what is needed of it.
        encoding: of the document; None for the one that it declares.
    """
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding=encoding
    )
    try:
        root = etree.fromstring(document, parser)
        return None if root is None else read(root)
    except (etree.XMLSyntaxError, ValueError):
        return None


def local_name(element: etree._Element) -> str:
    """Return a tag without its namespace, in lower case; "" for comments and instructions."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def find_head(root: etree._Element) -> etree._Element:
    """Return the element with a feed's own properties: the channel of RSS, else the root."""
    return next((child for child in root if local_name(child) == "channel"), root)


def is_markup(text: str) -> bool:
    """Return True if a text has tags or character references."""
    return _MARKUP.search(text) is not None


def clean_text(text: str) -> str:
    """Return a text without control characters and with its white space collapsed."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def text_to_paragraphs(text: str) -> str:
    """Return a plain text as HTML paragraphs, split at empty lines."""
    parts = filter(None, map(str.strip, re.split(r"\n\s*\n", text)))
    return "".join(f"<p>{escape(part)}</p>" for part in parts)


def to_text(html: str) -> str:
    """Return the text of a fragment on one line."""
    tree = _parse(html)
    if tree is None:
        return clean_text(html)
    for element in tree.iter(*_BLOCKS):
        element.tail = f" {element.tail or ''}"
        element.text = f" {element.text or ''}" if element.tag != "br" else None
    return clean_text(tree.text_content())


def absolutize_links(html: str, base: str) -> str:
    """Return a fragment with its relative links and images made absolute."""
    if not _RELATIVE.search(html):
        return html
    tree = _parse(html)
    if tree is None:
        return html
    tree.rewrite_links(
        lambda link: link if link.startswith("#") else absolute_url(link, base) or link
    )
    inner = "".join(tostring(child, encoding="unicode") for child in tree)
    return escape(tree.text or "", quote=False) + inner


def _parse(html: str) -> HtmlElement | None:
    """Return the tree, or None if lxml would lose a part: too deep, or too long a text."""
    parser = HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    fragment = strip_invalid_markup(_CONTROLS.sub(" ", html)).decode()
    document = f"<html><body>{fragment}</body></html>"  # lxml fails an assertion on some fragments
    try:
        tree: HtmlElement = fragment_fromstring(document, create_parent="div", parser=parser)
    except (etree.ParserError, ValueError):
        return None
    is_incomplete = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return None if is_incomplete else tree
