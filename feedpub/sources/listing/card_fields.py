"""What a card says of its article: title, date, teaser, image, author."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.dates import date_in_path, find_date, parse_date
from feedpub.core.urls import resolve_link
from feedpub.sources.listing.text import HEADINGS, count_text_words, element_text, is_button

_MARK = re.compile(r"(^|\s)(hentry|h-entry|post|type-post)(\s|$)")
_ARTICLE_TYPE = re.compile(r"(Article|BlogPosting|Report|Review|Recipe)$")
_TITLE = re.compile(r"title|headline|heading", re.IGNORECASE)
_DATE = re.compile(r"date|time|publish|posted|meta|byline", re.IGNORECASE)
_TEASER = re.compile(
    r"summary|excerpt|teaser|descri|dek|standfirst|intro|abstract|snippet", re.IGNORECASE
)
_AUTHOR = re.compile(r"(^|[\s_-])(author|byline)(?!s?[\s_-]*(image|avatar|photo))", re.IGNORECASE)
_BY = re.compile(r"^(by|von|par|por|di|door|av|af|od)\s+", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,500}url\(\s*['\"]?([^'\")]+)")
_CANDIDATES = re.compile(r",\s+|(?<=\d[wx]),")
_BLOCKS = ("div", "p", "li", "td", "section")
_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-image", "src")
_SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "srcset")

_TITLE_WORDS = 3  # the words of a link are its title where they are as many
_TEASER_WORDS = 6  # a teaser has at least
_DATELINE_CHARS = 60  # a line so short with a date in it says when, not what
_NAME_WORDS = 5  # an author's name has at most
_NAME_CHARS = 60
_STYLE = 1000  # characters of a style that are looked at
_ICON = 50  # pixels


@dataclass(frozen=True, slots=True)
class CardFields:
    """One listed article.

    Attributes:
        anchor: its first link.
        parts: the pieces of page that speak of it, in order.
        headed: its title is a heading that the link stands in, holds, or has no words beside.
        dated: the card shows its date; otherwise its address may.
        marked: the page itself calls the piece an article (`<article>`, microdata, h-entry).
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
    parts: Sequence[HtmlElement], anchors: Sequence[HtmlElement], url: str, base: str
) -> CardFields:
    """Read the card that some elements make up; `anchors` are its links to `url`, at least one."""
    title, headed = _title(parts, anchors)
    date = _date(parts, title)
    return CardFields(
        url=url,
        anchor=anchors[0],
        parts=tuple(parts),
        title=title,
        published=date or date_in_path(urlsplit(url).path),
        summary=_teaser(parts, title),
        image=_image(parts, base),
        authors=_authors(parts),
        has_heading=headed,
        has_date=date is not None,
        is_marked_up=any(map(is_marked, parts)),
    )


def is_marked(element: HtmlElement) -> bool:
    """True where the page itself says that this is an article."""
    return (
        element.tag == "article"
        or _MARK.search(element.get("class", "")) is not None
        or _ARTICLE_TYPE.search(element.get("itemtype", "")) is not None
    )


def _all(parts: Sequence[HtmlElement], *tags: str) -> Iterator[HtmlElement]:
    for part in parts:
        yield from part.iter(*tags)


def _classed(parts: Sequence[HtmlElement], names: re.Pattern[str]) -> Iterator[HtmlElement]:
    return (element for element in _all(parts) if names.search(element.get("class", "")))


def _title(parts: Sequence[HtmlElement], anchors: Sequence[HtmlElement]) -> tuple[str, bool]:
    """The title, and whether it is a heading.

    A linked heading, the link's words, another heading, a label.
    """
    if linked := next(filter(None, map(element_text, _linked_headings(anchors))), ""):
        return linked, True
    texts = (text for anchor in anchors if (text := _anchor_text(anchor)) and not is_button(text))
    text = max(texts, key=count_text_words, default="")
    heading = next(filter(None, map(element_text, _all(parts, *HEADINGS))), "")
    if count_text_words(heading) > count_text_words(text):
        return heading, not text
    if count_text_words(text) >= _TITLE_WORDS:
        return text, False
    named = next(filter(None, map(element_text, _classed(parts, _TITLE))), "")
    return max((text, named), key=count_text_words) or next(_labels(anchors), ""), False


