"""The texts of a page in the order of reading, each with its element.

Within an element, and around one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise, takewhile

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import authors
from feedpub.cleaner.metadata.facts import Facts
from feedpub.cleaner.segment import is_permalink
from feedpub.core import dates

BEFORE, AFTER = 40, 160  # texts around a headline that are looked at
MIN_PROSE_CHARS = 160  # characters; after three such texts the article has begun
STANDFIRST = 2  # texts as long as prose that may stand between the headline and the byline
MOST_TEXTS = 400  # elements in one line

_SKIPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "svg",
        "template",
        "button",
        "select",
        "option",
        "textarea",
        "nav",
    )
)
_BREAKING = frozenset(("br", "div", "p", "h1", "h2", "h3", "h4", "li"))


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text of the page, on one line, and the element that it stands in."""

    text: str
    element: HtmlElement


def text_lines(element: HtmlElement) -> Iterator[TextLine]:
    """The texts within an element, in order, looking no further than is asked for."""
    if element.tag in _SKIPPED:
        return
    if text := _own(element):
        yield text
    around = [(element, iter(element))]
    while around:
        outer, children = around[-1]
        if (child := next(children, None)) is None:  # the outer one is read
            around.pop()
            child, outer = outer, around[-1][0] if around else None
        elif child.tag not in _SKIPPED and isinstance(child.tag, str):
            if text := _own(child):
                yield text
            if len(child):
                around.append((child, iter(child)))
                continue
        if outer is not None and (tail := to_one_line(child.tail)):
            yield TextLine(tail, outer)


def _own(element: HtmlElement) -> TextLine | None:
    """The text before an element's first child.

    Of a time that scripts would fill in an empty one.
    """
    text = to_one_line(element.text)
    return TextLine(text, element) if text or element.tag == "time" else None


def lines_after(headline: HtmlElement) -> Iterator[TextLine]:
    """The texts after a headline up to the article's first paragraphs."""
    prose = 0
    for text in islice(_following(headline), AFTER):
        prose += len(text.text) > MIN_PROSE_CHARS
        if prose > STANDFIRST:
            return
        yield text


def lines_before(headline: HtmlElement) -> Iterator[TextLine]:
    """The texts just before a headline, backwards."""
    return islice(_preceding(headline), BEFORE)


def text_line(element: HtmlElement) -> str:
    """An element's text on one line, without its link to itself.

    A break is a space. Of a monster the beginning.
    """
    parts = []
    for part in islice(
        element.iter(), MOST_TEXTS
    ):  # headings within headings would take square time
        inner = part is not element
        if inner and part.tag in _BREAKING:
            parts.append(" ")
        if isinstance(part.tag, str) and part.tag not in _SKIPPED and not is_permalink(part):
            parts.append(part.text or "")
        if inner:
            parts.append(part.tail or "")
    return to_one_line("".join(parts))


def to_one_line(text: str | None) -> str:
    """A text with single spaces; "" for none."""
    return " ".join(text.split()) if text and not text.isspace() else ""


def _following(element: HtmlElement) -> Iterator[TextLine]:
    while (parent := element.getparent()) is not None:
        for sibling in element.itersiblings():
            yield from text_lines(sibling)
            if tail := to_one_line(sibling.tail):
                yield TextLine(tail, parent)
        element = parent


def _preceding(element: HtmlElement) -> Iterator[TextLine]:
    while (parent := element.getparent()) is not None and parent.tag != "body":
        for sibling in element.itersiblings(preceding=True):
            yield from reversed(list(islice(text_lines(sibling), BEFORE)))
        element = parent


# SECTION: What the markup says of an element: that it is a byline, a dateline, or stands in a
# part that is not the article.
#
# Owns the class names, tags and link addresses that say so. What an element's text says, `names`
# and `dates` know.

