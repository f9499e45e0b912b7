"""What the learned words say.

Of names by how far out they stand, of the block, and of what stands around it.
"""

import numpy as np

from feedpub.cleaner.features.table import Column, Rows, Table

NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
NAMES = (
    *("name wrapper", "name own", "name parent", "name around", "name worst", "name best", "names"),
    *("spoken", "prose spoken", "spoken beside prose", "heading spoken", "kind spoken"),
    *("spoken around", "spoken parent"),
    *(f"names at {offset:+}" for offset in NEIGHBOURS),
    *(f"spoken at {offset:+}" for offset in NEIGHBOURS),
)


def rows(table: Table) -> Rows:
    """The features of this group."""
    of_names, of_words = _names(table), _words(table)
    around = [
        _shift(column, offset)
        for column in (of_names[-1], table.language_share)
        for offset in NEIGHBOURS
    ]
    return [*of_names, *of_words, *around]


def _names(table: Table) -> list[Column]:
    """What the names of the boxes around a block say; the last column is the sum of all."""
    known: dict[str, int] = {"": 0}
    of_boxes = [known.setdefault(box.name, len(known)) for box in table.boxes]
    of_wrappers = [known.setdefault(block.wrapper, len(known)) for block in table.blocks]
    weights = np.array([table.vocabulary.name(name) for name in known])
    names, wrapper = weights[of_boxes], weights[of_wrappers, 0]
    total, worst, best = np.repeat(names[np.newaxis, :, 2], 3, axis=0)
    for level, around in table.levels:
        total[level] += total[around]
        worst[level] = np.minimum(worst[level], worst[around])
        best[level] = np.maximum(best[level], best[around])
    own, outer = names[table.box, 0], names[table.parents, 1]
    further = total[table.parent[table.parents]]
    return [
        wrapper,
        own,
        outer,
        further,
        worst[table.parents],
        best[table.parents],
        wrapper + own + outer + further,
    ]


def _words(table: Table) -> list[Column]:
    """What the words of a block say, and those of the prose, the heading above, its kind and its boxes."""
    spoken, kind = table.language_share, table.kind
    usual = float((spoken * table.good).sum()) / max(1.0, float(table.good.sum()))
    (in_boxes,) = table.sum_over_boxes(spoken)
    in_boxes = in_boxes / np.maximum(table.last - table.first, 1)
    return [
        spoken,
        table.document_wide(usual),  # 0 in a language that no word was learned of
        spoken - usual,
        _above(table),
        (np.bincount(kind, spoken) / np.bincount(kind))[kind],
        in_boxes[table.box],
        in_boxes[table.parents],
    ]


def _above(table: Table) -> Column:
    """What the nearest heading above a block, or the block itself where it is one, says."""
    heads = table.headings
    if not len(heads):
        return table.document_wide(0.0)
    place = np.searchsorted(heads, table.order, side="right") - 1
    return np.where(place >= 0, table.language_share[heads[place]], 0.0)


def _shift(values: Column, offset: int) -> Column:
    """The value of the block that stands `offset` further on, 0 where there is none."""
    shifted = np.zeros_like(values)
    if offset > 0:
        shifted[:-offset] = values[offset:]
    else:
        shifted[-offset:] = values[:offset]
    return shifted
