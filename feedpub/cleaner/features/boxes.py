"""Features of a block's own text, and of the boxes around it.

Those of a box are its text, and its similarity to an article's body.
"""

from dataclasses import dataclass

import numpy as np

from feedpub.cleaner.features.table import Column, Index, Rows, Table, integers
from feedpub.cleaner.layout import Place

_SENTENCE_ENDS = (*".!?…。！？”»“।؟」", '"')
_PLACES = (
    Place.ARTICLE,
    Place.MAIN,
    Place.ASIDE,
    Place.NAV,
    Place.FOOTER,
    Place.CAPTION,
    Place.LIST,
    Place.TABLE,
    Place.HEADING,
    Place.PRE,
    Place.HIDDEN,
)
_MASKS = np.array([place.value for place in _PLACES], dtype=np.int64)[:, np.newaxis]
_LEVELS = 5  # of boxes around a block that are measured
_BOX_FEATURES = (
    *("words", "share", "density", "good", "blocks", "paragraphs", "mean words", "readability"),
    "of outer",
)
NAMES = (
    *("words", "chars", "density", "bars", "lines", "bold", "links", "ends"),
    *(f"inside {place.name}" for place in _PLACES),
    "depth",
    *(f"{name} {step}" for name in _BOX_FEATURES for step in range(_LEVELS)),
    *("readability parent", "readability grandparent", "readability best"),
    *("in top", "before top", "after top", "through top", "shared with top"),
    *("through parent", "to end of parent", "through grandparent", "to end of grandparent"),
    *("page words", "page density", "page good", "top share"),
)
_MIN_PARAGRAPH_CHARS = 25
_MAX_PARAGRAPH_CHARS = 600  # counted of a paragraph


@dataclass(frozen=True, slots=True)
class Mass:
    """The content of each box.

    Attributes:
        words: all words.
        linked: words in links.
        paragraphs: blocks of running text.
        text: words of running text.
        best: readability scores.
        top: the box with the highest score and few links.
        peak: the score of that box.
    """

    words: Column
    linked: Column
    paragraphs: Column
    text: Column
    best: Column
    top: int
    peak: float

    @classmethod
    def measure(cls, table: Table) -> "Mass":
        """Sum the blocks of every box."""
        words, linked, paragraphs, text = table.sum_over_boxes(
            table.words, table.words * table.density, table.good, table.words * table.good
        )
        best = _readability(table)
        top = int(np.argmax(best * (1 - linked / np.maximum(words, 1))))
        return cls(words, linked, paragraphs, text, best, top, max(1e-9, float(best[top])))


def rows(table: Table) -> Rows:
    """Return the features of this group."""
    mass = Mass.measure(table)
    return [
        *_own(table),
        *_levels(table, mass),
        *_readabilities(table, mass),
        *_top(table, mass),
        *_parents(table),
        *_page(table, mass),
    ]


def _own(table: Table) -> Rows:
    """Describe a block's own text, and the elements that contain it."""
    blocks = table.blocks
    bold = integers(blocks, "bold_chars") / np.maximum(table.chars, 1)
    links = np.array([len(block.links) for block in blocks], dtype=np.float64)
    ends = np.array([block.text.endswith(_SENTENCE_ENDS) for block in blocks], dtype=np.float64)
    inside = ((table.places & _MASKS) > 0).astype(np.float64)
    own = [table.words, table.chars, table.density, table.bars, table.newlines, bold, links, ends]
    return [*own, *inside, table.depth[table.box].astype(np.float64)]


def _levels(table: Table, mass: Mass) -> Rows:
    """Describe the boxes around a block, outwards; each has more text than the one before."""
    outer = _outer(mass.words, table)
    inside = np.maximum(mass.words, 1)
    blocks = (table.last - table.first).astype(np.float64)
    of_boxes = np.array(
        [
            mass.words,
            mass.words / table.total,
            mass.linked / inside,
            mass.text / inside,
            blocks,
            mass.paragraphs,
            mass.words / np.maximum(blocks, 1),
            mass.best / mass.peak,
            mass.words / inside[outer],
        ]
    )
    levels = [table.box]
    for _ in range(_LEVELS - 1):
        levels.append(outer[levels[-1]])
    rows: Column = of_boxes[:, np.array(levels)].reshape(-1, table.size)
    return rows


def _readabilities(table: Table, mass: Mass) -> Rows:
    around = [
        mass.best[table.parents],
        mass.best[table.parent[table.parents]],
        _best_around(mass.best, table),
    ]
    return [column / mass.peak for column in around]


def _top(table: Table, mass: Mass) -> Rows:
    """Describe a block's position relative to the box that is most likely the article's body."""
    first, last = int(table.first[mass.top]), int(table.last[mass.top])
    order = table.order
    return [
        ((order >= first) & (order < last)).astype(np.float64),
        np.maximum(first - order, 0) / table.size,
        np.maximum(order - last + 1, 0) / table.size,
        np.clip((order - first) / max(1, last - first), -1, 2),
        _shared(table, mass) / table.total,
    ]


def _shared(table: Table, mass: Mass) -> Column:
    """Return for each block the words of the innermost box that contains it and the top box."""
    chain = [mass.top]
    while chain[-1]:
        chain.append(int(table.parent[chain[-1]]))
    shared = np.empty(table.size)
    for index in reversed(chain):
        shared[table.first[index] : table.last[index]] = mass.words[index]
    return shared


def _parents(table: Table) -> Rows:
    """Describe a block's position in the two boxes around its own."""
    found: list[Column] = []
    for around in (table.parents, table.parent[table.parents]):
        first, last = table.first[around], table.last[around]
        found += [
            (table.order - first) / np.maximum(last - first, 1),
            (last - 1 - table.order).astype(np.float64),
        ]
    return found


def _page(table: Table, mass: Mass) -> Rows:
    """Describe the complete page."""
    shares = np.array([mass.linked[0], mass.text[0], mass.words[mass.top]]) / table.total
    return [table.document_wide(float(value)) for value in (table.total, *shares)]


def _readability(table: Table) -> Column:
    """Return Arc90's readability scores: a paragraph counts for its box, and half for the next."""
    score = np.minimum(table.chars, _MAX_PARAGRAPH_CHARS) / 100 * (1 - table.density)
    score *= table.chars >= _MIN_PARAGRAPH_CHARS
    size = len(table.boxes)
    around = np.bincount(table.parent[table.holder], score / 2, size)
    return (np.bincount(table.holder, score, size) + around).astype(np.float64)


def _outer(words: Column, table: Table) -> Index:
    """Return for each box the nearest one around it that has more text."""
    outer = table.parent.copy()
    for level, parents in table.levels:
        outer[level] = np.where(words[parents] > words[level], parents, outer[parents])
    return outer


def _best_around(best: Column, table: Table) -> Column:
    """Return the readability of the best box around each block, including its own."""
    highest = best.copy()
    for level, parents in table.levels:
        highest[level] = np.maximum(highest[level], highest[parents])
    return highest[table.box]
