"""The visible page → Facts: headlines, bylines and datelines as people see them, and the elements that hold them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import dates, names
from feedpub.cleaner.metadata.facts import Facts

LONGEST = 220  # characters of a byline's or dateline's element
MOST = 60  # candidates looked at
NEAR = 80  # elements after the headline in which a byline without a class is looked for

_BYLINE = re.compile(
    r"by-?_?line|author|autor(?!i[sz])|auteur|writer|contributor|redakteur|skribent|verfasser|forfatter", re.I
)
_DATELINE = re.compile(r"date|time|publi|posted|pub-|datum|fecha|zeit", re.I)
_ELSEWHERE = re.compile(
    r"comment|related|recommend|sidebar|footer|teaser|card|widget|most|popular|trending|promo|newsletter|latest|carousel|archive|menu|nav|ticker",
    re.I,
)


@dataclass(slots=True)
class Visible:
    """What the visible page says.

    Attributes:
        facts: authors and dates, those nearest to the headline first.
        headlines: the h1 elements' texts, in order.
        lines: elements that hold a byline or a dateline and nothing else.
    """

    facts: Facts = field(default_factory=Facts)
    headlines: list[str] = field(default_factory=list)
    lines: list[HtmlElement] = field(default_factory=list)


@dataclass(slots=True)
class _Marks:
    """Elements of interest, each with its place in the document."""

    headlines: list[tuple[int, HtmlElement]] = field(default_factory=list)
    bylines: list[tuple[int, HtmlElement]] = field(default_factory=list)
    datelines: list[tuple[int, HtmlElement]] = field(default_factory=list)


def read(tree: HtmlElement, language: str | None = None) -> Visible:
    """Headlines, bylines and datelines of a page."""
    marks, seen = _marks(tree), Visible()
    seen.headlines = [text for _, element in marks.headlines if (text := text_of(element))]
    top = marks.headlines[0][0] if marks.headlines else 0
    for element in _nearest(marks.bylines, top):
        _read_byline(element, language, seen)
    for element in _nearest(marks.datelines, top):
        _read_dateline(element, language, seen)
    return seen


def text_of(element: HtmlElement) -> str:
    """An element's text on one line."""
    return " ".join(element.text_content().split())


def _marks(tree: HtmlElement) -> _Marks:
    """One walk over the page: what looks by its tag or class like a headline, a byline or a dateline."""
    marks, known = _Marks(), {}
    for place, element in enumerate(tree.iter()):
        tag = element.tag
        if tag == "h1":
            marks.headlines.append((place, element))
        elif tag == "time":
            marks.datelines.append((place, element))
        classes = element.get("class")
        if classes is not None:
            kinds = known.get(classes)
            if kinds is None:
                kinds = known[classes] = (bool(_BYLINE.search(classes)), bool(_DATELINE.search(classes)))
            if kinds[0]:
                marks.bylines.append((place, element))
            if kinds[1] and tag != "time":
                marks.datelines.append((place, element))
        elif tag == "a" and "author" in (element.get("rel") or ""):
            marks.bylines.append((place, element))
    return marks


def _nearest(found: Iterable[tuple[int, HtmlElement]], top: int) -> list[HtmlElement]:
    """The candidates that belong to the article, the nearest to its headline first."""
    ordered = sorted(found, key=lambda mark: abs(mark[0] - top))[:MOST]
    return [element for _, element in ordered if not _elsewhere(element)]


def _elsewhere(element: HtmlElement) -> bool:
    """Whether an element stands in a part of the page that is not the article."""
    for outer in (element, *element.iterancestors()):
        if outer.tag in ("footer", "nav", "aside") or (
            outer.tag not in ("body", "html", "main", "article") and _ELSEWHERE.search(outer.get("class") or "")
        ):
            return True
    return False


def _read_byline(element: HtmlElement, language: str | None, seen: Visible) -> None:
    text = text_of(element)
    if not text or len(text) > LONGEST:
        return
    links = [
        text_of(link) for link in element.iter("a") if "author" in (link.get("rel") or "") + (link.get("href") or "")
    ]
    found = [name for link in links for name in names.split(link, language)] or list(names.from_byline(text, language))
    found = found or [name for name in names.split(text, language) if names.looks_like_person(name)]
    if found:
        seen.facts.authors += found
        seen.lines.append(element)


def _read_dateline(element: HtmlElement, language: str | None, seen: Visible) -> None:
    text = text_of(element)
    if len(text) > LONGEST:
        return
    machine = element.get("datetime") or element.get("data-datetime") or ""
    if dates.parse(machine, language) or dates.parse(text, language):
        seen.facts.published.append(machine if dates.parse(machine, language) else text)
        seen.lines.append(element)
