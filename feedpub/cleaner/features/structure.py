"""What repeats in the page's structure.

Siblings of one name, blocks of one kind, texts that stand there twice.
"""

import numpy as np

from feedpub.cleaner.features.table import Rows, Table

SEVERAL = 3  # two of a name may be chance
NAMES = (
    *("group count", "group words", "group density", "group share"),
    *("kind share", "kind good", "kind count", "kind density", "kind words"),
    "repeats",
)


def rows(table: Table) -> Rows:
    """The features of this group."""
    return [*_groups(table), *_kinds(table), *_repeats(table)]


def _groups(table: Table) -> Rows:
    """Repeated siblings.

    The nearest box around a block that has at least two more like it beside it.
    """
    keys: dict[tuple[int, str], int] = {}
    member = [
        keys.setdefault((box.parent, box.name.partition(" ")[0]), len(keys)) for box in table.boxes
    ]
    group = np.array(member, dtype=np.int64)
    count = np.bincount(group)
    words, linked = table.sum_over_boxes(table.words, table.words * table.density)
    in_group = np.bincount(group, words)
    density = np.bincount(group, linked) / np.maximum(in_group, 1)
    nearest = np.arange(len(member))
    repeated = count[group] >= SEVERAL
    for level, around in table.levels:
        nearest[level] = np.where(repeated[level], level, nearest[around])
    item = nearest[table.box]
    own = group[item]
    return [
        count[own].astype(np.float64),
        (in_group / count)[own],
        density[own],
        words[item] / table.total,
    ]


def _kinds(table: Table) -> Rows:
    """What blocks of the same kind are like over the whole page."""
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
    found = of_kinds[:, kind]
    return list(found)


def _repeats(table: Table) -> Rows:
    texts: dict[str, int] = {}
    same = np.array(
        [texts.setdefault(block.text, len(texts)) for block in table.blocks], dtype=np.int64
    )
    return [np.bincount(same)[same].astype(np.float64)]
