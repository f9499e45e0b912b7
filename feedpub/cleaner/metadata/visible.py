"""The visible page → Facts: bylines and datelines as people see them, and the elements that hold them.

Looked at are the short texts around the headline, the elements whose class or link names an author or a date, and,
where a page says it nowhere else, all its texts. What a name or a date is, `names` and `dates` know.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import dates, names
from feedpub.cleaner.metadata.facts import Facts
from feedpub.cleaner.metadata.texts import Text, around, texts_of

LONGEST = 200  # characters of an element that is a byline or a dateline
LABEL = 40  # characters of a text that says what the date after it is
MOST = 40  # candidates by class
WORDS_OF_DATELINE = 14
WORDS_OF_BYLINE = 9

_BYLINE = ("byline", "by-line", "by_line", "author", "autor", "auteur", "writer", "contributor", "redakt", "forfatter")
_DATELINE = ("date", "time", "publi", "posted", "datum", "fecha", "zeit")
_ELSEWHERE = (
    "comment", "related", "recommend", "sidebar", "footer", "teaser", "card", "widget", "popular", "trending", "promo",
    "newsletter", "latest", "carousel", "archive", "menu", "nav", "ticker", "recirc", "feed", "most-", "more-",
)  # fmt: skip
_WHOLE = frozenset(("html", "body", "main", "article"))  # their classes speak of the page, not of a part of it
_AUTHOR_LINK = re.compile(
    r"/(?:authors?|autor(?:en|es|i)?|auteurs?|profiles?|people|contributors?|writers?|staff|journalists?|reporters?|by"
    r"|columnists?|team|redaktion|experts?|byline|u|user|bio)/[^/]",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Marks:
    """Elements of interest, each with its place in the document."""

    headlines: list[tuple[int, HtmlElement]] = field(default_factory=list)
    bylines: list[tuple[int, HtmlElement]] = field(default_factory=list)
    datelines: list[tuple[int, HtmlElement]] = field(default_factory=list)


@dataclass(slots=True)
class Visible:
    """What the visible page says.

    Attributes:
        facts: authors and dates, the most telling first.
        lines: elements that hold a byline or a dateline.
    """

    facts: Facts = field(default_factory=Facts)
    lines: list[HtmlElement] = field(default_factory=list)


def mark(tree: HtmlElement) -> Marks:
    """One walk over the page: what its tag, class or link says is a headline, a byline or a dateline."""
    marks = Marks()
    for place, element in enumerate(tree.iter("*")):
        tag, classes = element.tag, element.get("class") or element.get("id")
        byline, dateline = _kinds(classes) if classes else (False, False)
        if tag in ("h1", "h2"):
            marks.headlines.append((place, element))
        elif tag == "a" and not byline:
            byline = "author" in (element.get("rel") or "")
        if byline:
            marks.bylines.append((place, element))
        if dateline or tag == "time":
            marks.datelines.append((place, element))
    return marks


def read(marks: Marks, headline: HtmlElement | None, language: str | None = None) -> Visible:
    """Bylines and datelines of a page; the authors are those of the byline nearest to the headline."""
    seen = Visible()
    top = next((place for place, element in marks.headlines if element is headline), 0)
    near = list(around(headline)) if headline is not None else []
    _read_dates(near, language, seen)
    _read_names(near, language, seen)
    for element in _nearest(marks.bylines, top):
        texts = list(islice(texts_of(element), MOST))
        if sum(len(text.text) for text in texts) <= LONGEST:
            _read_names(texts, language, seen, said=True)
    for element in _nearest(marks.datelines, top):
        _read_dateline(element, language, seen)
    return seen


def search(body: HtmlElement, language: str | None = None) -> Visible:
    """Bylines, and dates with a word before them, wherever they stand on a page."""
    seen, texts = Visible(), list(texts_of(body))
    _read_names([text for text in texts if len(text.text.split()) <= WORDS_OF_BYLINE], language, seen)
    for before, text in pairwise(texts):
        if _may_be_date(text.text) and _label(before.text, text.text, language):
            _read_date(before.text, text, language, seen)
    return seen


@lru_cache(maxsize=50_000)  # class names repeat, on a page and between the pages of a site
def _kinds(classes: str) -> tuple[bool, bool]:
    """Whether class names speak of a byline, and of a dateline."""
    lower = classes.lower()
    return any(word in lower for word in _BYLINE), any(word in lower for word in _DATELINE)


@lru_cache(maxsize=50_000)
def _names_elsewhere(classes: str) -> bool:
    lower = classes.lower()
    return any(word in lower for word in _ELSEWHERE)


def _nearest(found: Iterable[tuple[int, HtmlElement]], top: int) -> list[HtmlElement]:
    """The candidates that belong to the article, the nearest to its headline first."""
    ordered = sorted(found, key=lambda marked: abs(marked[0] - top))[:MOST]
    return [element for _, element in ordered if not _elsewhere(element)]


def _elsewhere(element: HtmlElement) -> bool:
    """Whether an element stands in a part of the page that is not the article."""
    for outer in (element, *element.iterancestors()):
        if outer.tag in ("footer", "nav", "aside"):
            return True
        if outer.tag not in _WHOLE and (classes := outer.get("class")) and _names_elsewhere(classes):
            return True
    return False


def _read_names(texts: Sequence[Text], language: str | None, seen: Visible, *, said: bool = False) -> None:
    """Read the first byline in some texts; `said`: the markup calls them one. The page's first byline counts."""
    for at, text in enumerate(texts):
        found = names.from_byline(text.text, language)
        if not found and (said or names.is_byword(text.text, language) or _links_author(text)):
            start = at + names.is_byword(text.text, language)
            found = tuple(_names_in_row(texts[start:], language, said=said or start > at))
        if found:
            seen.facts.authors = seen.facts.authors or list(found)
            _add_line(text.element, seen)
            return


