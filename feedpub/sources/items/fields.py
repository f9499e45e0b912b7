"""Read the fields of one item on a page: title, date, link, image and content."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from itertools import chain, islice, repeat

from lxml.html import HtmlElement, fromstring, tostring

from feedpub.core.dates import find_date, parse_date, read_date
from feedpub.core.urls import absolute_url, site_domain
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.text import HEADINGS, count_text_words, element_text, is_button

MAX_DATE_LINE_CHARS = 60
MAX_CELL_TITLE_CHARS = 160  # a cell with more is the content
MAX_LABEL_WORDS = 3  # next to a date: "Posted on"
MAX_DATE_WORDS = 4  # of a line that is only a date: "Released on Monday, 6 October 2025"
MAX_HEAD_ELEMENTS = 200  # of an item, that are searched for its title, date and link
MAX_HEAD_LINES = 8  # in which a date is searched that no markup announces

_TIME_TAGS = ("time", "relative-time", "time-ago", "local-time")
_DATE_PROPERTIES = ("datePublished", "dateCreated", "startDate", "uploadDate")
_AUTHOR_PROPERTIES = ("author", "publisher", "creator")
_DATE_CLASS = re.compile(
    r"date|time|publish|posted|released|when|datum|fecha|jour|meta|byline", re.IGNORECASE
)
_TITLE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:title|headline|heading|subject|p-name|titel|titre)", re.IGNORECASE
)
_PERMALINK_CLASS = re.compile(
    r"(?:^|[\s_-])(?:permalink|headerlink|hash-link|anchor|anchorjs-link|u-url|self-link)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_MARKS = frozenset({"", "#", "¶", "§", "🔗", "⚓", "∞", "link", "permalink", "\u200b"})
_CONTENT = (
    ".//*[@itemprop='articleBody' or contains(concat(' ', @class, ' '), ' e-content ')"
    " or contains(concat(' ', @class, ' '), ' entry-content ')]"
)
_BLOCK_TAGS = frozenset(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure"  # noqa: SIM905
    " footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td"
    " tfoot th thead tr ul".split()
)
_LINE_ENDS = _BLOCK_TAGS | {"br"}
_LABEL_TAGS = ("strong", "b", "a")
_MEDIA_TAGS = ("img", "video", "audio", "iframe", "object", "picture", "svg", "math")
_KEPT_TAGS = frozenset((*HEADINGS, "td", "th", "li"))  # a few words in them are content
_FILE_WORDS = frozenset({"pdf", "doc", "docx", "html", "link", "download", "details", "info"})
_SPACE = re.compile(r"\s")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LEADING_DATE = re.compile(r"\A\s*+([^:\n–—|]{6,30}?)\s*+(?:[:–—|]|-(?=\s))\s*+")
_EDGES = " \t\n-\N{EN DASH}\N{EM DASH}|·:,;/"
_CLOCK = re.compile(
    r"\A\W*+\d{1,2}(?:[.:h]\d{2})?\s*(?:uhr|h|am|pm|a\.m\.|p\.m\.|klo|kl)?"
    r"(?:\s*[-\N{EN DASH}]\s*\d{1,2}[.:h]\d{2}\s*(?:uhr|h|am|pm|a\.m\.|p\.m\.)?)?\W*",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\Av?\d++(?:\.\d++){1,5}(?:[+-][\w.+-]*)?", re.IGNORECASE)
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")


@dataclass(frozen=True, slots=True)
class Block:
    """The elements of a page that make up one item.

    Attributes:
        parts: the elements, in the page's order.
        heading: the element that holds its title; None to search it.
        above: a line with a date above several items; None if there is none.
        columns: the labels of its cells, if it is the row of a table.
    """

    parts: tuple[HtmlElement, ...]
    heading: HtmlElement | None = None
    above: HtmlElement | None = None
    columns: tuple[str, ...] = ()

    @property
    def is_row(self) -> bool:
        return str(self.parts[0].tag) == "tr"

    def head_elements(self) -> Iterator[HtmlElement]:
        """Yield the first elements, in which title, date and link are searched."""
        elements = chain.from_iterable(part.iter() for part in self.parts)
        return islice(elements, MAX_HEAD_ELEMENTS)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date, and the element that states it."""

    moment: datetime
    element: HtmlElement | None = None


