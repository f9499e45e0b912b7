"""Parse HTML into an lxml tree, within limits.

Parsers and tree walks slow down on pages that no human reads: with millions of tags, with thousands
of attributes in a tag, or nested without end. They are refused here, before anything is parsed, so
that other code may walk a tree without care.
"""

import re
from collections.abc import Iterator
from itertools import dropwhile

from lxml import etree
from lxml.html import HtmlElement

from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.text import strip_invalid_markup

MAX_BYTES = 10_000_000
MAX_TAGS = 400_000  # opening and closing ones, and every other "<"
MAX_ATTRIBUTES = 10_000  # in one tag: a parser's time grows with their square
MAX_ATTRIBUTE_PAIRS = 4 * MAX_ATTRIBUTES**2  # within tags, of all tags: about a second of parsing

HEAD_TAGS = frozenset({"base", "link", "meta", "noscript", "script", "style", "template", "title"})

# A shorter tag has few attributes. Text in a script may look like a long one.
_LONG_TAG = re.compile(rb"<[^<>]{3000,}")
_VALUE = re.compile(rb"""(?<=[\s"'])([^\s=>"']+)\s*=\s*(?:"[^"]*"|'[^']*')""")  # \1 is its name
_WINDOW_BYTES = 1_500  # a long tag fills at least one window from end to end

_SEARCHED_BYTES = 65_536  # at once: no other thread runs during a search
_OVERLAP_BYTES = 1024  # longer than any match

# The default lookup of lxml.html calls Python for each element.
_ELEMENT_CLASSES = etree.ElementDefaultClassLookup(element=HtmlElement)


def parse_html(html: bytes | str, url: str | None = None) -> HtmlElement:
    """Return the root element of a document, without comments.

    Args:
        html: bytes are decoded by the charset that they declare.
        url: its URL, for messages.

    Raises:
        NoContentError: it has no markup.
        ExtractError: it is beyond a limit.
    """
    text = html if isinstance(html, str) else decode_html(html)
    source = strip_invalid_markup(text)
    if not source or source.isspace():
        raise NoContentError("the page is empty", url)
    if len(source) > MAX_BYTES:
        raise ExtractError(
            f"the page has {len(source):,} bytes; feedpub reads at most {MAX_BYTES:,}", url
        )
    if excess := exceeded_limit(source):
        raise ExtractError(f"the page has {excess}", url)
    # huge_tree raises the depth limit from 256 to 2048 levels: unclosed tags on ordinary pages
    # reach 300.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    parser.set_element_class_lookup(_ELEMENT_CLASSES)
    try:
        tree = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise NoContentError(f"the page has no readable markup: {error.msg}", url) from error
    if not isinstance(tree, HtmlElement):
        raise NoContentError("the page is empty but for comments", url)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ExtractError("the page is nested too deeply: a part of it would be lost", url)
    _end_head(tree)
    return tree


def _end_head(tree: HtmlElement) -> None:
    """End the head where browsers do.

    libxml2 puts `<main>` and `<article>` into a head without an end tag.
    """
    head = tree.find("head")
    if head is None:
        return
    misplaced = list(dropwhile(lambda child: child.tag in HEAD_TAGS, head))
    if not misplaced:
        return
    body = tree.find("body")
    if body is None:
        body = etree.SubElement(tree, "body")
    misplaced[-1].tail = f"{misplaced[-1].tail or ''}{body.text or ''}"
    body.text = None
    body[:0] = misplaced


def exceeded_limit(source: bytes) -> str:
    """Return what a document with tags has too much of, for messages; "" if it is within limits."""
    if len(source) > MAX_TAGS and source.count(b"<") > MAX_TAGS:
        return f"more than {MAX_TAGS:,} tags"
    pairs = 0
    for count in _count_attributes(source):
        if count > MAX_ATTRIBUTES:
            return f"a tag with more than {MAX_ATTRIBUTES:,} attributes"
        pairs += count**2
    return "too many tags with thousands of attributes" if pairs > MAX_ATTRIBUTE_PAIRS else ""


def _count_attributes(source: bytes) -> Iterator[int]:
    """Yield the number of attributes of each long tag."""
    if not _has_window_without_tags(source):
        return
    for tag in _LONG_TAG.finditer(source):
        yield len(_VALUE.sub(rb"\1 ", tag[0]).split(maxsplit=MAX_ATTRIBUTES + 1)) - 1


def _has_window_without_tags(source: bytes) -> bool:
    """Return False if there is no long tag for sure; faster than the search for one."""
    for start in range(0, len(source), _WINDOW_BYTES):
        end = start + _WINDOW_BYTES
        if source.find(b"<", start, end) < 0 and source.find(b">", start, end) < 0:
            return True
    return False


def contains_ignoring_case(pattern: re.Pattern[bytes], body: bytes) -> bool:
    """Search a body of any size piece by piece, so that other threads run between the pieces."""
    for start in range(0, len(body), _SEARCHED_BYTES):
        if pattern.search(body, start, start + _SEARCHED_BYTES + _OVERLAP_BYTES):
            return True
    return False
