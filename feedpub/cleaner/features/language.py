"""Features of the learned vocabulary: weights of class names, of words, and of neighbours."""

import numpy as np

from feedpub.cleaner.features.table import Column, Rows, Table

_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
NAMES = (
    *("name wrapper", "name own", "name parent", "name around", "name worst", "name best", "names"),
    *(
        "word weight",
        "prose word weight",
        "word weight minus prose",
        "heading word weight",
        "kind word weight",
    ),
    *("word weight around", "word weight parent"),
    *(f"names at {offset:+}" for offset in _NEIGHBOURS),
    *(f"word weight at {offset:+}" for offset in _NEIGHBOURS),
)


def rows(table: Table) -> Rows:
    """Return the features of this group."""
    of_names, of_words = _names(table), _words(table)
    of_neighbours: list[Column] = []
    for values in (of_names[-1], table.word_weights):
        of_neighbours += [_shift(values, offset) for offset in _NEIGHBOURS]
    return [*of_names, *of_words, *of_neighbours]


def _names(table: Table) -> list[Column]:
    """Weigh the names of the boxes around a block; the last column is the sum of all."""
    numbers: dict[str, int] = {"": 0}
    of_boxes = [numbers.setdefault(box.name, len(numbers)) for box in table.boxes]
    of_wrappers = [numbers.setdefault(block.wrapper, len(numbers)) for block in table.blocks]
    weights = np.array([table.vocabulary.name(name) for name in numbers])
    names, wrapper = weights[of_boxes], weights[of_wrappers, 0]
    total, worst, best = np.repeat(names[np.newaxis, :, 2], 3, axis=0)
    for level, parents in table.levels:
        total[level] += total[parents]
        worst[level] = np.minimum(worst[level], worst[parents])
        best[level] = np.maximum(best[level], best[parents])
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
    """Weigh the words of a block, of running text, of the heading above, its kind and its boxes."""
    weights, kind = table.word_weights, table.kind
    of_prose = float((weights * table.good).sum()) / max(1.0, float(table.good.sum()))
    (in_boxes,) = table.sum_over_boxes(weights)
    in_boxes = in_boxes / np.maximum(table.last - table.first, 1)
    return [
        weights,
        table.document_wide(of_prose),  # 0 in a language without learned words
        weights - of_prose,
        _heading_weights(table),
        (np.bincount(kind, weights) / np.bincount(kind))[kind],
        in_boxes[table.box],
        in_boxes[table.parents],
    ]


def _heading_weights(table: Table) -> Column:
    """Weigh the nearest heading above a block, or the block itself if it is one."""
    headings = table.headings
    if not len(headings):
        return table.document_wide(0.0)
    nearest = np.searchsorted(headings, table.order, side="right") - 1
    return np.where(nearest >= 0, table.word_weights[headings[nearest]], 0.0)


def _shift(values: Column, offset: int) -> Column:
    """Return the value of the block `offset` blocks further on, or 0 beyond the page."""
    shifted = np.zeros_like(values)
    if offset > 0:
        shifted[:-offset] = values[offset:]
    else:
        shifted[-offset:] = values[:offset]
    return shifted
