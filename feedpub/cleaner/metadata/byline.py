"""Recognise bylines and datelines on the visible page.

Three kinds of evidence are used: short texts around the headline, elements whose class, tag or link
marks them as a byline or a dateline, and, if the page has no author or date anywhere else, all
texts of the page.

Whether a text names an author is decided by `authors`, and whether it is a date by `core.dates`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise, takewhile

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import authors
from feedpub.cleaner.metadata.elements import (
    MIN_PROSE_CHARS,
    Facts,
    TextLine,
    lines_after,
    lines_before,
    text_lines,
)
from feedpub.core import dates

MAX_PAGE_LINES = 2_000  # searched on a page
_MAX_LINE_CHARS = 200  # of an element that is a byline or a dateline
_MAX_LABEL_CHARS = 39  # of a text that describes the date after it
_MAX_MARKED = 40  # elements marked as a byline or a dateline, and texts in one of them
_MAX_DATELINE_WORDS = 14
_MAX_WORDS_OF_DATE = 6  # "Tue Oct 7 09:14:31 UTC 2025"
_MAX_BYLINE_WORDS = 9
_MIN_SENTENCE_SPACES = 7  # a text with as many, and a full stop, is prose and not a dateline
_LINES_OF_SENDER = 6  # texts below a headline that may name the sender of a mail
_LINES_ABOVE = 3  # texts above a headline that may hold its date

_DIGIT = re.compile(r"\d")


@dataclass(slots=True)
class VisibleByline:
    """The authors and dates that the visible page shows.

    Attributes:
        facts: authors and dates, the most reliable first.
        dateline: the first date next to the headline that is not labelled as an update.
        elements: those that hold a byline or a dateline.
    """

    facts: Facts = field(default_factory=Facts)
    dateline: str = ""
    elements: list[HtmlElement] = field(default_factory=list)

    def add_element(self, element: HtmlElement) -> None:
        """Add an element that holds a byline or a dateline, unless it holds more than that."""
        if len(element.text_content()) <= _MAX_LINE_CHARS:
            self.elements.append(element)

    def add_date(self, text: str, element: HtmlElement, *, is_update: bool) -> None:
        """Add the date of an update or of the publication, and the element that shows it."""
        stated = self.facts.updated if is_update else self.facts.published
        stated.append(text)
        self.add_element(element)


def read_visible_byline(headline: HtmlElement, language: str | None = None) -> VisibleByline:
    """Read bylines and datelines around a headline, the nearest first."""
    visible = VisibleByline()
    article = {headline, *headline.iterancestors()}
    below, above = list(lines_after(headline)), list(lines_before(headline))
    near = [*below, *above]
    visible.dateline = _find_dateline(below, article, language)
    if not visible.dateline:
        visible.dateline = _find_dateline(above[_LINES_ABOVE::-1], article, language)
    _add_dates(near, language, visible)
    _add_sender(below[:_LINES_OF_SENDER], language, visible)
    _add_authors(near, language, visible)
    bylines, datelines = find_marked_elements(near, article)
    _add_marked_bylines(bylines, article, language, visible)
    _add_marked_datelines(datelines, article, language, visible)
    return visible


def search_page(
    body: HtmlElement,
    language: str | None,
    visible: VisibleByline,
    *,
    authors: bool,
    published: bool,
) -> None:
    """Search the complete page for bylines, for dates, or for both.

    A date counts if a label or an author's link precedes it, or if it is above the first prose.

    Args:
        body: the page's body.
        language: of the page, BCP 47.
        visible: receives the results.
        authors: search for bylines.
        published: search for dates.
    """
    page, lines = {body}, list(islice(text_lines(body), MAX_PAGE_LINES))
    bylines, datelines = find_marked_elements(lines, page)
    if authors:
        short = [line for line in lines if len(line.text.split()) <= _MAX_BYLINE_WORDS]
        _add_authors(short, language, visible)
        _add_marked_bylines(bylines, page, language, visible)
    if published:
        for before, line in pairwise(lines):
            if not _may_be_date(line.text):
                continue
            if _find_label(before.text, line.text, language) or is_author_link(before):
                _add_date(before.text, line, language, visible)
        _add_marked_datelines(datelines, page, language, visible)
        top = takewhile(lambda line: len(line.text) <= MIN_PROSE_CHARS, lines)
        if dateline := _find_dateline(top, page, language):
            visible.facts.published.append(dateline)


# --- authors ---


def _add_marked_bylines(
    bylines: Iterable[HtmlElement],
    article: AbstractSet[HtmlElement],
    language: str | None,
    visible: VisibleByline,
) -> None:
    """Add the authors in elements that the markup calls bylines."""
    for element in islice(bylines, _MAX_MARKED):
        lines = list(islice(text_lines(element), _MAX_MARKED))
        if _count_chars(lines) <= _MAX_LINE_CHARS and not is_outside_article(element, article):
            _add_authors(lines, language, visible, is_marked=True)


def _count_chars(lines: Iterable[TextLine]) -> int:
    return sum([len(line.text) for line in lines])


def _add_authors(
    lines: Sequence[TextLine],
    language: str | None,
    visible: VisibleByline,
    *,
    is_marked: bool = False,
) -> None:
    """Add the authors in the first byline among some texts, unless the page has authors already.

    Args:
        lines: the texts.
        language: of the page, BCP 47.
        visible: receives the authors, and the element of the byline.
        is_marked: the markup calls the texts a byline.
    """
    for index, line in enumerate(lines):
        has_by = authors.begins_byline(line.text, language)
        if not (has_by or is_marked or is_author_link(line)):
            continue
        found = authors.authors_from_byline(line.text, language) if has_by else ()
        if not found:  # "By" may be an element of its own, before those of the names
            is_by_alone = has_by and authors.is_byword(line.text, language)
            names = _names_at_start(
                lines[index + is_by_alone :],
                language,
                is_marked=is_marked or is_by_alone,
                has_by=is_by_alone,
            )
            found = tuple(names)
        if found:
            visible.facts.authors = visible.facts.authors or list(found)
            visible.add_element(line.element)
            return


def _add_sender(lines: Sequence[TextLine], language: str | None, visible: VisibleByline) -> None:
    """Add the sender of a mail, as archives show it: the text before an address and a date."""
    for name, address, date in zip(lines, lines[1:], lines[2:], strict=False):
        if not _is_mail_link(address.element) or not _is_date(date, language):
            continue
        if not name.text.endswith(":") and (found := authors.split_authors(name.text, language)):
            visible.facts.authors = list(found)
            visible.add_element(name.element)
            visible.add_element(address.element)
        return


def _is_mail_link(element: HtmlElement) -> bool:
    return element.tag == "a" and str(element.get("href", "")).lower().startswith("mailto:")


def _names_at_start(
    lines: Sequence[TextLine], language: str | None, *, is_marked: bool, has_by: bool
) -> Iterator[str]:
    """Yield the names at the start of some texts, while commas, "and" or equal markup join them.

    Args:
        lines: the texts.
        language: of the page, BCP 47.
        is_marked: the markup or a word such as "By" introduces them as names.
        has_by: a word does; then a name may consist of one word.
    """
    markup, is_joined = None, True
    for line in lines:
        if authors.is_joiner(line.text, language):
            is_joined = True
            continue
        if not (is_marked or is_author_link(line)):
            return
        names: list[str] = []
        for name in authors.split_authors(line.text, language):
            is_single = has_by and _is_single_name(name, line)
            if is_single or authors.looks_like_person(name):
                names.append(name)
        line_markup = (line.element.tag, line.element.get("class"))
        continues = is_joined or line_markup == markup
        if not names or not continues:
            return
        yield from names
        markup, is_joined = line_markup, line.text.endswith(",")


def _is_single_name(name: str, line: TextLine) -> bool:
    if " " in name or name.isupper():
        return False
    return name[:1].isupper() or line.element.tag == "a"


# --- dates ---


def _find_dateline(
    lines: Iterable[TextLine], article: AbstractSet[HtmlElement], language: str | None
) -> str:
    """Return the article's first date among some texts, or ""."""
    before = ""
    for line in lines:
        if _is_article_date(before, line, article, language):
            return line.text
        before = line.text
    return ""


