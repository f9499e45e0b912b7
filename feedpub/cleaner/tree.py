"""Bytes or text → an lxml tree, within bounds. Owns the parser's settings; must not look at what a page means.

The parser is quick as long as a page is of human size. What is not is refused here, so that everything after may
walk the tree without care.
"""

from itertools import dropwhile

from lxml import etree
from lxml.html import HtmlElement

from feedpub.bounds import excess
from feedpub.characters import sound_markup
from feedpub.decode import decode_html
from feedpub.errors import ExtractError, NothingFound

MAX_BYTES = 10_000_000
IN_HEAD = frozenset({"base", "link", "meta", "noscript", "script", "style", "template", "title"})

_CLASSES = etree.ElementDefaultClassLookup(element=HtmlElement)  # lxml.html asks Python for each element


def parse(html: bytes | str, url: str | None = None) -> HtmlElement:
    """The document's root element, without comments.

    Raises:
        NothingFound: there is no markup at all.
        ExtractError: it is larger or deeper than any page for people.
    """
    text = html if isinstance(html, str) else decode_html(html)
    source = sound_markup(text)
    if not source or source.isspace():
        raise NothingFound("the page is empty", url)
    _check_size(source, url)
    parser = _parser()
    try:
        tree = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise NothingFound(f"there is no markup that can be read: {error.msg}", url) from error
    if not isinstance(tree, HtmlElement):
        raise NothingFound("there is nothing but comments in the page", url)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ExtractError("the page is nested too deeply: a part of it would be lost", url)
    _end_head(tree)
    return tree


def _parser() -> etree.HTMLParser:
    # huge_tree only lifts the limit on depth from 256 to 2048 levels: unclosed tags reach 300 on pages of good faith
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    parser.set_element_class_lookup(_CLASSES)
    return parser


def _end_head(tree: HtmlElement) -> None:
    """End the head where browsers do; the parser takes `<main>` and `<article>` into one that has no end tag."""
    head = tree.find("head")
    misplaced = [] if head is None else list(dropwhile(lambda child: child.tag in IN_HEAD, head))
    if not misplaced:
        return
    body = tree.find("body")
    if body is None:
        body = etree.SubElement(tree, "body")
    misplaced[-1].tail = f"{misplaced[-1].tail or ''}{body.text or ''}"
    body.text = None
    body[:0] = misplaced


def _check_size(source: bytes, url: str | None) -> None:
    if len(source) > MAX_BYTES:
        raise ExtractError(f"the page has {len(source):,} bytes; feedpub reads at most {MAX_BYTES:,}", url)
    if too_much := excess(source):
        raise ExtractError(f"the page has {too_much}", url)