# --- title ---


def find_title(block: Block, date: HtmlElement | None) -> HtmlElement | None:
    """Return the element that holds an item's title; None if there is none."""
    if block.heading is not None:
        return block.heading
    if block.is_row:
        return _title_cell(block.parts[0], date)
    elements = list(block.head_elements())
    return next(_likely_titles(elements, date), None)


def _likely_titles(
    elements: Sequence[HtmlElement], date: HtmlElement | None
) -> Iterator[HtmlElement]:
    """Yield the elements that may hold an item's title, the likeliest first."""
    yield from filter(_is_marked_title, elements)
    headings = [each for each in elements if each.tag in HEADINGS and _has_title_text(each)]
    yield from sorted(headings, key=lambda heading: heading.tag)  # the highest rank first
    yield from filter(_is_named_title, elements)
    labels = (each for each in elements if each.tag in _LABEL_TAGS and _has_title_text(each))
    label = next(labels, None)
    if label is not None and _is_alone(label, date):
        yield label


def _is_marked_title(element: HtmlElement) -> bool:
    return element.get("itemprop") in ("headline", "name") and not _is_in_author(element)


def _is_named_title(element: HtmlElement) -> bool:
    is_named = element.tag in ("dt", "summary", "caption")
    if not is_named and not _TITLE_CLASS.search(element.get("class", "")):
        return False
    text = title_text(element)
    return _has_title_text(element) and not _is_date(text) and not is_clock(text)


def _title_cell(row: HtmlElement, date: HtmlElement | None) -> HtmlElement | None:
    """Return a row's header, its first cell with a link, or its first cell with words."""
    around_date = set() if date is None else {date, *date.iterancestors()}
    cells = [cell for cell in row.iterchildren("td", "th") if cell not in around_date]
    cells = list(filter(_may_be_title_cell, cells))
    for is_likely in (_is_header_cell, _has_link, _has_word):
        chosen = next(filter(is_likely, cells), None)
        if chosen is not None:
            return chosen if len(element_text(chosen)) <= MAX_CELL_TITLE_CHARS else None
    return None


def _may_be_title_cell(cell: HtmlElement) -> bool:
    """Return False for an empty cell, a date, and a cell such as "PDF", "Details" or "More"."""
    if not _has_title_text(cell) or is_date_line(cell):
        return False
    text = element_text(cell)
    return not is_button(text) and text.lower() not in _FILE_WORDS


def _is_header_cell(cell: HtmlElement) -> bool:
    return str(cell.tag) == "th"


def _has_link(element: HtmlElement) -> bool:
    return next(element.iter("a"), None) is not None


def _has_word(element: HtmlElement) -> bool:
    return _LETTERS.search(element_text(element)) is not None


def _is_alone(label: HtmlElement, date: HtmlElement | None) -> bool:
    """Return True for a bold text or link that is a line, next to the item's date at most."""
    line = block_around(label)
    rest = element_text(line)
    if date is not None and line in date.iterancestors():
        rest = rest.replace(element_text(date), " ")
    if is_button(rest) or is_date_line(label):
        return False
    if rest.strip(_EDGES) == element_text(label).strip(_EDGES):
        return True
    return label.tag != "a" and has_own_line(label)


def has_own_line(element: HtmlElement) -> bool:
    """Return True for bold text that is all of its block, or is between line breaks."""
    parent = element.getparent()
    if parent is None:
        return False
    if element_text(parent) == element_text(element):
        return parent.tag in _BLOCK_TAGS or has_own_line(parent)
    before, after = element.getprevious(), element.getnext()
    text_before = parent.text if before is None else before.tail
    is_first = before is None or before.tag in _LINE_ENDS
    is_last = after is not None and after.tag == "br"
    return is_first and is_last and not f"{text_before or ''}{element.tail or ''}".strip()


