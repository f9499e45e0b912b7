"""Pieces of HTML inside of feeds.

As text, or with absolute addresses. Cleans nothing: that is the cleaner's work.
"""

import re
from html import escape

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, fragment_fromstring, tostring

from feedpub.core.text import strip_invalid_markup
from feedpub.core.urls import absolute_url

_MARKUP = re.compile(r"<[a-z!/][^<>]*>|&(?:#\d+|#x[0-9a-f]+|\w+);", re.IGNORECASE)
_RELATIVE = re.compile(
    r"(?:href|src|srcset|poster|data)\s*=\s*[\"']?(?!https?:|data:|mailto:|#)[^\s>]", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_BLOCKS = ("p", "br", "div", "li", "tr", "td", "h1", "h2", "h3", "h4", "blockquote")


def is_markup(text: str) -> bool:
    """True for a text with tags or character references in it."""
    return _MARKUP.search(text) is not None


def clean_text(text: str) -> str:
    """A text without control characters, its white space collapsed."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def text_to_paragraphs(text: str) -> str:
    """A plain text as HTML: what empty lines part."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return "".join(f"<p>{escape(part)}</p>" for part in parts if part)


def to_text(html: str) -> str:
    """The words of a piece of HTML, on one line."""
    tree = _parse(html)
    if tree is None:
        return clean_text(html)
    for element in tree.iter(*_BLOCKS):
        element.tail = f" {element.tail or ''}"
        element.text = f" {element.text or ''}" if element.tag != "br" else None
    return clean_text(tree.text_content())


def absolutize_links(html: str, base: str) -> str:
    """The same HTML with its relative links and images made absolute.

    Unchanged where it has none.
    """
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
    """The tree, or None where lxml would lose a part of it.

    Nested too deeply, a text that is too long.
    """
    parser = HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    sound = strip_invalid_markup(_CONTROLS.sub(" ", html)).decode()
    document = f"<html><body>{sound}</body></html>"  # lxml asserts what a piece of one should hold
    try:
        tree: HtmlElement = fragment_fromstring(document, create_parent="div", parser=parser)
    except (etree.ParserError, ValueError):
        return None
    return (
        None if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log) else tree
    )
