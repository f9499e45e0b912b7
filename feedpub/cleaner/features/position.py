"""Features of a block's place among the others: repetition, position, and the words of the head.

Repetition is that of siblings with one name, of blocks of one kind, and of equal texts.
"""

import numpy as np

from feedpub.cleaner.features.table import Column, Index, Rows, Table

_MIN_SIBLINGS = 3  # of one name; two may be chance
_MAX_DISTANCE = 99  # blocks
NAMES = (
    *("group count", "group words", "group density", "group share"),
    *("kind share", "kind good", "kind count", "kind density", "kind words"),
    "repeats",
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
    return [
        *_groups(table),
        *_kinds(table),
        *_repeats(table),
        *_hints(table),
        *_position(table),
    ]


def _groups(table: Table) -> Rows:
    """Describe the nearest box around a block that is one of at least three similar siblings."""
    numbers: dict[tuple[int, str], int] = {}
    group_of_box = []
    for box in table.boxes:
        key = (box.parent, box.name.partition(" ")[0])
        group_of_box.append(numbers.setdefault(key, len(numbers)))
    group = np.array(group_of_box, dtype=np.int64)
    count = np.bincount(group)
    words, linked = table.sum_over_boxes(table.words, table.words * table.density)
    in_group = np.bincount(group, words)
    density = np.bincount(group, linked) / np.maximum(in_group, 1)
    nearest = np.arange(len(group))
    repeated = count[group] >= _MIN_SIBLINGS
    for level, parents in table.levels:
        nearest[level] = np.where(repeated[level], level, nearest[parents])
    sibling = nearest[table.box]
    own_group = group[sibling]
    return [
        count[own_group].astype(np.float64),
        (in_group / count)[own_group],
        density[own_group],
        words[sibling] / table.total,
    ]


def _kinds(table: Table) -> Rows:
    """Describe the blocks of the same kind on the complete page."""
    kind, good = table.kind, table.words * table.good
    count, words = np.bincount(kind), np.bincount(kind, table.words)
    of_kinds = np.array(
        [
            words / table.total,
            np.bincount(kind, good) / max(1.0, float(good.sum())),
            count,
            np.bincount(kind, table.words * table.density) / np.maximum(words, 1),
            words / count,
        ]
    )
    return list(of_kinds[:, kind])


def _repeats(table: Table) -> Rows:
    """Count the blocks with the same text."""
    numbers: dict[str, int] = {}
    text = [numbers.setdefault(block.text, len(numbers)) for block in table.blocks]
    text_of_block = np.array(text, dtype=np.int64)
    return [np.bincount(text_of_block)[text_of_block].astype(np.float64)]


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