def is_clock(text: str) -> bool:
    """Return True for a time of day and nothing else: "20.05 Uhr", "7:30 – 8:00 pm"."""
    return _CLOCK.fullmatch(text[:MAX_DATE_LINE_CHARS]) is not None


def title_text(element: HtmlElement) -> str:
    """Return the text of a title, without permalinks and a date that is an element of its own."""
    copy = deepcopy(element)
    copy.tail = None
    for anchor in list(copy.iter("a")):
        if anchor is not copy and is_permalink_mark(anchor):
            anchor.drop_tree()
    whole = element_text(copy)
    date = next(filter(is_date_line, copy.iterdescendants()), None)
    if date is not None:
        date.drop_tree()
    text = _EMPTY_BRACKETS.sub(" ", element_text(copy)).strip(_EDGES)
    return " ".join((text or whole).replace("\u200b", "").split()).rstrip("¶#").rstrip()


def _has_title_text(element: HtmlElement) -> bool:
    return bool(element_text(element).strip("¶#\u200b "))


def _is_in_author(element: HtmlElement) -> bool:
    names = {each.get("itemprop") for each in (element, *element.iterancestors())}
    return not names.isdisjoint(_AUTHOR_PROPERTIES)


# --- date ---


def find_block_date(block: Block, language: str | None = None) -> FoundDate | None:
    """Return an item's date: marked up, in its heading, in a short line, or above it."""
    return next(_dates(block, language), None)


def _dates(block: Block, language: str | None) -> Iterator[FoundDate]:
    elements = list(block.head_elements())
    for element in elements:
        if moment := _marked_date(element):
            yield FoundDate(moment, element)
    for element in filter(_has_date_class, elements):
        if moment := read_date(_short_text(element), language):
            yield FoundDate(moment, _innermost_date(element))
    if block.heading is not None and (moment := find_date(element_text(block.heading))):
        yield FoundDate(moment)
    yield from _dates_in_lines(block.parts[0], elements, language)
    if block.above is not None and (moment := read_date(element_text(block.above), language)):
        yield FoundDate(moment)


def _dates_in_lines(
    first: HtmlElement, elements: Sequence[HtmlElement], language: str | None
) -> Iterator[FoundDate]:
    """Yield the dates that the first lines of an item begin with."""
    lines = (each for each in elements if each is first or is_plain_line(each))
    for line in islice(lines, MAX_HEAD_LINES):
        start = element_text(line)[:MAX_DATE_LINE_CHARS]
        if moment := read_date(_short_text(line), language) or find_date(start):
            yield FoundDate(moment, _innermost_date(line))


def _has_date_class(element: HtmlElement) -> bool:
    return _DATE_CLASS.search(element.get("class", "")) is not None


def _marked_date(element: HtmlElement) -> datetime | None:
    if element.tag in _TIME_TAGS:
        return parse_date(element.get("datetime", "")) or read_date(element_text(element))
    if element.get("itemprop") in _DATE_PROPERTIES:
        stated = element.get("content") or element.get("datetime") or element_text(element)
        return parse_date(stated)
    if element.tag == "abbr" or "dt-published" in element.get("class", "").split():
        return parse_date(element.get("title", "") or element.get("datetime", ""))
    return None


def is_only_date(element: HtmlElement) -> bool:
    """Return True for an element with nothing but the date of the item."""
    if element.tag in HEADINGS or not _short_text(element):
        return False
    if element.tag in _TIME_TAGS or _has_date_class(element):
        return True
    return is_date_line(element)


def _short_text(element: HtmlElement) -> str:
    text = element_text(element)
    return text if len(text) <= MAX_DATE_LINE_CHARS else ""


