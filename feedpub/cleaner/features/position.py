"""Features of a block's position, and of the words it shares with the page's head."""

import numpy as np

from feedpub.cleaner.features.table import Column, Index, Rows, Table

_MAX_DISTANCE = 99  # blocks
NAMES = (
    *("title in block", "description in block", "block in description"),
    *(
        "order",
        "words before",
        "to good before",
        "to good after",
        "to heading",
        "to h1",
        "to next h1",
    ),
    *("good so far", "good to come"),
)


def rows(table: Table) -> Rows:
    """Return the features of this group."""
    return [*_hints(table), *_position(table)]


def _hints(table: Table) -> Rows:
    """Compare the words of each block with those of the page's title and description."""
    title, description = table.reading.hints.title, table.reading.hints.description
    tokens = table.reading.tokens
    in_title = np.array([len(title.intersection(words)) for words in tokens], dtype=np.float64)
    shared = [len(description.intersection(words)) for words in tokens]
    in_description = np.array(shared, dtype=np.float64)
    size = np.array([max(1, len(words)) for words in tokens])
    return [
        in_title / max(1, len(title)),
        in_description / max(1, len(description)),
        in_description / size,
    ]


def _position(table: Table) -> Rows:
    good = np.flatnonzero(table.good)
    in_h1 = [table.boxes[block.box].tag == "h1" for block in table.blocks]
    h1 = np.flatnonzero(in_h1)
    so_far = np.cumsum(table.good)
    return [
        table.order / table.size,
        (np.cumsum(table.words) - table.words) / table.total,
        _distance(table.order, good, back=True),
        _distance(table.order, good, back=False),
        _distance(table.order, table.headings, back=True),
        _distance(table.order, h1, back=True),
        _distance(table.order, h1, back=False),
        so_far,
        so_far[-1] - so_far + table.good,
    ]


def _distance(order: Index, marks: Index, *, back: bool) -> Column:
    """Return the number of blocks to the nearest mark, before (`back`) or after each block."""
    if not len(marks):
        return np.full(len(order), float(_MAX_DISTANCE))
    place = np.searchsorted(marks, order, side="right" if back else "left") - back
    found = (place >= 0) & (place < len(marks))
    nearest = marks[np.where(found, place, 0)]
    return np.where(
        found, np.minimum(np.abs(order - nearest), _MAX_DISTANCE), _MAX_DISTANCE
    ).astype(np.float64)
