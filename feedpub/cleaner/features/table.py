"""A page's blocks and boxes as arrays, from which each group of features is computed.

The blocks of a box are a range, so sums over a box are differences of cumulative sums. A page is
therefore measured with a few hundred numpy calls, whatever its size.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.layout import HEADINGS, Block, Box, Place
from feedpub.cleaner.vocabulary import TokenizedPage, Vocabulary

Column = npt.NDArray[np.float64]
"""A number for each block, or for each box."""
Index = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float64] | list[Column]
"""Columns of one group of features, in the order of its names."""

# A block with more text and fewer links is taken for running text.
MIN_PROSE_CHARS, MAX_PROSE_DENSITY = 60, 0.4

_CLASSES = 5  # other characters, spaces, newlines, bars, ideographs
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
    """The arrays of a page.

    Attributes:
        words, chars, density: of each block. Density is the share of its characters that are in
            links; two ideographs count as a word.
        newlines, bars: the number of these characters in each block.
        good: 1.0 for blocks of running text.
        total: the number of words of the page.
        box: the box of each block.
        parents: the box around that one.
        parent, first, last: of each box, as in the layout.
    """

    def __init__(self, reading: TokenizedPage, vocabulary: Vocabulary) -> None:
        boxes, blocks = reading.layout.boxes, reading.layout.blocks
        self.reading = reading
        self.vocabulary = vocabulary
        self.boxes, self.blocks = boxes, blocks
        self.size = len(blocks)
        self.order = np.arange(self.size)
        self.box = integers(blocks, "box")
        self.parent = integers(boxes, "parent")
        self.first = integers(boxes, "first")
        self.last = integers(boxes, "last")
        self.parents = self.parent[self.box]
        texts = [block.text for block in blocks]
        _, spaces, self.newlines, self.bars, ideographs = _characters(texts)
        self.chars = np.array(list(map(len, texts)), dtype=np.float64)
        self.words = spaces + self.newlines + (self.chars > 0) + ideographs / 2
        self.density = integers(blocks, "link_chars") / np.maximum(self.chars, 1)
        self.good = ((self.chars >= MIN_PROSE_CHARS) & (self.density < MAX_PROSE_DENSITY)).astype(
            float
        )
        self.total = max(1.0, float(self.words.sum()))

    def sum_over_boxes(self, *values: Column) -> list[Column]:
        """Return the sums of the blocks' values over each box."""
        running = np.zeros((len(values), self.size + 1))
        np.cumsum(values, axis=1, out=running[:, 1:])
        return list(running[:, self.last] - running[:, self.first])

    def document_wide(self, value: float) -> Column:
        """Return the same number for each block."""
        return np.full(self.size, value)

    @cached_property
    def depth(self) -> Index:
        """Return the depth of each box."""
        return integers(self.boxes, "depth")

    @cached_property
    def levels(self) -> list[tuple[Index, Index]]:
        """Return the boxes of each depth below the root, outermost first, and their parents."""
        order = np.argsort(self.depth, kind="stable")
        levels = np.split(order, np.flatnonzero(np.diff(self.depth[order])) + 1)[1:]
        return [(level, self.parent[level]) for level in levels]

    @cached_property
    def places(self) -> Index:
        """Return the flags of the elements that contain each block."""
        return integers(self.boxes, "place")[self.box]

    @cached_property
    def headings(self) -> Index:
        """Return the numbers of the blocks in headings."""
        return np.flatnonzero(self.places & Place.HEADING.value)

    @cached_property
    def holder(self) -> Index:
        """Return the box that each block counts for.

        It is the parent of a paragraph or a list item, else the block's own box.
        """
        leaf = np.array([box.tag in _LEAVES for box in self.boxes])
        return np.where(leaf[self.box], self.parents, self.box)

    @cached_property
    def kind(self) -> Index:
        """Number the kinds of blocks: one kind has the same names of wrapper, box and parent."""
        numbers: dict[tuple[str, str, str], int] = {}
        kinds = []
        for block in self.blocks:
            box = self.boxes[block.box]
            key = (box.name, self.boxes[box.parent].name, block.wrapper)
            kinds.append(numbers.setdefault(key, len(numbers)))
        return np.array(kinds, dtype=np.int64)

    @cached_property
    def word_weights(self) -> Column:
        """Return the weight of each block's own words and links."""
        return np.array([self.vocabulary.text(terms) for terms in self.reading.terms()])


def _characters(texts: Sequence[str]) -> Column:
    """Count the characters of each class in each text; shape (classes, texts)."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(texts)) * _CLASSES, list(map(len, texts)))
    counts = np.bincount(
        owner + _CLASS[np.minimum(codes, len(_CLASS) - 1)], minlength=_CLASSES * len(texts)
    )
    return counts.reshape(-1, _CLASSES).T.astype(np.float64)


def integers(objects: Iterable[Box | Block], attribute: str) -> Index:
    """Return an attribute of each box or block, a whole number."""
    return np.array(list(map(attrgetter(attribute), objects)), dtype=np.int64)
