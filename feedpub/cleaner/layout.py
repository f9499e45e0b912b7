"""A page as boxes and blocks, the form that all steps of the cleaner work on.

A block is a run of inline content. A box is a block-level element, or an inline element with
blocks inside. Both are in document order, so the blocks inside a box form a range. This module
holds data only; `segment` builds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, auto
from typing import TypeAlias

from lxml.html import HtmlElement

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class Place(IntFlag):
    """A kind of ancestor of a box. Sets of places are plain integers, which are faster."""

    ARTICLE = auto()
    MAIN = auto()
    ASIDE = auto()
    NAV = auto()
    HEADER = auto()
    FOOTER = auto()
    FIGURE = auto()
    CAPTION = auto()
    LIST = auto()
    TABLE = auto()
    FORM = auto()
    QUOTE = auto()
    HEADING = auto()
    PRE = auto()
    HIDDEN = auto()
    LINK = auto()


PLACES: dict[str, int] = {
    "article": Place.ARTICLE.value,
    "main": Place.MAIN.value,
    "aside": Place.ASIDE.value,
    "nav": Place.NAV.value,
    "header": Place.HEADER.value,
    "footer": Place.FOOTER.value,
    "figure": Place.FIGURE.value,
    "figcaption": Place.CAPTION.value,
    "ul": Place.LIST.value,
    "ol": Place.LIST.value,
    "dl": Place.LIST.value,
    "table": Place.TABLE.value,
    "form": Place.FORM.value,
    "blockquote": Place.QUOTE.value,
    "pre": Place.PRE.value,
    "a": Place.LINK.value,
    **dict.fromkeys(HEADINGS, Place.HEADING.value),
}
ROLES = {
    "main": PLACES["main"],
    "navigation": PLACES["nav"],
    "banner": PLACES["header"],
    "contentinfo": PLACES["footer"],
}
HIDDEN = Place.HIDDEN.value

Piece: TypeAlias = str | HtmlElement | None
"""A part of a run: text, the start of an inline element, or None for the end of the innermost one.

Images, embeds and formulas have no end."""


@dataclass(slots=True, eq=False)
class Box:
    """A block-level element.

    Attributes:
        parent: index of the enclosing box; 0 for the root itself.
        name: the tag and the naming attributes, separated by bars: "div|entry-content|main".
        place: the set of `Place`s that the box is inside of, itself included.
        first, last: the range of the blocks inside, `last` excluded.
    """

    element: HtmlElement
    tag: str
    parent: int
    name: str
    place: int
    depth: int
    first: int
    last: int = 0


@dataclass(slots=True, eq=False)
class Block:
    """A run of inline content.

    Attributes:
        box: index of the innermost box around the block.
        text: the text with white space collapsed and a newline for each line break. It is empty if
            the block holds only images.
        link_chars: number of characters inside links.
        wrapper: name of an inline element around all of the block, or "".
    """

    box: int
    text: str
    pieces: list[Piece]
    link_chars: int = 0
    links: Sequence[str] = ()
    pictures: int = 0
    bold_chars: int = 0
    wrapper: str = ""

    @property
    def elements(self) -> list[HtmlElement]:
        """The inline elements, images and embeds that begin in the block."""
        return [piece for piece in self.pieces if isinstance(piece, HtmlElement)]


@dataclass(frozen=True, slots=True)
class Layout:
    """A page as boxes and blocks; box 0 is the body."""

    boxes: Sequence[Box]
    blocks: Sequence[Block]

    def path(self, block: Block) -> list[int]:
        """Return the boxes around a block, outermost first."""
        path: list[int] = []
        index = block.box
        while index:
            path.append(index)
            index = self.boxes[index].parent
        return [0, *reversed(path)]


def shared_depth(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many boxes two paths have in common."""
    depth = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        depth += 1
    return depth