def is_plain_line(element: HtmlElement) -> bool:
    """Return True for an element with text and without blocks in it."""
    if element.tag not in _BLOCK_TAGS or _has_block(element):
        return False
    return bool(element_text(element))


def _has_block(element: HtmlElement) -> bool:
    return not _BLOCK_TAGS.isdisjoint([child.tag for child in element])


def is_date_line(element: HtmlElement) -> bool:
    """Return True if an element has a date, and hardly any other word."""
    return _is_date(_short_text(element))


@lru_cache(maxsize=4096)  # one line is in several candidates for an item
def _is_date(text: str) -> bool:
    if read_date(text) is None:
        return False
    words = 0
    for part in text.split():
        bare = part.strip("()[],;:-–—|·")
        if _VERSION.fullmatch(bare) and parse_date(bare) is None:
            return False  # 1.4.0 - 2025-10-06 is a title
        words += bare.isalpha()
    return words <= MAX_DATE_WORDS


def _innermost_date(element: HtmlElement) -> HtmlElement:
    """Return the smallest element in a line that has all of its date."""
    inside: HtmlElement | None = element
    while inside is not None:
        element = inside
        inside = next(filter(is_date_line, element), None)
    return element


# --- link ---


def find_link(block: Block, title: HtmlElement | None, document: HtmlDocument) -> str | None:
    """Return an item's permalink, the link of its title, or its #anchor; None if it has none."""
    return next(_links(block, title, document), None)


def _links(block: Block, title: HtmlElement | None, document: HtmlDocument) -> Iterator[str]:
    """Yield the addresses that may be an item's, the likeliest first."""
    if permalink := _marked_permalink(block, title, document):
        yield permalink
    linked = _title_links(title, document)
    if not linked and block.is_row:
        linked = _links_of_row(block.parts[0], document)
    for url in linked:
        if _is_on_site(url, document):
            yield url
    if dated := _link_of_date(block, document):
        yield dated
    if anchor := _anchor(block, title, document):
        yield anchor
    yield from linked


def _is_on_site(url: str, document: HtmlDocument) -> bool:
    return site_domain(url) == site_domain(document.url)


def _marked_permalink(
    block: Block, title: HtmlElement | None, document: HtmlDocument
) -> str | None:
    for anchor in block.head_elements():
        if anchor.tag == "a" and _is_marked_permalink(anchor) and _is_of_title(anchor, title):
            return resolve(anchor.get("href", ""), document)
    return None


def _link_of_date(block: Block, document: HtmlDocument) -> str | None:
    """Return the address that the date of a post links to."""
    for element in block.head_elements():
        if element.tag not in _TIME_TAGS:
            continue
        anchor = next(element.iterancestors("a"), None)
        if anchor is None or element_text(anchor) != element_text(element):
            continue
        url = resolve(anchor.get("href", ""), document)
        if url and _is_on_site(url, document):
            return url
    return None


def _is_marked_permalink(anchor: HtmlElement) -> bool:
    if not anchor.get("href"):
        return False
    names = {*anchor.get("rel", "").lower().split(), *anchor.get("class", "").split()}
    return not names.isdisjoint(("bookmark", "u-url")) or is_permalink_mark(anchor)


def _is_of_title(anchor: HtmlElement, title: HtmlElement | None) -> bool:
    """Return False for a permalink in or next to another heading than the item's title."""
    parent = anchor.getparent()
    heading = next(anchor.iterancestors(*HEADINGS), None)
    if heading is None and parent is not None:
        heading = next(parent.iterchildren(*HEADINGS), None)
    if heading is None or title is None or heading is title:
        return True
    return heading in title.iterancestors() or title in heading.iterancestors()


def is_permalink_mark(anchor: HtmlElement) -> bool:
    """Return True for a link such as "#" or "¶" next to a heading."""
    text = element_text(anchor).strip().strip("\u200b").lower()
    if text not in _MARKS:
        return False
    if text or _PERMALINK_CLASS.search(anchor.get("class", "")):
        return True
    has_image = next(anchor.iter("img"), None) is not None
    return anchor.get("href", "").startswith("#") and not has_image


