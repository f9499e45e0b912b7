"""Collect the elements that metadata is read from, and read a page's texts in reading order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from lxml.html import HtmlElement

from feedpub.cleaner.segment import is_permalink

TAGS = ("meta", "link", "title", "script", "base", "h1", "h2")
MAX_ELEMENTS = 500  # of each tag

HeadElements: TypeAlias = Mapping[str, Sequence[HtmlElement]]
MIN_PROSE_CHARS = 160
_MAX_LINES_BEFORE, _MAX_LINES_AFTER = 40, 160
_MAX_PROSE_LINES = 2  # the byline may follow a standfirst; then the article has begun
_MAX_ELEMENTS = 400  # in one line: headings nested in headings would take quadratic time

_SKIPPED = frozenset(
    "script style noscript svg template button select option textarea nav".split()  # noqa: SIM905 -- words
)
_BREAKING = frozenset(("br", "div", "p", "h1", "h2", "h3", "h4", "li"))


def collect_elements(tree: HtmlElement) -> HeadElements:
    """Return the first elements of each tag in `TAGS`, in document order."""
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in TAGS}
    for element in tree.iter(*TAGS):
        found[element.tag].append(element)
    return {tag: elements[:MAX_ELEMENTS] for tag, elements in found.items()}


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text of the page on one line, and the element that contains it."""

    text: str
    element: HtmlElement


def text_lines(element: HtmlElement) -> Iterator[TextLine]:
    """Yield the texts within an element in order, lazily."""
    if element.tag in _SKIPPED:
        return
    if line := _own_line(element):
        yield line
    open_elements = [(element, iter(element))]
    while open_elements:
        outer, children = open_elements[-1]
        child = next(children, None)
        if child is None:  # `outer` has been read; its tail belongs to the element around it
            open_elements.pop()
            child, outer = outer, open_elements[-1][0] if open_elements else None
        elif child.tag not in _SKIPPED and isinstance(child.tag, str):
            if line := _own_line(child):
                yield line
            if len(child):
                open_elements.append((child, iter(child)))
                continue
        if outer is not None and (tail := to_one_line(child.tail)):
            yield TextLine(tail, outer)


def _own_line(element: HtmlElement) -> TextLine | None:
    """Return the text before an element's first child.

    An empty `<time>` gives an empty line: scripts fill it in, but its attribute has the date.
    """
    text = to_one_line(element.text)
    return TextLine(text, element) if text or element.tag == "time" else None


def lines_after(headline: HtmlElement) -> Iterator[TextLine]:
    """Yield the texts after a headline, up to the article's first paragraphs."""
    prose_lines = 0
    for line in islice(_following_lines(headline), _MAX_LINES_AFTER):
        prose_lines += len(line.text) > MIN_PROSE_CHARS
        if prose_lines > _MAX_PROSE_LINES:
            return
        yield line


def lines_before(headline: HtmlElement) -> Iterator[TextLine]:
    """Yield the texts before a headline, the nearest first."""
    return islice(_preceding_lines(headline), _MAX_LINES_BEFORE)


def _following_lines(element: HtmlElement) -> Iterator[TextLine]:
    while (parent := element.getparent()) is not None:
        for sibling in element.itersiblings():
            yield from text_lines(sibling)
            if tail := to_one_line(sibling.tail):
                yield TextLine(tail, parent)
        element = parent


def _preceding_lines(element: HtmlElement) -> Iterator[TextLine]:
    while (parent := element.getparent()) is not None and parent.tag != "body":
        for sibling in element.itersiblings(preceding=True):
            lines = list(islice(text_lines(sibling), _MAX_LINES_BEFORE))
            yield from reversed(lines)
        element = parent


def text_line(element: HtmlElement) -> str:
    """Return an element's text on one line, without its permalink.

    A line break becomes a space. Of a huge element only the beginning is read.
    """
    parts = []
    for part in islice(element.iter(), _MAX_ELEMENTS):
        is_inner = part is not element
        if is_inner and part.tag in _BREAKING:
            parts.append(" ")
        if isinstance(part.tag, str) and part.tag not in _SKIPPED and not is_permalink(part):
            parts.append(part.text or "")
        if is_inner:
            parts.append(part.tail or "")
    return to_one_line("".join(parts))


def to_one_line(text: str | None) -> str:
    """Collapse each run of white space to a space; return "" for None."""
    return " ".join(text.split()) if text and not text.isspace() else ""


Size = tuple[int, int]  # width and height in pixels


@dataclass(slots=True)
class Facts:
    """Unchecked texts by field, each list in document order.

    Attributes:
        organisations: authors that are marked as organisations.
        publishers: names of the site.
        image_sizes: by the image's URL, if stated.
        addresses: URLs of the article.
        ingredients, steps: of the recipe that the article is, one text each.
        rights: URLs of licences, and notices of copyright.
    """

    titles: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    image_sizes: dict[str, Size] = field(default_factory=dict)
    descriptions: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ingredients: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
