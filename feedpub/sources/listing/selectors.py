"""CSS selectors that choose some links of a page and those like them: short, and made of names that people gave.

A selector is to last: classes that a program made up (`css-1x7q`, `Card_title__aB3`), that number
one element, or that
only say how something looks are used where there is nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from lxml.html import HtmlElement

from feedpub.sources.listing.groups import DomPaths
from feedpub.sources.listing.text import HEADINGS, LAYOUT_NAMES

DEPTH = 10  # elements around a link that are asked for names
MOST = 160  # selectors of one group of links
GROUPS = 6  # of links
_PAIRED = 10  # the best names that are tried two at a time
# Tags that say what an element is, and what they cost in a selector: the more there are on a page,
# the more.
_TELLING = {
    "article": 0.8,
    "main": 0.8,
    **dict.fromkeys(("section", "table", "dl", "dt", "ul", "ol", "li"), 1.5),
}
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)
_IDENTIFIER = re.compile(r"-?[A-Za-z_][\w-]*", re.ASCII)
_LONG_PART = 4  # letters: a word of so many has a vowel
_HEADING = -0.1  # costs nothing: it keeps out other links of the same card
_MADE_UP = 4.0  # what a name costs that hardly lasts


@dataclass(frozen=True, slots=True)
class _Token:
    """One step of a selector, with what it costs and how far it is from the link."""

    text: str
    cost: float
    depth: int


def describe_selectors(tree: HtmlElement, anchors: Sequence[HtmlElement]) -> list[str]:
    """Selectors that choose at least the links that stand together among some links, the best first.

    Args:
        tree: the page.
        anchors: links of it.
    """
    places = DomPaths(tree)
    if not anchors:
        return []
    groups: dict[int, list[HtmlElement]] = defaultdict(list)
    for anchor in anchors:
        groups[places.place_of(anchor)].append(anchor)
    largest = sorted(groups.values(), key=len, reverse=True)[:GROUPS]
    costs: dict[str, float] = {}
    for members in (
        *largest,
        list(anchors),
    ):  # all of them, too: a first article often stands in a card of its own
        for text, cost in islice(_selectors(members), MOST):
            costs[text] = min(cost, costs.get(text, cost))
    return sorted(costs, key=lambda text: (costs[text], len(text), text))


def _selectors(anchors: Sequence[HtmlElement]) -> Iterator[tuple[str, float]]:
    """Selectors for links at one place: of their own names, below one name, below two."""
    tokens = list(_tokens(anchors))
    leaves = [token for token in tokens if token.depth == 0]
    around = sorted(
        (token for token in tokens if token.depth > 0), key=lambda token: (token.cost, token.depth)
    )
    chains = [
        *([leaf] for leaf in leaves if leaf.text != "a"),  # all links there are: nothing that lasts
        *([above, leaf] for above in around for leaf in leaves),
        *(
            [outer, inner, leaf]
            for outer in around[:_PAIRED]
            for inner in around[:_PAIRED]
            if outer.depth > inner.depth
            for leaf in leaves
        ),
    ]
    yield from (
        (" ".join(token.text for token in chain), sum(token.cost for token in chain))
        for chain in chains
    )


def _tokens(anchors: Sequence[HtmlElement]) -> Iterator[_Token]:
    """What links, and the elements around them, have in common: tags, classes, an id."""
    ways = [
        list(islice((a, *takewhile(_is_within_body, a.iterancestors())), DEPTH)) for a in anchors
    ]
    for depth, level in enumerate(zip(*ways, strict=False)):  # as deep as all of them are
        elements = list(dict.fromkeys(level))
        yield from _level(elements, depth)


def _is_within_body(element: HtmlElement) -> bool:
    return element.tag not in ("html", "body")


def _level(elements: Sequence[HtmlElement], depth: int) -> Iterator[_Token]:
    """The names that all elements at one depth have."""
    tags = {element.tag for element in elements}
    tag = tags.pop() if len(tags) == 1 else ""
    if depth == 0:
        yield _Token("a", 0.5, 0)
    elif tag in HEADINGS:
        yield _Token(tag, _HEADING, depth)
    elif tag in _TELLING:
        yield _Token(tag, _TELLING[tag], depth)
    for name in _shared_classes(elements):
        yield _Token(f"{tag}.{name}" if depth == 0 else f".{name}", 1.0 + _penalty(name), depth)
    if len(elements) == 1 and _IDENTIFIER.fullmatch(own := elements[0].get("id", "")):
        yield _Token(f"#{own}", 0.9 + _penalty(own), depth)


def _shared_classes(elements: Sequence[HtmlElement]) -> list[str]:
    names = [dict.fromkeys(element.get("class", "").split()) for element in elements]
    return [
        name
        for name in names[0]
        if _IDENTIFIER.fullmatch(name) and all(name in other for other in names[1:])
    ]


def _penalty(name: str) -> float:
    """What a name costs beyond its place.

    Much, where it hardly lasts or says nothing of what the element is.
    """
    return 0.0 if _is_given(name) else _MADE_UP


def _is_given(name: str) -> bool:
    """True for a name of words, as people give them to what an element is."""
    if not _NAME.fullmatch(name) or name.lower().split("-")[0] in LAYOUT_NAMES:
        return False
    parts = re.split(r"[_-]+", name)
    return all(_is_word(part) for part in parts if part)


def _is_word(part: str) -> bool:
    pieces: Iterable[str] = _PART.findall(part)
    return (
        all(len(piece) < _LONG_PART or _VOWELS.search(piece) for piece in pieces)
        and len(list(pieces)) <= _LONG_PART
    )