def _title_links(title: HtmlElement | None, document: HtmlDocument) -> list[str]:
    if title is None:
        return []
    urls: list[str] = []
    for anchor in (*title.iter("a"), *title.iterancestors("a")):
        if is_permalink_mark(anchor) or _is_local(anchor):
            continue
        if url := absolute_url(anchor.get("href", ""), document.base):
            urls.append(url)
    return urls


def _links_of_row(row: HtmlElement, document: HtmlDocument) -> list[str]:
    """Return the link of a row that has one; several lead to different things."""
    hrefs = {anchor.get("href", "") for anchor in row.iter("a") if not _is_local(anchor)}
    if len(hrefs) != 1:
        return []
    url = absolute_url(hrefs.pop(), document.base)
    return [url] if url else []


def _is_local(anchor: HtmlElement) -> bool:
    """Return True for a link to a place on the page."""
    return str(anchor.get("href", "")).startswith("#")


def resolve(href: str, document: HtmlDocument) -> str | None:
    """Return the absolute URL of a link; a place on the page is never relative to `<base>`."""
    return absolute_url(href, document.url if href.startswith("#") else document.base)


def _anchor(block: Block, title: HtmlElement | None, document: HtmlDocument) -> str | None:
    """Return the address of the place on the page at which an item begins."""
    for element in _elements_at_start(block.parts[0], title):
        name = element.get("id") or (element.get("name") if element.tag == "a" else "")
        if name and not _SPACE.search(name):
            return absolute_url(f"#{name}", document.url)
    return None


def _elements_at_start(first: HtmlElement, title: HtmlElement | None) -> Iterator[HtmlElement]:
    """Yield the elements that may name the place at which an item begins, the likeliest first."""
    yield first
    if title is not None:
        yield from title.iter()
        for around in title.iterancestors():
            if first in around.iterancestors():
                yield around
    before = first.getprevious()
    anchors = list(first.iter("a"))
    if before is not None and before.tag == "a":
        anchors.append(before)
    for anchor in anchors:
        if not element_text(anchor):
            yield anchor


# --- content ---


def copy_content(
    block: Block, dropped: Iterable[HtmlElement], link: str | None, document: HtmlDocument
) -> HtmlElement:
    """Return an element with a copy of an item's content.

    Args:
        block: the item.
        dropped: elements to leave out: its title and date.
        link: the item's own link; a "Read more" that leads there is left out.
        document: the page.
    """
    marked = block.parts[0].xpath(_CONTENT) if len(block.parts) == 1 else []
    parts = (marked[0],) if len(marked) == 1 else block.parts
    wrapper, copies = _copy_parts(parts)
    cells = list(wrapper[0]) if block.is_row else []
    for element in dropped:
        if element in copies:
            _drop(copies[element], wrapper, MAX_LABEL_WORDS - 1)
    _drop_marks(wrapper, link, document)
    if block.is_row:
        return _as_paragraphs(cells, block.columns)
    content = wrapper[0] if len(parts) == 1 and len(wrapper) else wrapper
    _strip_start(content)
    return content


def copy_readable(element: HtmlElement, link: str | None, document: HtmlDocument) -> HtmlElement:
    """Return a copy of an element without permalink marks, buttons and "Read more" links."""
    wrapper, _ = _copy_parts((element,))
    _drop_marks(wrapper, link, document)
    return wrapper[0] if len(wrapper) else wrapper


def card_content(
    parts: Sequence[HtmlElement], title: str, link: str, document: HtmlDocument
) -> str:
    """Return the HTML of a listed article's card, without its title, date and buttons."""
    block = Block(tuple(parts))
    titles = (each for each in block.head_elements() if element_text(each) == title)
    dropped = list(islice(titles, 1))
    date = find_block_date(block)
    if date and date.element is not None and is_only_date(date.element):
        dropped.append(date.element)
    return inner_html(copy_content(block, dropped, link, document)).strip()