def _is_article_date(
    before: str, line: TextLine, article: AbstractSet[HtmlElement], language: str | None
) -> bool:
    """Return True for a date, unless it is another one, in a table or outside the article."""
    if line.element.tag in ("td", "th") or not _is_date(line, language):
        return False
    if _find_label(before, line.text, language) in ("updated", "other"):
        return False
    return not is_outside_article(line.element, article)


def _add_marked_datelines(
    datelines: Iterable[HtmlElement],
    article: AbstractSet[HtmlElement],
    language: str | None,
    visible: VisibleByline,
) -> None:
    """Add the dates in elements that the markup calls datelines."""
    for element in islice(datelines, _MAX_MARKED):
        if not is_outside_article(element, article):
            _add_marked_dateline(element, language, visible)


def _add_marked_dateline(
    element: HtmlElement, language: str | None, visible: VisibleByline
) -> None:
    machine_date = element.get("datetime") or element.get("data-datetime") or ""
    if element.tag == "abbr":  # microformats
        machine_date = machine_date or element.get("title") or ""
    lines = list(islice(text_lines(element), _MAX_DATELINE_WORDS))
    if dates.parse_page_date(machine_date, language):
        shown = " ".join([line.text for line in lines])
        is_update = dates.find_date_label(shown, language) == "updated"
        visible.add_date(machine_date, element, is_update=is_update)
    elif _count_chars(lines) <= _MAX_LINE_CHARS:
        _add_dates(lines, language, visible)