_BYLINE = (
    "byline",
    "by-line",
    "by_line",
    "author",
    "autor",
    "auteur",
    "writer",
    "contributor",
    "redakt",
    "forfatter",
)
_DATELINE = ("date", "time", "publi", "posted", "datum", "fecha", "zeit")
_ELSEWHERE = re.compile(
    r"(?<![a-z])(?:comments?|related|recommend\w*|sidebar|teasers?|cards?|(?<!elementor-)widgets?|popular|trending"
    r"|promo\w*|latest|carousel|archives?|menu|nav|navbar|navigation|ticker|recirc|feed|most|more)(?![a-z])"
)
_FOOTER = re.compile(r"(?<![a-z])footer(?![a-z])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OUTSIDE = ("nav", "aside")
_WHOLE = frozenset(
    ("html", "body", "main", "article")
)  # their classes speak of the page, not of a part of it
_AUTHOR_LINK = re.compile(
    r"/(?:authors?|autor(?:en|es|i)?|auteurs?|profiles?|people|contributors?|writers?|staff|journalists?|reporters?|by"
    r"|columnists?|team|redaktion|experts?|byline|u|user|bio)/[^/]",
    re.IGNORECASE,
)


def marked_bylines(
    texts: Iterable[TextLine], article: AbstractSet[HtmlElement]
) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """The elements around some texts whose tag, class or link says that they are a byline.

    And a dateline.
    """
    bylines, datelines = [], []
    passed = set(article)
    for text in texts:
        for element in _not_passed(text.element, passed):
            classes = element.get("class") or element.get("id")
            byline, dateline = _kinds(classes) if classes else (False, False)
            if byline or (element.tag == "a" and "author" in (element.get("rel") or "")):
                bylines.append(element)
            if dateline or element.tag == "time":
                datelines.append(element)
    return bylines, datelines


def _not_passed(element: HtmlElement | None, passed: set[HtmlElement]) -> list[HtmlElement]:
    """An element and those around it that have not been passed yet, the outermost first."""
    found = []
    while element is not None and element not in passed:
        passed.add(element)
        found.append(element)
        element = element.getparent()
    return found[::-1]


@lru_cache(maxsize=50_000)  # class names repeat, on a page and between the pages of a site
def _kinds(classes: str) -> tuple[bool, bool]:
    """Whether class names speak of a byline, and of a dateline."""
    lower = classes.lower()
    return any(word in lower for word in _BYLINE), any(word in lower for word in _DATELINE)


@lru_cache(maxsize=50_000)
def _speaks_of_elsewhere(classes: str) -> bool:
    return bool(_ELSEWHERE.search(_HUMP.sub("-", classes).lower()))


def is_elsewhere(element: HtmlElement, article: AbstractSet[HtmlElement]) -> bool:
    """Whether an element stands in a part of the page that is not the article.

    `article` has what holds both.
    """
    for outer in (element, *element.iterancestors()):
        if outer in article:
            return False
        classes = outer.get("class") or ""
        outside = outer.tag in _OUTSIDE or (
            outer.tag not in _WHOLE and _speaks_of_elsewhere(classes)
        )
        if (outside or _ends_page(outer, classes)) and not _kinds(classes)[0]:
            return True
    return False


def _ends_page(element: HtmlElement, classes: str) -> bool:
    """Whether it is a page's footer.

    An article's own is where HTML wants to be told who wrote it, and when.
    """
    footer = element.tag == "footer" or (
        element.tag not in _WHOLE and bool(_FOOTER.search(classes.lower()))
    )
    return footer and next(element.iterancestors("article"), None) is None


def links_to_author(text: TextLine) -> bool:
    """Whether a text is a link to an author's page."""
    link = text.element if text.element.tag == "a" else text.element.getparent()
    return (
        link is not None and link.tag == "a" and bool(_AUTHOR_LINK.search(link.get("href") or ""))
    )


# SECTION: The visible page → Facts: bylines and datelines as people see them, and the elements
# that hold them.
#
# Looked at are the short texts around the headline, the elements whose class or link names an
# author or a date, and,
# where a page says it nowhere else, all its texts. What a name or a date is, `names` and `dates`
# know.

LONGEST = 200  # characters of an element that is a byline or a dateline
LABEL = 40  # characters of a text that says what the date after it is
MOST = 40  # candidates by class, and texts of one
MAX_DISTANCE = 2_000  # texts of a page that are searched
JUST_ABOVE = 3  # texts above a headline among which its date may stand
WORDS_OF_DATELINE = 14
WORDS_OF_BYLINE = 9
WORDS_OF_SENTENCE = 7  # and a full stop: prose, not a dateline

_DIGIT = re.compile(r"\d")


@dataclass(slots=True)
class VisibleByline:
    """What the visible page says.

    Attributes:
        facts: authors and dates, the most telling first.
        dateline: the first date beside the headline that is not said to be of an update.
        lines: elements that hold a byline or a dateline.
    """

    facts: Facts = field(default_factory=Facts)
    dateline: str = ""
    lines: list[HtmlElement] = field(default_factory=list)


def read_visible_byline(headline: HtmlElement, language: str | None = None) -> VisibleByline:
    """Bylines and datelines around a headline, the nearest first."""
    seen, article = VisibleByline(), {headline, *headline.iterancestors()}
    below, above = list(lines_after(headline)), list(lines_before(headline))
    near = [*below, *above]
    seen.dateline = _dateline(below, article, language) or _dateline(
        above[JUST_ABOVE::-1], article, language
    )
    _read_dates(near, language, seen)
    _read_names(near, language, seen)
    bylines, datelines = marked_bylines(near, article)
    _read_bylines(bylines, article, language, seen)
    _read_datelines(datelines, article, language, seen)
    return seen


def search_bylines(
    body: HtmlElement, language: str | None, seen: VisibleByline, *, authors: bool, published: bool
) -> None:
    """Look on a whole page for what is wanted.

    Bylines, and dates with a word before them or above the first prose.
    """
    page, texts = {body}, list(islice(text_lines(body), MAX_DISTANCE))
    bylines, datelines = marked_bylines(texts, page)
    if authors:
        _read_names(
            [text for text in texts if len(text.text.split()) <= WORDS_OF_BYLINE], language, seen
        )
        _read_bylines(bylines, page, language, seen)
    if published:
        for said, text in pairwise(texts):
            if _may_be_date(text.text) and (
                _label(said.text, text.text, language) or links_to_author(said)
            ):
                _read_date(said.text, text, language, seen)
        _read_datelines(datelines, page, language, seen)
        top = takewhile(lambda text: len(text.text) <= MIN_PROSE_CHARS, texts)
        seen.facts.published += filter(None, [_dateline(top, page, language)])


def _read_bylines(
    bylines: Iterable[HtmlElement],
    article: AbstractSet[HtmlElement],
    language: str | None,
    seen: VisibleByline,
) -> None:
    """Read elements that the markup calls bylines."""
    for element in islice(bylines, MOST):
        texts = list(islice(text_lines(element), MOST))
        if sum(len(text.text) for text in texts) <= LONGEST and not is_elsewhere(element, article):
            _read_names(texts, language, seen, said=True)


def _read_datelines(
    datelines: Iterable[HtmlElement],
    article: AbstractSet[HtmlElement],
    language: str | None,
    seen: VisibleByline,
) -> None:
    """Read elements that the markup calls datelines."""
    for element in islice(datelines, MOST):
        if not is_elsewhere(element, article):
            _read_dateline(element, language, seen)


def _read_names(
    texts: Sequence[TextLine], language: str | None, seen: VisibleByline, *, said: bool = False
) -> None:
    """Read the first byline in some texts.

    `said`: the markup calls them one. The page's first byline counts.
    """
    for at, text in enumerate(texts):
        by = authors.begins_byline(text.text, language)
        if not (by or said or links_to_author(text)):
            continue
        found = authors.authors_from_byline(text.text, language) if by else ()
        if not found:
            alone = by and authors.is_byword(text.text, language)
            found = tuple(
                _names_in_row(texts[at + alone :], language, said=said or alone, by=alone)
            )
        if found:
            seen.facts.authors = seen.facts.authors or list(found)
            _add_line(text.element, seen)
            return


def _names_in_row(
    texts: Sequence[TextLine], language: str | None, *, said: bool, by: bool
) -> Iterator[str]:
    """The names at the beginning of some texts, as far as commas, "and" or equal markup join them.

    `said`: the markup or a word calls them names. `by`: a word does; then a name may be a single
    one.
    """
    shape, joined = None, True
    for text in texts:
        if authors.is_joiner(text.text, language):
            joined = True
            continue
        people = [
            name
            for name in authors.split_authors(text.text, language)
            if _is_name(name, text, by=by)
        ]
        if (
            not people
            or not (joined or _shape(text) == shape)
            or not (said or links_to_author(text))
        ):
            return
        yield from people
        shape, joined = _shape(text), text.text.endswith(",")


def _is_name(name: str, text: TextLine, *, by: bool) -> bool:
    single = (
        by
        and " " not in name
        and not name.isupper()
        and (name[:1].isupper() or text.element.tag == "a")
    )
    return single or authors.looks_like_person(name)


def _shape(text: TextLine) -> tuple[str, str | None]:
    return text.element.tag, text.element.get("class")


def _add_line(element: HtmlElement, seen: VisibleByline) -> None:
    if len(element.text_content()) <= LONGEST:
        seen.lines.append(element)


def _read_dates(texts: Sequence[TextLine], language: str | None, seen: VisibleByline) -> None:
    """Add the dates among some texts, sorted by what is said of them."""
    before = ""
    for text in texts:
        if _may_be_date(text.text):
            _read_date(before, text, language, seen)
        before = text.text


def _dateline(
    texts: Iterable[TextLine], article: AbstractSet[HtmlElement], language: str | None
) -> str:
    """The first date of the article among some texts, no update's, no table's, or ""."""
    said = ""
    for text in texts:
        first = _is_date(text.text, language) and _label(said, text.text, language) != "updated"
        if (
            first
            and text.element.tag not in ("td", "th")
            and not is_elsewhere(text.element, article)
        ):
            return text.text
        said = text.text
    return ""


def _is_date(text: str, language: str | None) -> bool:
    short = _may_be_date(text) and len(text.split()) <= WORDS_OF_DATELINE
    return short and dates.parse_page_date(text, language) is not None


def _may_be_date(text: str) -> bool:
    sentence = text.endswith(".") and text.count(" ") >= WORDS_OF_SENTENCE
    return len(text) <= dates.MAX_DATE_CHARS and not sentence and bool(_DIGIT.search(text))


def _label(before: str, text: str, language: str | None) -> str | None:
    return dates.find_date_label(text, language) or (
        dates.find_date_label(before, language) if len(before) < LABEL else None
    )


def _read_date(before: str, text: TextLine, language: str | None, seen: VisibleByline) -> None:
    if _is_date(text.text, language):
        updated = _label(before, text.text, language) == "updated"
        (seen.facts.updated if updated else seen.facts.published).append(text.text)
        _add_line(text.element, seen)


def _read_dateline(element: HtmlElement, language: str | None, seen: VisibleByline) -> None:
    machine = element.get("datetime") or element.get("data-datetime") or ""
    texts = list(islice(text_lines(element), WORDS_OF_DATELINE))
    if machine and dates.parse_page_date(machine, language):
        updated = (
            dates.find_date_label(" ".join(text.text for text in texts), language) == "updated"
        )
        (seen.facts.updated if updated else seen.facts.published).append(machine)
        _add_line(element, seen)
    elif sum(len(text.text) for text in texts) <= LONGEST:
        _read_dates(texts, language, seen)
