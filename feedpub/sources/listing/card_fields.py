"""Read the fields of a card: title, date, teaser, image, author."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.dates import date_in_path, find_date, parse_date, read_date
from feedpub.core.document_types import document_type_of_url
from feedpub.core.urls import resolve_link
from feedpub.sources.listing.text import HEADINGS, count_text_words, element_text, is_button

MIN_TITLE_WORDS = 3  # of a link's text
MIN_CELL_WORDS = 2  # of a title in a table
MAX_CELL_CHARS = 160
MAX_DATE_WORDS = 2  # of a date in a table: a weekday and a month
MIN_TEASER_WORDS = 6
MAX_DATELINE_CHARS = 60  # a shorter line with a date is not a teaser
MAX_NUMERIC_DATE_CHARS = 30  # of a line with 3/4/2024
MAX_DAY_CHARS = 30  # of a heading that is a day: "Wednesday, 10th September 2025"
MAX_LEVELS_BELOW_DAY = 3  # of a card that such a heading is above of
MAX_CARDS_OF_DAY = 100
MAX_NAME_WORDS = 5
MAX_NAME_CHARS = 60
MAX_STYLE_CHARS = 1000  # that are searched
MIN_IMAGE_PIXELS = 50  # a smaller one is an icon

_MARKED_CLASS = re.compile(r"(^|\s)(hentry|h-entry|post|type-post)(\s|$)")
_ARTICLE_TYPE = re.compile(r"(Article|BlogPosting|Report|Review|Recipe)$")
_TITLE_CLASS = re.compile(r"title|headline|heading", re.IGNORECASE)
_DATE_CLASS = re.compile(r"date|time|publish|posted|meta|byline", re.IGNORECASE)
_TEASER_CLASS = re.compile(
    r"summary|excerpt|teaser|descri|dek|standfirst|intro|abstract|snippet", re.IGNORECASE
)
_AUTHOR_CLASS = re.compile(
    r"(^|[\s_-])(author|byline)(?!s?[\s_-]*(image|avatar|photo))", re.IGNORECASE
)
_BY = re.compile(r"^(by|von|par|por|di|door|av|af|od)\s+", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,500}url\(\s*['\"]?([^'\")]+)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SRCSET_COMMA = re.compile(r",\s+|(?<=\d[wx]),")
_INLINE_TAGS = ("b", "em", "i", "span", "strong")
_BLOCK_TAGS = ("div", "p", "li", "td", "section")
_SRC_NAMES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-image", "src")
_SRCSET_NAMES = ("data-srcset", "data-lazy-srcset", "srcset")


@dataclass(frozen=True, slots=True)
class CardFields:
    """One listed article.

    Attributes:
        anchor: its first link.
        parts: the elements that describe it, in order.
        has_heading: its title is a heading.
        has_date: the card or the heading above it shows its date; otherwise the URL may contain it.
        is_marked_up: the page calls it an article (`<article>`, microdata, h-entry).
    """

    url: str
    anchor: HtmlElement
    parts: tuple[HtmlElement, ...]
    title: str
    published: datetime | None
    summary: str
    image: str | None
    authors: tuple[str, ...]
    has_heading: bool
    has_date: bool
    is_marked_up: bool


def read_card_fields(
    parts: Sequence[HtmlElement],
    anchors: Sequence[HtmlElement],
    url: str,
    base: str,
    language: str | None = None,
) -> CardFields:
    """Read the card that some elements make up.

    Args:
        parts: the elements.
        anchors: their links to the article, at least one.
        url: the article's.
        base: resolves relative links.
        language: of the page; it decides about 3/4/2024.
    """
    title, has_heading = _read_title(parts, anchors, url)
    date = _read_date(parts, title, language) or _read_day_above(parts[0])
    return CardFields(
        url=url,
        anchor=anchors[0],
        parts=tuple(parts),
        title=title,
        published=date or date_in_path(urlsplit(url).path),
        summary=_read_teaser(parts, title),
        image=read_image(parts, base),
        authors=read_authors(parts),
        has_heading=has_heading,
        has_date=date is not None,
        is_marked_up=any(map(is_marked, parts)),
    )


def is_marked(element: HtmlElement) -> bool:
    """Return True if the page's markup calls an element an article."""
    if element.tag == "article" or _MARKED_CLASS.search(element.get("class", "")):
        return True
    return _ARTICLE_TYPE.search(element.get("itemtype", "")) is not None