def _add_dates(lines: Sequence[TextLine], language: str | None, visible: VisibleByline) -> None:
    before = ""
    for line in lines:
        if _may_be_date(line.text):
            _add_date(before, line, language, visible)
        before = line.text


def _add_date(before: str, line: TextLine, language: str | None, visible: VisibleByline) -> None:
    """Add a text, if it is a date, as the date of an update or of the publication."""
    label = _find_label(before, line.text, language)
    if label != "other" and _is_date(line, language):
        visible.add_date(line.text, line.element, is_update=label == "updated")


def _is_date(line: TextLine, language: str | None) -> bool:
    """Return True for a short text with a date, unless it is preformatted and has other words."""
    text = line.text
    if not _may_be_date(text) or len(text.split()) > _MAX_DATELINE_WORDS:
        return False
    if dates.parse_page_date(text, language) is None:
        return False
    is_code = line.element.tag == "pre" or next(line.element.iterancestors("pre"), None) is not None
    return not is_code or len(text.split()) <= _MAX_WORDS_OF_DATE


def _may_be_date(text: str) -> bool:
    """Return False quickly for most texts that are not dates."""
    is_sentence = text.endswith(".") and text.count(" ") >= _MIN_SENTENCE_SPACES
    return len(text) <= dates.MAX_DATE_CHARS and not is_sentence and bool(_DIGIT.search(text))


def _find_label(before: str, text: str, language: str | None) -> str | None:
    """Return the meaning of the label in a date's text, or else in the text before it."""
    label = dates.find_date_label(text, language)
    if label is None and len(before) <= _MAX_LABEL_CHARS:
        return dates.find_date_label(before, language)
    return label


# --- markup ---

