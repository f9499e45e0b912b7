"""The texts of a page in the order of reading, each with its element: within an element, and around one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from feedpub.cleaner.blocks import is_permalink

BEFORE, AFTER = 40, 160  # texts around a headline that are looked at
PROSE = 160  # characters; after three such texts the article has begun
STANDFIRST = 2  # texts as long as prose that may stand between the headline and the byline
MOST = 400  # elements in one line

_SKIPPED = frozenset(
    ("script", "style", "noscript", "svg", "template", "button", "select", "option", "textarea", "nav")
)
_BREAKING = frozenset(("br", "div", "p", "h1", "h2", "h3", "h4", "li"))


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the page, on one line, and the element that it stands in."""

    text: str
    element: HtmlElement


def texts_of(element: HtmlElement) -> Iterator[Text]:
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
        if outer is not None and (tail := one_line(child.tail)):
            yield Text(tail, outer)


def _own(element: HtmlElement) -> Text | None:
    """The text before an element's first child; of a time that scripts would fill in an empty one."""
    text = one_line(element.text)
    return Text(text, element) if text or element.tag == "time" else None


def after(headline: HtmlElement) -> Iterator[Text]:
    """The texts after a headline up to the article's first paragraphs."""
    prose = 0
    for text in islice(_following(headline), AFTER):
        prose += len(text.text) > PROSE
        if prose > STANDFIRST:
            return
        yield text


def before(headline: HtmlElement) -> Iterator[Text]:
    """The texts just before a headline, backwards."""
    return islice(_preceding(headline), BEFORE)


def line(element: HtmlElement) -> str:
    """An element's text on one line, without its link to itself; a break is a space. Of a monster the beginning."""
    parts = []
    for part in islice(element.iter(), MOST):  # headings within headings would take square time
        inner = part is not element
        if inner and part.tag in _BREAKING:
            parts.append(" ")
        if isinstance(part.tag, str) and part.tag not in _SKIPPED and not is_permalink(part):
            parts.append(part.text or "")
        if inner:
            parts.append(part.tail or "")
    return one_line("".join(parts))


def one_line(text: str | None) -> str:
    """A text with single spaces; "" for none."""
    return " ".join(text.split()) if text and not text.isspace() else ""


def _following(element: HtmlElement) -> Iterator[Text]:
    while (parent := element.getparent()) is not None:
        for sibling in element.itersiblings():
            yield from texts_of(sibling)
            if tail := one_line(sibling.tail):
                yield Text(tail, parent)
        element = parent


def _preceding(element: HtmlElement) -> Iterator[Text]:
    while (parent := element.getparent()) is not None and parent.tag != "body":
        for sibling in element.itersiblings(preceding=True):
            yield from reversed(list(islice(texts_of(sibling), BEFORE)))
        element = parent