def _linked_headings(anchors: Sequence[HtmlElement]) -> Iterator[HtmlElement]:
    for anchor in anchors:
        yield from anchor.iter(*HEADINGS)
        yield from anchor.iterancestors(*HEADINGS)


def _anchor_text(anchor: HtmlElement) -> str:
    """The words of a link; of a link around a whole card only those of its title."""
    if named := next(filter(None, map(element_text, _classed(list(anchor), _TITLE))), ""):
        return named
    blocks = (
        block
        for block in anchor.iterdescendants(*_BLOCKS)
        if next(block.iterdescendants(*_BLOCKS), None) is None
    )
    return next(filter(_may_be_title, map(element_text, blocks)), "") or element_text(anchor)


def _may_be_title(text: str) -> bool:
    """True for some words that are no kicker ("Entry 91") and no age ("3 days ago")."""
    return count_text_words(text) >= _TITLE_WORDS + text[:1].isdigit()


def _labels(anchors: Sequence[HtmlElement]) -> Iterator[str]:
    for anchor in anchors:
        for label in (
            anchor.get("aria-label"),
            anchor.get("title"),
            *(image.get("alt") for image in anchor.iter("img")),
        ):
            if label and label.strip():
                yield " ".join(label.split())


def _date(parts: Sequence[HtmlElement], title: str) -> datetime | None:
    return next(filter(None, _dates(parts, title)), None)


def _dates(parts: Sequence[HtmlElement], title: str) -> Iterator[datetime | None]:
    for time in _all(parts, "time"):
        yield parse_date(time.get("datetime", "")) or find_date(element_text(time))
    for element in _all(parts):
        if element.get("itemprop") == "datePublished":
            yield parse_date(element.get("content") or element_text(element))
    for element in _classed(parts, _DATE):
        yield find_date(element_text(element))
    yield find_date(" ".join(map(element_text, parts)).replace(title, " "))


def _teaser(parts: Sequence[HtmlElement], title: str) -> str:
    elements = (
        e for e in _all(parts) if e.tag in ("p", "dd") or _TEASER.search(e.get("class", ""))
    )
    return next((text for e in elements if _is_teaser(e, text := element_text(e), title)), "")


def _is_teaser(element: HtmlElement, text: str, title: str) -> bool:
    linked = sum(len(element_text(anchor)) for anchor in element.iter("a"))
    around = next(element.iterancestors("a"), None) is not None
    plain = around or linked <= len(text) / 2
    dateline = len(text) < _DATELINE_CHARS and find_date(text) is not None
    return count_text_words(text) >= _TEASER_WORDS and title not in text and plain and not dateline


def _image(parts: Sequence[HtmlElement], base: str) -> str | None:
    found = (_source(image) for image in _all(parts, "img", "source"))
    styles = (
        match[1] for e in _all(parts) if (match := _BACKGROUND.search(e.get("style", "")[:_STYLE]))
    )
    address = next(filter(None, found), None) or next(styles, None)
    return resolve_link(address, base) if address else None


def _source(image: HtmlElement) -> str | None:
    """The address of an image, from where scripts look for it too.

    None for icons and placeholders.
    """
    width = image.get("width", "")
    if width.isdecimal() and int(width[:6]) < _ICON:
        return None
    single = (image.get(name, "").strip() for name in _SOURCES)
    sets = (_widest(image.get(name, "")) for name in _SOURCE_SETS)
    return next(
        (address for address in chain(single, sets) if address and not address.startswith("data:")),
        None,
    )


def _widest(srcset: str) -> str:
    """The candidate with the greatest width, or density."""
    candidates = [[*part.split(), "1x"] for part in _CANDIDATES.split(srcset) if part.strip()]
    return max(candidates, key=lambda candidate: _number(candidate[1]), default=[""])[0]


def _number(descriptor: str) -> float:
    digits = descriptor[:-1]
    return float(digits) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", digits) else 0.0


def _authors(parts: Sequence[HtmlElement]) -> tuple[str, ...]:
    for element in _all(parts):
        if (
            element.get("rel") == "author"
            or element.get("itemprop") == "author"
            or _AUTHOR.search(element.get("class", ""))
        ):
            name = _BY.sub("", element_text(element))
            if (
                1 < len(name) < _NAME_CHARS
                and count_text_words(name) <= _NAME_WORDS
                and not re.search(r"\d", name)
            ):
                return (name,)
    return ()
