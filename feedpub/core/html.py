"""What no page for people exceeds.

Looked at cheaply, before anything reads it that slows down with what is in it.
"""

import re
from collections.abc import Iterator
from itertools import dropwhile

from lxml import etree
from lxml.html import HtmlElement

from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.text import strip_invalid_markup

MAX_TAGS = 400_000  # opening and closing ones, and every other "<"
MAX_ATTRIBUTES = 10_000  # in one tag: a parser's time grows with their square
MOST_PAIRS = 4 * MAX_ATTRIBUTES**2  # of attributes of one tag, in all tags together: about a second

_LONG_TAG = re.compile(
    rb"<[^<>]{3000,}"
)  # a shorter one adds little; text in a script may look like one
_VALUE = re.compile(
    rb"""(?<=[\s"'])([^\s=>"']+)\s*=\s*(?:"[^"]*"|'[^']*')"""
)  # of a named attribute; \1 is its name
_WINDOW = 1_500  # bytes; a tag that long holds one from end to end

_SEARCHED_BYTES = 65_536  # at once: while a pattern is at work, no other thread runs
_OVERLAP_BYTES = 1024  # longer than what is searched for


def contains_ignoring_case(pattern: re.Pattern[bytes], body: bytes) -> bool:
    """Search a body of any size piece by piece, so that other threads run between the pieces."""
    starts = range(0, len(body), _SEARCHED_BYTES)
    return any(
        pattern.search(body, start, start + _SEARCHED_BYTES + _OVERLAP_BYTES) for start in starts
    )


def exceeded_limit(source: bytes) -> str:
    """What there is too much of in a document with tags, for people.

    "" where all is within bounds.
    """
    if len(source) > MAX_TAGS and source.count(b"<") > MAX_TAGS:
        return f"more than {MAX_TAGS:,} tags"
    pairs = 0
    for count in _attributes(source):
        if count > MAX_ATTRIBUTES:
            return f"a tag with more than {MAX_ATTRIBUTES:,} attributes"
        pairs += count**2
    return "too many tags with thousands of attributes" if pairs > MOST_PAIRS else ""


def _attributes(source: bytes) -> Iterator[int]:
    """How many attributes each long tag has.

    Looking at one window after the other is quick where there is none.
    """
    windows = range(0, len(source), _WINDOW)
    if all(
        any(source.find(mark, at, at + _WINDOW) >= 0 for mark in (b"<", b">")) for at in windows
    ):
        return
    for tag in _LONG_TAG.finditer(source):
        yield len(_VALUE.sub(rb"\1 ", tag[0]).split(maxsplit=MAX_ATTRIBUTES + 1)) - 1


# SECTION: Bytes or text → an lxml tree, within bounds. Owns the parser's settings; must not look
# at what a page means.
#
# The parser is quick as long as a page is of human size. What is not is refused here, so that
# everything after may
# walk the tree without care.

MAX_BYTES = 10_000_000
IN_HEAD = frozenset({"base", "link", "meta", "noscript", "script", "style", "template", "title"})

_CLASSES = etree.ElementDefaultClassLookup(
    element=HtmlElement
)  # lxml.html asks Python for each element


def parse_html(html: bytes | str, url: str | None = None) -> HtmlElement:
    """The document's root element, without comments.

    Raises:
        NoContentError: there is no markup at all.
        ExtractError: it is larger or deeper than any page for people.
    """
    text = html if isinstance(html, str) else decode_html(html)
    source = strip_invalid_markup(text)
    if not source or source.isspace():
        raise NoContentError("the page is empty", url)
    _check_size(source, url)
    parser = _parser()
    try:
        tree = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise NoContentError(f"there is no markup that can be read: {error.msg}", url) from error
    if not isinstance(tree, HtmlElement):
        raise NoContentError("there is nothing but comments in the page", url)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ExtractError("the page is nested too deeply: a part of it would be lost", url)
    _end_head(tree)
    return tree


def _parser() -> etree.HTMLParser:
    # huge_tree only lifts the limit on depth from 256 to 2048 levels: unclosed tags reach 300 on
    # pages of good faith
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    parser.set_element_class_lookup(_CLASSES)
    return parser


def _end_head(tree: HtmlElement) -> None:
    """End the head where browsers do.

    The parser takes `<main>` and `<article>` into one that has no end tag.
    """
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
        raise ExtractError(
            f"the page has {len(source):,} bytes; feedpub reads at most {MAX_BYTES:,}", url
        )
    if too_much := exceeded_limit(source):
        raise ExtractError(f"the page has {too_much}", url)
