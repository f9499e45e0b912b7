"""A page's blocks and boxes as arrays: what every group of features is measured with. Owns no feature.

Sums over a box are differences of running sums over the blocks, because the blocks of a box are a
range; so the whole page is measured with a few hundred numpy calls, whatever its size.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.layout import HEADINGS, Block, Place
from feedpub.cleaner.page_text import TokenizedPage
from feedpub.cleaner.vocabulary import Vocabulary

Column = npt.NDArray[np.float64]
"""A number for every block, or for every box."""
Index = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float64] | list[Column]
"""Columns of one group of features, in the order of its names."""

GOOD_CHARS, GOOD_DENSITY = (
    60,
    0.4,
)  # from here on, and up to here, a block is taken for running text

CLASSES = 5  # other characters, spaces, newlines, bars, ideographs
_CLASS = np.zeros(0xFFFF, dtype=np.uint8)
_CLASS[ord(" ")], _CLASS[ord("\n")] = 1, 2
_CLASS[[ord(mark) for mark in "|•·/"]] = 3
for _first, _last in (
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0x0E00, 0x0E7F),
):
    _CLASS[_first : _last + 1] = 4
_LEAVES = frozenset({"p", "li", "dd", "dt", "blockquote", "pre", *HEADINGS})


class Table:
    """The arrays that a page is measured with.

    Attributes:
        words, chars, density: of every block; density is the share of its characters that stand in
            links. Two ideographs count as a word.
        newlines, bars: how many characters of every block are such.
        good: 1.0 for blocks of running text.
        total: words of the page.
        box: the box of every block; `parents`, the box around that one.
        parent, first, last: of every box, as in the layout.
    """

    def __init__(self, reading: TokenizedPage, vocabulary: Vocabulary) -> None:
        boxes, blocks = reading.layout.boxes, reading.layout.blocks
        self.reading = reading
        self.vocabulary = vocabulary
        self.boxes, self.blocks = boxes, blocks
        self.size = len(blocks)
        self.order = np.arange(self.size)
        self.box = np.array([block.box for block in blocks], dtype=np.int64)
        self.parent = np.array([box.parent for box in boxes], dtype=np.int64)
        self.first = np.array([box.first for box in boxes], dtype=np.int64)
        self.last = np.array([box.last for box in boxes], dtype=np.int64)
        self.parents = self.parent[self.box]
        _, spaces, self.newlines, self.bars, ideographs = _characters(blocks)
        self.chars = np.array([len(block.text) for block in blocks], dtype=np.float64)
        self.words = spaces + self.newlines + (self.chars > 0) + ideographs / 2
        self.density = np.array([block.link_chars for block in blocks]) / np.maximum(self.chars, 1)
        self.good = ((self.chars >= GOOD_CHARS) & (self.density < GOOD_DENSITY)).astype(float)
        self.total = max(1.0, float(self.words.sum()))

    def sum_over_boxes(self, *values: Column) -> list[Column]:
        """The sums of blocks' values over each box."""
        running = np.zeros((len(values), self.size + 1))
        np.cumsum(values, axis=1, out=running[:, 1:])
        return list(running[:, self.last] - running[:, self.first])

    def document_wide(self, value: float) -> Column:
        """The same number for every block."""
        return np.full(self.size, value)

    @cached_property
    def depth(self) -> Index:
        """Of every box."""
        return np.array([box.depth for box in self.boxes], dtype=np.int64)

    @cached_property
    def levels(self) -> list[tuple[Index, Index]]:
        """The boxes of every depth below the root, outermost first, each with the boxes around them."""
        order = np.argsort(self.depth, kind="stable")
        levels = np.split(order, np.flatnonzero(np.diff(self.depth[order])) + 1)[1:]
        return [(level, self.parent[level]) for level in levels]

    @cached_property
    def places(self) -> Index:
        """What the box of every block stands inside of."""
        return np.array([box.place for box in self.boxes], dtype=np.int64)[self.box]

    @cached_property
    def headings(self) -> Index:
        """The numbers of the blocks that stand in headings."""
        return np.flatnonzero(self.places & Place.HEADING.value)

    @cached_property
    def holder(self) -> Index:
        """The box that a block counts for.

        The one around a paragraph or a list's item, else its own.
        """
        leaf = np.array([box.tag in _LEAVES for box in self.boxes])
        return np.where(leaf[self.box], self.parents, self.box)

    @cached_property
    def kind(self) -> Index:
        """A number for every block, the same for blocks whose boxes and the boxes around these are named alike."""
        boxes = self.boxes
        kinds: dict[tuple[str, str, str], int] = {}
        return np.array(
            [
                kinds.setdefault((box.name, boxes[box.parent].name, block.wrapper), len(kinds))
                for block in self.blocks
                for box in (boxes[block.box],)
            ],
            dtype=np.int64,
        )

    @cached_property
    def language_share(self) -> Column:
        """What each block's own words and links say."""
        return np.array([self.vocabulary.text(terms) for terms in self.reading.terms()])


def _characters(blocks: Sequence[Block]) -> Column:
    """How many characters of each class every block has, shape (classes, blocks).

    All blocks are counted at once.
    """
    texts = [block.text for block in blocks]
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(texts)) * CLASSES, [len(text) for text in texts])
    counts = np.bincount(
        owner + _CLASS[np.minimum(codes, len(_CLASS) - 1)], minlength=CLASSES * len(texts)
    )
    return counts.reshape(-1, CLASSES).T.astype(np.float64)