def _names_in_row(texts: Sequence[Text], language: str | None, *, said: bool) -> Iterator[str]:
    """The names at the beginning of some texts, as far as commas, "and" or equal markup join them."""
    shape, joined = None, True
    for text in texts:
        if names.is_joiner(text.text, language):
            joined = True
            continue
        people = [name for name in names.split(text.text, language) if names.looks_like_person(name)]
        if not people or not (joined or _shape(text) == shape) or not (said or _links_author(text)):
            return
        yield from people
        shape, joined = _shape(text), text.text.endswith(",")


def _shape(text: Text) -> tuple[str, str | None]:
    return text.element.tag, text.element.get("class")


def _add_line(element: HtmlElement, seen: Visible) -> None:
    if len(element.text_content()) <= LONGEST:
        seen.lines.append(element)


def _links_author(text: Text) -> bool:
    link = text.element if text.element.tag == "a" else text.element.getparent()
    return link is not None and link.tag == "a" and bool(_AUTHOR_LINK.search(link.get("href") or ""))


def _read_dates(texts: Sequence[Text], language: str | None, seen: Visible) -> None:
    """Add the dates among some texts, sorted by what is said of them."""
    before = ""
    for text in texts:
        if _may_be_date(text.text):
            _read_date(before, text, language, seen)
        before = text.text


def _may_be_date(text: str) -> bool:
    return len(text) <= dates.LONGEST and any(map(str.isdigit, text))


def _label(before: str, text: str, language: str | None) -> str | None:
    return dates.label(text, language) or (dates.label(before, language) if len(before) < LABEL else None)


def _read_date(before: str, text: Text, language: str | None, seen: Visible) -> None:
    if len(text.text.split()) <= WORDS_OF_DATELINE and dates.parse(text.text, language):
        updated = _label(before, text.text, language) == "updated"
        (seen.facts.updated if updated else seen.facts.published).append(text.text)
        _add_line(text.element, seen)


def _read_dateline(element: HtmlElement, language: str | None, seen: Visible) -> None:
    machine = element.get("datetime") or element.get("data-datetime") or ""
    texts = list(islice(texts_of(element), WORDS_OF_DATELINE))
    if machine and dates.parse(machine, language):
        updated = dates.label(" ".join(text.text for text in texts), language) == "updated"
        (seen.facts.updated if updated else seen.facts.published).append(machine)
        _add_line(element, seen)
    elif sum(len(text.text) for text in texts) <= LONGEST:
        _read_dates(texts, language, seen)
