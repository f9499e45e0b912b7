"""Where on the page a block stands, and what it has of the words that the page's head says."""

import numpy as np

from feedpub.cleaner.features.table import Column, Index, Rows, Table

FAR = 99  # blocks; as far as this is far
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
    """The features of this group."""
    return [*_hints(table), *_position(table)]


def _hints(table: Table) -> Rows:
    title, description = table.reading.hints.title, table.reading.hints.description
    said = table.reading.tokens
    of_title = np.array([len(title.intersection(words)) for words in said], dtype=np.float64)
    of_description = np.array(
        [len(description.intersection(words)) for words in said], dtype=np.float64
    )
    size = np.array([max(1, len(words)) for words in said])
    return [
        of_title / max(1, len(title)),
        of_description / max(1, len(description)),
        of_description / size,
    ]


def _position(table: Table) -> Rows:
    good = np.flatnonzero(table.good)
    tags = [table.boxes[block.box].tag for block in table.blocks]
    ones = np.array([index for index, tag in enumerate(tags) if tag == "h1"], dtype=np.int64)
    so_far = np.cumsum(table.good)
    return [
        table.order / table.size,
        (np.cumsum(table.words) - table.words) / table.total,
        _distance(table.order, good, back=True),
        _distance(table.order, good, back=False),
        _distance(table.order, table.headings, back=True),
        _distance(table.order, ones, back=True),
        _distance(table.order, ones, back=False),
        so_far,
        so_far[-1] - so_far + table.good,
    ]


def _distance(order: Index, marks: Index, *, back: bool) -> Column:
    """Blocks to the nearest mark before, or after; far where there is none."""
    if not len(marks):
        return np.full(len(order), float(FAR))
    place = np.searchsorted(marks, order, side="right" if back else "left") - back
    found = (place >= 0) & (place < len(marks))
    nearest = marks[np.where(found, place, 0)]
    return np.where(found, np.minimum(np.abs(order - nearest), FAR), FAR).astype(np.float64)
