"""What the boxes around a block hold, and how much they look like an article's body."""

from dataclasses import dataclass

import numpy as np

from feedpub.cleaner.features.table import Column, Index, Rows, Table

LEVELS = 5  # how many boxes outwards are measured
OF_A_BOX = (
    *("words", "share", "density", "good", "blocks", "paragraphs", "mean words", "readability"),
    "of outer",
)
NAMES = (
    *(f"{name} {step}" for name in OF_A_BOX for step in range(LEVELS)),
    *("readability parent", "readability grandparent", "readability best"),
    *("in top", "before top", "after top", "through top", "shared with top"),
    *("through parent", "to end of parent", "through grandparent", "to end of grandparent"),
    *("page words", "page density", "page good", "top share"),
)
FULL, FEWEST = (
    600,
    25,
)  # characters of a paragraph that count at most, and that a paragraph has at least


@dataclass(frozen=True, slots=True)
class Mass:
    """What each box holds.

    Attributes:
        text: words in running text.
        best: readability; `top` is the box that has most of it, and few links, and `peak` how much.
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
        """Sum up the blocks of every box."""
        words, linked, paragraphs, text = table.sum_over_boxes(
            table.words, table.words * table.density, table.good, table.words * table.good
        )
        best = _readability(table)
        top = int(np.argmax(best * (1 - linked / np.maximum(words, 1))))
        return cls(words, linked, paragraphs, text, best, top, max(1e-9, float(best[top])))


def rows(table: Table) -> Rows:
    """The features of this group."""
    mass = Mass.measure(table)
    return [
        *_levels(table, mass),
        *_readabilities(table, mass),
        *_top(table, mass),
        *_parents(table),
        *_page(table, mass),
    ]


def _levels(table: Table, mass: Mass) -> Rows:
    """The boxes around a block, outwards; each has more text than the one before."""
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
    for _ in range(LEVELS - 1):
        levels.append(outer[levels[-1]])
    found: Column = of_boxes[:, np.array(levels)].reshape(-1, table.size)
    return found


def _readabilities(table: Table, mass: Mass) -> Rows:
    around = [
        mass.best[table.parents],
        mass.best[table.parent[table.parents]],
        _best_around(mass.best, table),
    ]
    return [column / mass.peak for column in around]


def _top(table: Table, mass: Mass) -> Rows:
    """Where a block stands to the box that looks most like the article's body."""
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
    """For each block the words of the innermost box that holds both it and the top box."""
    chain = [mass.top]
    while chain[-1]:
        chain.append(int(table.parent[chain[-1]]))
    shared = np.empty(table.size)
    for index in reversed(chain):
        shared[table.first[index] : table.last[index]] = mass.words[index]
    return shared


def _parents(table: Table) -> Rows:
    """Where a block stands in the two boxes around its own."""
    found: list[Column] = []
    for around in (table.parents, table.parent[table.parents]):
        first, last = table.first[around], table.last[around]
        found += [
            (table.order - first) / np.maximum(last - first, 1),
            (last - 1 - table.order).astype(np.float64),
        ]
    return found


def _page(table: Table, mass: Mass) -> Rows:
    linked, text, top = mass.linked[0], mass.text[0], mass.words[mass.top]
    return [
        table.document_wide(float(value))
        for value in (table.total, *(np.array([linked, text, top]) / table.total))
    ]


def _readability(table: Table) -> Column:
    """Arc90's idea: a paragraph counts for the box around it, and half for the next."""
    score = np.minimum(table.chars, FULL) / 100 * (1 - table.density) * (table.chars >= FEWEST)
    size = len(table.boxes)
    around = np.bincount(table.parent[table.holder], score / 2, size)
    return (np.bincount(table.holder, score, size) + around).astype(np.float64)


def _outer(words: Column, table: Table) -> Index:
    """For each box the nearest one around it that has more text."""
    outer = table.parent.copy()
    for level, around in table.levels:
        outer[level] = np.where(words[around] > words[level], around, outer[around])
    return outer


def _best_around(best: Column, table: Table) -> Column:
    """The readability of the best box around each block, its own among them."""
    found = best.copy()
    for level, around in table.levels:
        found[level] = np.maximum(found[level], found[around])
    return found[table.box]
