"""The visible page → Facts: bylines and datelines as people see them, and the elements that hold them.

Looked at are the short texts around the headline, the elements whose class or link names an author or a date, and,
where a page says it nowhere else, all its texts. What a name or a date is, `names` and `dates` know.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice, pairwise, takewhile

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import dates, names
from feedpub.cleaner.metadata.facts import Facts
from feedpub.cleaner.metadata.markup import elsewhere, links_author, marked
from feedpub.cleaner.metadata.texts import PROSE, Text, after, before, texts_of

LONGEST = 200  # characters of an element that is a byline or a dateline
LABEL = 40  # characters of a text that says what the date after it is
MOST = 40  # candidates by class, and texts of one
FURTHEST = 2_000  # texts of a page that are searched
JUST_ABOVE = 3  # texts above a headline among which its date may stand
WORDS_OF_DATELINE = 14
WORDS_OF_BYLINE = 9
WORDS_OF_SENTENCE = 7  # and a full stop: prose, not a dateline

_DIGIT = re.compile(r"\d")


@dataclass(slots=True)
class Visible:
    """What the visible page says.

    Attributes:
        facts: authors and dates, the most telling first.
        dateline: the first date beside the headline that is not said to be of an update.
        lines: elements that hold a byline or a dateline.
    """

    facts: Facts = field(default_factory=Facts)
    dateline: str = ""
    lines: list[HtmlElement] = field(default_factory=list)


def read(headline: HtmlElement, language: str | None = None) -> Visible:
    """Bylines and datelines around a headline, the nearest first."""
    seen, article = Visible(), {headline, *headline.iterancestors()}
    below, above = list(after(headline)), list(before(headline))
    near = [*below, *above]
    seen.dateline = _dateline(below, article, language) or _dateline(above[JUST_ABOVE::-1], article, language)
    _read_dates(near, language, seen)
    _read_names(near, language, seen)
    bylines, datelines = marked(near, article)
    _read_bylines(bylines, article, language, seen)
    _read_datelines(datelines, article, language, seen)
    return seen


def search(body: HtmlElement, language: str | None, seen: Visible, *, authors: bool, published: bool) -> None:
    """Look on a whole page for what is wanted: bylines, and dates with a word before them or above the first prose."""
    page, texts = {body}, list(islice(texts_of(body), FURTHEST))
    bylines, datelines = marked(texts, page)
    if authors:
        _read_names([text for text in texts if len(text.text.split()) <= WORDS_OF_BYLINE], language, seen)
        _read_bylines(bylines, page, language, seen)
    if published:
        for said, text in pairwise(texts):
            if _may_be_date(text.text) and (_label(said.text, text.text, language) or links_author(said)):
                _read_date(said.text, text, language, seen)
        _read_datelines(datelines, page, language, seen)
        top = takewhile(lambda text: len(text.text) <= PROSE, texts)
        seen.facts.published += filter(None, [_dateline(top, page, language)])


def _read_bylines(
    bylines: Iterable[HtmlElement], article: AbstractSet[HtmlElement], language: str | None, seen: Visible
) -> None:
    """Read elements that the markup calls bylines."""
    for element in islice(bylines, MOST):
        texts = list(islice(texts_of(element), MOST))
        if sum(len(text.text) for text in texts) <= LONGEST and not elsewhere(element, article):
            _read_names(texts, language, seen, said=True)


def _read_datelines(
    datelines: Iterable[HtmlElement], article: AbstractSet[HtmlElement], language: str | None, seen: Visible
) -> None:
    """Read elements that the markup calls datelines."""
    for element in islice(datelines, MOST):
        if not elsewhere(element, article):
            _read_dateline(element, language, seen)


def _read_names(texts: Sequence[Text], language: str | None, seen: Visible, *, said: bool = False) -> None:
    """Read the first byline in some texts; `said`: the markup calls them one. The page's first byline counts."""
    for at, text in enumerate(texts):
        by = names.begins_byline(text.text, language)
        if not (by or said or links_author(text)):
            continue
        found = names.from_byline(text.text, language) if by else ()
        if not found:
            alone = by and names.is_byword(text.text, language)
            found = tuple(_names_in_row(texts[at + alone :], language, said=said or alone, by=alone))
        if found:
            seen.facts.authors = seen.facts.authors or list(found)
            _add_line(text.element, seen)
            return


def _names_in_row(texts: Sequence[Text], language: str | None, *, said: bool, by: bool) -> Iterator[str]:
    """The names at the beginning of some texts, as far as commas, "and" or equal markup join them.

    `said`: the markup or a word calls them names. `by`: a word does; then a name may be a single one.
    """
    shape, joined = None, True
    for text in texts:
        if names.is_joiner(text.text, language):
            joined = True
            continue
        people = [name for name in names.split(text.text, language) if _is_name(name, text, by=by)]
        if not people or not (joined or _shape(text) == shape) or not (said or links_author(text)):
            return
        yield from people
        shape, joined = _shape(text), text.text.endswith(",")


def _is_name(name: str, text: Text, *, by: bool) -> bool:
    single = by and " " not in name and not name.isupper() and (name[:1].isupper() or text.element.tag == "a")
    return single or names.looks_like_person(name)


def _shape(text: Text) -> tuple[str, str | None]:
    return text.element.tag, text.element.get("class")


def _add_line(element: HtmlElement, seen: Visible) -> None:
    if len(element.text_content()) <= LONGEST:
        seen.lines.append(element)


def _read_dates(texts: Sequence[Text], language: str | None, seen: Visible) -> None:
    """Add the dates among some texts, sorted by what is said of them."""
    before = ""
    for text in texts:
        if _may_be_date(text.text):
            _read_date(before, text, language, seen)
        before = text.text


def _dateline(texts: Iterable[Text], article: AbstractSet[HtmlElement], language: str | None) -> str:
    """The first date of the article among some texts, no update's, no table's, or ""."""
    said = ""
    for text in texts:
        first = _is_date(text.text, language) and _label(said, text.text, language) != "updated"
        if first and text.element.tag not in ("td", "th") and not elsewhere(text.element, article):
            return text.text
        said = text.text
    return ""


def _is_date(text: str, language: str | None) -> bool:
    short = _may_be_date(text) and len(text.split()) <= WORDS_OF_DATELINE
    return short and dates.parse(text, language) is not None


def _may_be_date(text: str) -> bool:
    sentence = text.endswith(".") and text.count(" ") >= WORDS_OF_SENTENCE
    return len(text) <= dates.LONGEST and not sentence and bool(_DIGIT.search(text))


def _label(before: str, text: str, language: str | None) -> str | None:
    return dates.label(text, language) or (dates.label(before, language) if len(before) < LABEL else None)


def _read_date(before: str, text: Text, language: str | None, seen: Visible) -> None:
    if _is_date(text.text, language):
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
