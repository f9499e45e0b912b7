"""Features of repetition: siblings of one name, blocks of one kind, repeated texts."""

import numpy as np

from feedpub.cleaner.features.table import Rows, Table

_MIN_SIBLINGS = 3  # of one name; two may be chance
NAMES = (
    *("group count", "group words", "group density", "group share"),
    *("kind share", "kind good", "kind count", "kind density", "kind words"),
    "repeats",
)


def rows(table: Table) -> Rows:
    """Return the features of this group."""
    return [*_groups(table), *_kinds(table), *_repeats(table)]


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
