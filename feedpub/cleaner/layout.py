"""A page as boxes and blocks: the shape in which the cleaner sees it.

A block is a run of inline content; a box is a block-level element, or an inline one that has blocks
inside. Boxes and blocks stand in the page's order, so that the blocks inside a box are a range.
Data only: `blocks` makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, auto
from typing import TypeAlias

from lxml.html import HtmlElement

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class Place(IntFlag):
    """What a box stands inside of; sets of them are plain numbers, which are quicker."""

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
"""A part of a run: text, the start of an inline element, or None for the end of the one opened last.

Pictures and embeds have no end."""


@dataclass(slots=True, eq=False)
class Box:
    """A block-level element.

    Attributes:
        parent: index of the box around it; the root's is 0, its own.
        name: tag and naming attributes, each after a bar: "div|entry-content|main".
        place: the set of `Place`s that it stands inside of.
        first, last: the blocks inside are those from `first` up to, not including, `last`.
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
        box: index of the box that it stands in.
        text: white space collapsed, a newline for a line break; "" where there are only pictures.
        link_chars: how many characters of the text stand in links.
        wrapper: the name of an inline element around all of it, "" where there is none.
    """

    box: int
    text: str
    pieces: list[Piece]
    link_chars: int = 0
    links: Sequence[str] = ()
    pictures: int = 0
    bold_chars: int = 0
    wrapper: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A page as boxes and blocks; box 0 is the body."""

    boxes: Sequence[Box]
    blocks: Sequence[Block]

    def path(self, block: Block) -> list[int]:
        """The boxes around a block, the body first."""
        index, path = block.box, []
        while index:
            path.append(index)
            index = self.boxes[index].parent
        return [0, *reversed(path)]