_BYLINE_CLASSES = (
    "byline", "by-line", "by_line", "author", "autor", "auteur", "writer", "contributor", "redakt",
    "forfatter",
)  # fmt: skip
_DATELINE_CLASSES = ("date", "time", "publi", "posted", "datum", "fecha", "zeit")
_OUTSIDE_CLASSES = re.compile(
    r"(?<![a-z])(?:comments?|related|recommend\w*|sidebar|teasers?|cards?"
    r"|(?<!elementor-)widgets?|popular|trending|promo\w*|latest|carousel|archives?|menu|nav|navbar"
    r"|navigation|ticker|recirc|feed|most|more)(?![a-z])"
)
_FOOTER_CLASS = re.compile(r"(?<![a-z])footer(?![a-z])")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OUTSIDE_TAGS = ("nav", "aside")
# Their classes describe the page, not a part of it.
_PAGE_TAGS = frozenset(("html", "body", "main", "article"))
_AUTHOR_PATH = re.compile(
    r"/(?:authors?|autor(?:en|es|i)?|auteurs?|profiles?|people|contributors?|writers?|staff"
    r"|journalists?|reporters?|by|columnists?|team|redaktion|experts?|byline|u|user|bio)/[^/]",
    re.IGNORECASE,
)


def find_marked_elements(
    lines: Iterable[TextLine], article: AbstractSet[HtmlElement]
) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """Return the elements around some texts that are marked as bylines, and as datelines.

    Args:
        lines: the texts.
        article: the elements that contain the headline; they are not considered.
    """
    bylines, datelines = [], []
    visited = set(article)
    for line in lines:
        for element in _visit(line.element, visited):
            is_byline, is_dateline = _classify(element.get("class") or element.get("id") or "")
            links_author = element.tag == "a" and "author" in element.get("rel", "")
            if is_byline or links_author:
                bylines.append(element)
            # Scripts turn elements such as <relative-time datetime="…"> into a date.
            if is_dateline or element.tag == "time" or element.get("datetime"):
                datelines.append(element)
    return bylines, datelines


def _visit(element: HtmlElement | None, visited: set[HtmlElement]) -> list[HtmlElement]:
    """Return an element and its ancestors up to the first visited one, the outermost first."""
    found = []
    while element is not None and element not in visited:
        visited.add(element)
        found.append(element)
        element = element.getparent()
    return found[::-1]


@lru_cache(maxsize=50_000)  # class names repeat on a page and across the pages of a site
def _classify(classes: str) -> tuple[bool, bool]:
    """Return whether class names mark a byline, and whether they mark a dateline."""
    lower = classes.lower()
    is_byline = any(word in lower for word in _BYLINE_CLASSES)
    is_dateline = any(word in lower for word in _DATELINE_CLASSES)
    return is_byline, is_dateline


@lru_cache(maxsize=50_000)
def _marks_outside(classes: str) -> bool:
    return bool(_OUTSIDE_CLASSES.search(_CAMEL_CASE.sub("-", classes).lower()))


def is_outside_article(element: HtmlElement, article: AbstractSet[HtmlElement]) -> bool:
    """Return True if an element is in a part of the page that is not the article.

    Args:
        element: the element.
        article: the elements that contain the headline.
    """
    for outer in (element, *element.iterancestors()):
        if outer in article:
            return False
        classes = outer.get("class", "")
        if _is_page_part(outer, classes):
            is_byline, _ = _classify(classes)
            if not is_byline:
                return True
    return False


def _is_page_part(element: HtmlElement, classes: str) -> bool:
    """Return True for navigation, lists of other articles, comments, and the page's footer."""
    if element.tag in _OUTSIDE_TAGS:
        return True
    if element.tag not in _PAGE_TAGS and _marks_outside(classes):
        return True
    return _is_page_footer(element, classes)


def _is_page_footer(element: HtmlElement, classes: str) -> bool:
    """Return True for a footer, except an article's own: HTML's place for author and date."""
    is_footer = element.tag == "footer"
    if not is_footer and element.tag not in _PAGE_TAGS:
        is_footer = bool(_FOOTER_CLASS.search(classes.lower()))
    return is_footer and next(element.iterancestors("article"), None) is None


def is_author_link(line: TextLine) -> bool:
    """Return True if a text is a link to an author's page."""
    link = line.element
    if link.tag != "a":
        link = link.getparent()
    if link is None or link.tag != "a":
        return False
    return bool(_AUTHOR_PATH.search(link.get("href", "")))
