"""Tables of a page: which of them hold data, and the cells of a row. The others only place things and dissolve."""

from collections import Counter
from collections.abc import Sequence

from feedpub.cleaner.layout import PLACES, Layout

CELLS = frozenset({"td", "th"})
PARTS = CELLS | {"table", "thead", "tbody", "tfoot", "tr", "caption"}
PROSE = 40  # words; a table with longer cells than this was made for the layout
TABLE = PLACES["table"]


def data_parts(layout: Layout, kept: Sequence[int]) -> set[int]:
    """The boxes that data tables with kept blocks consist of.

    A data table has several rows of short cells, and no table inside.
    """
    rows: dict[int, set[int]] = {}
    words: Counter[int] = Counter()
    cells: Counter[int] = Counter()
    outer: set[int] = set()
    for index in kept:
        block = layout.blocks[index]
        if not layout.boxes[block.box].place & TABLE:
            continue
        inner, row, around = _nearest(layout, block.box)
        outer.update(around)
        rows.setdefault(inner, set()).add(row)
        words[inner] += block.text.count(" ") + 1
        cells[inner] += 1
    data = {table for table, own in rows.items() if len(own) > 1 and words[table] < PROSE * cells[table]} - outer
    return {part for table in data for part in _inside(layout, table) if layout.boxes[part].tag in PARTS}


def cells(layout: Layout, row: int) -> list[int]:
    """The cells of a row, those without text too."""
    boxes = layout.boxes
    return [each for each in _inside(layout, row) if boxes[each].tag in CELLS and boxes[each].parent == row]


def _nearest(layout: Layout, index: int) -> tuple[int, int, set[int]]:
    """The table that a box stands in, the row, and the tables around that one."""
    found: list[int] = []
    row = -1
    while index:
        tag = layout.boxes[index].tag
        if tag == "table":
            found.append(index)
        elif tag == "tr" and not found:
            row = index
        index = layout.boxes[index].parent
    return (found[0] if found else 0), row, set(found[1:])


def _inside(layout: Layout, index: int) -> range:
    """A box and those inside of it."""
    boxes = layout.boxes
    last = index + 1
    while last < len(boxes) and boxes[last].depth > boxes[index].depth:
        last += 1
    return range(index, last)