def _elements(parts: Iterable[HtmlElement], *tags: str) -> Iterator[HtmlElement]:
    for part in parts:
        yield from part.iter(*tags)


def _with_class(parts: Iterable[HtmlElement], names: re.Pattern[str]) -> Iterator[HtmlElement]:
    for element in _elements(parts):
        if names.search(element.get("class", "")):
            yield element


def _first_text(elements: Iterable[HtmlElement]) -> str:
    """Return the text of the first element that has one; "" if none has."""
    return next(filter(None, map(element_text, elements)), "")


# --- title ---


def _read_title(
    parts: Sequence[HtmlElement], anchors: Sequence[HtmlElement], url: str
) -> tuple[str, bool]:
    """Return the title, and True if it is a heading.

    It is a linked heading, a link's text, another heading, a cell of the row, or a link's label.
    """
    if linked := _first_text(_linked_headings(anchors)):
        return linked, True
    texts = [text for text in map(_anchor_text, anchors) if _may_name(text, url)]
    text = max(texts, key=count_text_words, default="")
    words = count_text_words(text)
    heading = _first_text(_elements(parts, *HEADINGS))
    if count_text_words(heading) > words:
        return heading, not text
    if words >= MIN_TITLE_WORDS:
        return text, False
    named = _first_text(_with_class(parts, _TITLE_CLASS))
    longest = max((text, named), key=count_text_words)
    return longest or _row_title(parts) or _label(anchors) or element_text(anchors[0]), False


def _may_name(text: str, url: str) -> bool:
    """Return False for the text of a link such as "Read more", or "PDF" to a document."""
    from feedpub.cleaner.documents.content import is_generic_label

    if not text or is_button(text):
        return False
    return document_type_of_url(url) is None or not is_generic_label(text, url)


def _row_title(parts: Sequence[HtmlElement]) -> str:
    """Return the first of a row's cells with most words, up to `MIN_TITLE_WORDS`; or ""."""
    if parts[0].tag != "tr":
        return ""
    texts = [element_text(cell) for cell in parts[0] if next(cell.iter("a"), None) is None]
    longest = max(texts, key=_count_title_words, default="")
    return longest if _count_title_words(longest) >= MIN_CELL_WORDS else ""


def _count_title_words(text: str) -> int:
    """Return the words of a title, up to `MIN_TITLE_WORDS`; 0 for a date and a long text."""
    if len(text) > MAX_CELL_CHARS or _is_date(text):
        return 0
    return min(count_text_words(" ".join(_WORD.findall(text))), MIN_TITLE_WORDS)


def _is_date(text: str) -> bool:
    return parse_date(text) is not None and len(_WORD.findall(text)) <= MAX_DATE_WORDS


def _linked_headings(anchors: Sequence[HtmlElement]) -> Iterator[HtmlElement]:
    for anchor in anchors:
        yield from anchor.iter(*HEADINGS)
        yield from anchor.iterancestors(*HEADINGS)


def _anchor_text(anchor: HtmlElement) -> str:
    """Return the text of a link; of a link around a complete card, that of its title."""
    if named := _first_text(_with_class(list(anchor), _TITLE_CLASS)):
        return named
    for block in anchor.iterdescendants(*_BLOCK_TAGS):
        is_innermost = next(block.iterdescendants(*_BLOCK_TAGS), None) is None
        text = element_text(block)
        if is_innermost and _may_be_title(text):
            return text
    return element_text(anchor)


def _may_be_title(text: str) -> bool:
    """Return False for a kicker ("Entry 91") and an age ("3 days ago")."""
    return count_text_words(text) >= MIN_TITLE_WORDS + text[:1].isdigit()


def _label(anchors: Sequence[HtmlElement]) -> str:
    """Return the first label of the links, or description of an image in them; "" if none has."""
    for anchor in anchors:
        labels = [anchor.get("aria-label", ""), anchor.get("title", "")]
        labels += [image.get("alt", "") for image in anchor.iter("img")]
        for label in labels:
            if label.strip():
                return " ".join(label.split())
    return ""


# --- date ---


def _read_date(parts: Sequence[HtmlElement], title: str, language: str | None) -> datetime | None:
    return next(filter(None, _dates(parts, title, language)), None)


