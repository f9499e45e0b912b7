"""Write short CSS selectors that choose some links of a page and those like them.

A selector should survive the site's next release. Generated classes (`css-1x7q`,
`Card_title__aB3`), numbered ones and those of the layout are used only if there is nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product, takewhile

from lxml.html import HtmlElement

from feedpub.sources.listing.groups import DomPaths
from feedpub.sources.listing.text import HEADINGS, LAYOUT_NAMES

MAX_ANCESTORS = 10  # of a link that a selector may name, with the link itself
MAX_SELECTORS = 160  # of one group of links
MAX_GROUPS = 6  # of links
MAX_PAIRED_STEPS = 10  # that are tried two at a time

LINK_COST = 0.5
HEADING_COST = -0.1  # it excludes the other links of a card
ID_COST = 0.9
CLASS_COST = 1.0
GENERATED_NAME_COST = 4.0
# The more of a tag there are on a page, the more it costs.
TAG_COSTS = {
    "article": 0.8,
    "main": 0.8,
    **dict.fromkeys(("section", "table", "dl", "dt", "ul", "ol", "li"), 1.5),
}

_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)
_IDENTIFIER = re.compile(r"-?[A-Za-z_][\w-]*", re.ASCII)
_MIN_VOWEL_CHARS = 4  # a part with as many letters has a vowel if it is a word
_MAX_NAME_PARTS = 4


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a selector; the depth is the distance from the link."""

    text: str
    cost: float
    depth: int


def describe_selectors(tree: HtmlElement, anchors: Sequence[HtmlElement]) -> list[str]:
    """Return selectors of groups among some links, the best first.

    Args:
        tree: the page.
        anchors: links of it.
    """
    if not anchors:
        return []
    paths = DomPaths(tree)
    groups: dict[int, list[HtmlElement]] = defaultdict(list)
    for anchor in anchors:
        groups[paths.place_of(anchor)].append(anchor)
    largest = sorted(groups.values(), key=len, reverse=True)[:MAX_GROUPS]
    costs: dict[str, float] = {}
    # All links together as well: a first article often has a card of its own.
    for members in (*largest, list(anchors)):
        for text, cost in islice(_selectors(members), MAX_SELECTORS):
            costs[text] = min(cost, costs.get(text, cost))
    return sorted(costs, key=lambda text: (costs[text], len(text), text))


def _selectors(anchors: Sequence[HtmlElement]) -> Iterator[tuple[str, float]]:
    """Yield selectors with their costs: of the links' own names, below one name, below two."""
    steps = list(_shared_steps(anchors))
    own = [step for step in steps if step.depth == 0]
    outer = [step for step in steps if step.depth > 0]
    outer.sort(key=lambda step: (step.cost, step.depth))
    for link in own:
        if link.text != "a":  # all links of the page
            yield _join(link)
    for above, link in product(outer, own):
        yield _join(above, link)
    paired = outer[:MAX_PAIRED_STEPS]
    for first, second, link in product(paired, paired, own):
        if first.depth > second.depth:
            yield _join(first, second, link)


def _join(*steps: _Step) -> tuple[str, float]:
    text = " ".join(step.text for step in steps)
    return text, sum(step.cost for step in steps)


def _shared_steps(anchors: Sequence[HtmlElement]) -> Iterator[_Step]:
    """Yield the tags, classes and ids that links and the elements around them have in common."""
    paths: list[list[HtmlElement]] = []
    for anchor in anchors:
        around = takewhile(lambda each: each.tag not in ("html", "body"), anchor.iterancestors())
        paths.append(list(islice((anchor, *around), MAX_ANCESTORS)))
    for depth, level in enumerate(zip(*paths, strict=False)):  # up to the shortest path
        yield from _steps_at(list(dict.fromkeys(level)), depth)


def _steps_at(elements: Sequence[HtmlElement], depth: int) -> Iterator[_Step]:
    tag = _shared_tag(elements)
    if depth == 0:
        yield _Step("a", LINK_COST, 0)
    elif tag in HEADINGS:
        yield _Step(tag, HEADING_COST, depth)
    elif tag in TAG_COSTS:
        yield _Step(tag, TAG_COSTS[tag], depth)
    for name in _shared_classes(elements):
        text = f"{tag}.{name}" if depth == 0 else f".{name}"
        yield _Step(text, CLASS_COST + _name_cost(name), depth)
    own_id = elements[0].get("id", "")
    if len(elements) == 1 and _IDENTIFIER.fullmatch(own_id):
        yield _Step(f"#{own_id}", ID_COST + _name_cost(own_id), depth)


def _shared_tag(elements: Sequence[HtmlElement]) -> str:
    """Return the tag of some elements; "" if they differ."""
    tags = {element.tag for element in elements}
    return str(tags.pop()) if len(tags) == 1 else ""


def _shared_classes(elements: Sequence[HtmlElement]) -> list[str]:
    """Return the classes that all elements have, in the order of the first one's."""
    first, *others = [element.get("class", "").split() for element in elements]
    shared = set(first).intersection(*others)
    names = dict.fromkeys(filter(_IDENTIFIER.fullmatch, first))
    return [name for name in names if name in shared]


def _name_cost(name: str) -> float:
    return 0.0 if _is_descriptive(name) else GENERATED_NAME_COST


def _is_descriptive(name: str) -> bool:
    """Return True for a name of words that do not only describe the layout."""
    if not _NAME.fullmatch(name) or name.lower().split("-")[0] in LAYOUT_NAMES:
        return False
    return all(map(_is_word, re.split(r"[_-]+", name)))


def _is_word(part: str) -> bool:
    pieces: list[str] = _NAME_PART.findall(part)
    if len(pieces) > _MAX_NAME_PARTS:
        return False
    long = [piece for piece in pieces if len(piece) >= _MIN_VOWEL_CHARS]
    return all(map(_VOWELS.search, long))