def _copy_parts(
    parts: Sequence[HtmlElement],
) -> tuple[HtmlElement, dict[HtmlElement, HtmlElement]]:
    """Return an element with copies of the parts, and the copy of each element in them."""
    copies: dict[HtmlElement, HtmlElement] = {}
    wrapper = fromstring("<div></div>")
    for part in parts:
        copy = deepcopy(part)
        copies.update(zip(part.iter(), copy.iter(), strict=True))
        if len(parts) == 1:
            copy.tail = None
        wrapper.append(copy)
    return wrapper, copies


def _strip_start(content: HtmlElement) -> None:
    """Remove the date, the line breaks and the dash before the first words."""
    while not (content.text or "").strip(_EDGES) and len(content) and content[0].tag == "br":
        content[0].drop_tree()
    first = next((each for each in content.iter() if (each.text or "").strip()), content)
    text = first.text or ""
    found = _LEADING_DATE.match(text)
    if found and parse_date(found[1]):
        text = text[found.end() :]
    if first is content:
        text = text.lstrip(_EDGES)
    first.text = text


def inner_html(element: HtmlElement) -> str:
    """Return the HTML inside of an element."""
    inside = "".join(tostring(child, encoding="unicode") for child in element)
    return escape(element.text or "", quote=False) + inside


def _drop(element: HtmlElement, wrapper: HtmlElement, max_words: int = 0) -> None:
    """Remove an element, its tail stays, and each element around it that becomes empty.

    Args:
        element: the element.
        wrapper: the element around the complete item.
        max_words: words that may be left in an element that counts as empty.
    """
    parent = element.getparent()
    if parent is None:
        return
    element.drop_tree()
    while parent is not wrapper and _is_empty(parent, max_words):
        above = parent.getparent()
        if above is None or (above is wrapper and len(wrapper) == 1):
            return
        parent.drop_tree()
        parent = above


def _is_empty(element: HtmlElement, max_words: int = 0) -> bool:
    if next(element.iter(*_MEDIA_TAGS), None) is not None:
        return False
    words = count_text_words(element_text(element).strip(_EDGES + "¶#."))
    if words and (element.tag in _KEPT_TAGS or next(element.iter("a"), None) is not None):
        return False
    return words <= max_words


def _drop_marks(wrapper: HtmlElement, link: str | None, document: HtmlDocument) -> None:
    """Remove permalink marks, buttons, and "Read more" links to the item's own page."""
    for button in list(wrapper.iter("button")):
        button.drop_tree()
    for anchor in list(wrapper.iter("a")):
        if is_permalink_mark(anchor) or _leads_on(anchor, link, document):
            _drop(anchor, wrapper)


def _leads_on(anchor: HtmlElement, link: str | None, document: HtmlDocument) -> bool:
    """Return True for a "Read more" to an item's own page."""
    return is_button(element_text(anchor)) and resolve(anchor.get("href", ""), document) == link


def _as_paragraphs(cells: Sequence[HtmlElement], columns: Sequence[str]) -> HtmlElement:
    """Return the cells of a row that are left as paragraphs, each with the label of its column."""
    paragraphs: list[str] = []
    for cell, label in zip(cells, chain(columns, repeat("")), strict=False):
        if cell.getparent() is None or _is_empty(cell):
            continue
        tag = "div" if _has_block(cell) else "p"
        name = f"<strong>{escape(label, quote=False)}:</strong> " if label else ""
        paragraphs.append(f"<{tag}>{name}{inner_html(cell)}</{tag}>")
    return fromstring(f"<div>{''.join(paragraphs)}</div>")


def block_around(element: HtmlElement) -> HtmlElement:
    """Return the nearest block that an element is in."""
    for above in element.iterancestors():
        if above.tag in _BLOCK_TAGS:
            return above
    return element


def digest_texts(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:20]