def _dates(
    parts: Sequence[HtmlElement], title: str, language: str | None
) -> Iterator[datetime | None]:
    for time in _elements(parts, "time"):
        yield parse_date(time.get("datetime", "")) or find_date(element_text(time))
    for element in _elements(parts):
        if element.get("itemprop") == "datePublished":
            yield parse_date(element.get("content") or element_text(element))
    yield from map(find_date, map(element_text, _with_class(parts, _DATE_CLASS)))
    yield find_date(" ".join(map(element_text, parts)).replace(title, " "))
    for text in map(element_text, _elements(parts)):
        if len(text) <= MAX_NUMERIC_DATE_CHARS:
            yield read_date(text, language)


def _read_day_above(card: HtmlElement) -> datetime | None:
    """Return the day in the heading above a card, as lists grouped by day have it."""
    for element in islice((card, *card.iterancestors()), MAX_LEVELS_BELOW_DAY):
        for sibling in islice(element.itersiblings(preceding=True), MAX_CARDS_OF_DAY):
            if sibling.tag in HEADINGS:
                text = element_text(sibling)
                return find_date(text) if len(text) <= MAX_DAY_CHARS else None
    return None


# --- teaser ---


def _read_teaser(parts: Sequence[HtmlElement], title: str) -> str:
    for element in _elements(parts):
        if element.tag in ("p", "dd") or _TEASER_CLASS.search(element.get("class", "")):
            text = element_text(element)
            if _is_teaser(element, text, title):
                return text
    return ""


def _is_teaser(element: HtmlElement, text: str, title: str) -> bool:
    if count_text_words(text) < MIN_TEASER_WORDS or title in text:
        return False
    is_in_link = next(element.iterancestors("a"), None) is not None
    if not is_in_link and _count_linked(element) > len(text) / 2:
        return False
    return len(text) >= MAX_DATELINE_CHARS or find_date(text) is None


def _count_linked(element: HtmlElement) -> int:
    """Return the number of characters of the links in an element."""
    return sum(map(len, map(element_text, element.iter("a"))))


# --- image ---


def read_image(parts: Sequence[HtmlElement], base: str) -> str | None:
    """Return the URL of the first image that is not an icon; None if there is none."""
    for image in _elements(parts, "img", "source"):
        if address := _image_address(image):
            return resolve_link(address, base)
    for element in _elements(parts):
        if address := background_address(element):
            return resolve_link(address, base)
    return None


def background_address(element: HtmlElement) -> str:
    """Return the address of the background image in an element's style; "" if it has none.

    That of a few characters in a line is an emoji or an icon.
    """
    if element.tag in _INLINE_TAGS and element_text(element):
        return ""
    found = _BACKGROUND.search(element.get("style", "")[:MAX_STYLE_CHARS])
    return found[1] if found else ""


def _image_address(image: HtmlElement) -> str:
    """Return the address of an image or of its lazy original; "" for icons and placeholders."""
    width = image.get("width", "")
    if width.isdecimal() and int(width[:6]) < MIN_IMAGE_PIXELS:
        return ""
    addresses: list[str] = [image.get(name, "").strip() for name in _SRC_NAMES]
    addresses += [_widest(image.get(name, "")) for name in _SRCSET_NAMES]
    for address in addresses:
        if address and not address.startswith("data:"):
            return address
    return ""


def _widest(srcset: str) -> str:
    """Return the candidate with the greatest width or density; "" if there is none."""
    candidates = filter(str.strip, _SRCSET_COMMA.split(srcset))
    widest = max(candidates, key=_size_of_candidate, default="")
    return widest.split()[0] if widest else ""


def _size_of_candidate(candidate: str) -> float:
    """Return the number before the unit of a candidate such as "a.jpg 640w"; 1 if it has none."""
    size = [*candidate.split(), "1x"][1]
    number = size[:-1]
    return float(number) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", number) else 0.0


# --- authors ---


def read_authors(parts: Sequence[HtmlElement]) -> tuple[str, ...]:
    """Return the first author that is marked up; () if there is none."""
    for element in _elements(parts):
        if not _names_author(element):
            continue
        name = _BY.sub("", element_text(element))
        if _may_be_name(name):
            return (name,)
    return ()


def _may_be_name(text: str) -> bool:
    if not 1 < len(text) < MAX_NAME_CHARS or re.search(r"\d", text):
        return False
    return count_text_words(text) <= MAX_NAME_WORDS


def _names_author(element: HtmlElement) -> bool:
    if "author" in (element.get("rel"), element.get("itemprop")):
        return True
    return _AUTHOR_CLASS.search(element.get("class", "")) is not None
