"""Tables of a page.

Which of them hold data, and the cells of a row. The others only place things and dissolve.
"""

from collections.abc import Iterable, Sequence

from feedpub.cleaner.layout import PLACES, Layout

CELLS = frozenset({"td", "th"})
TABLE_PARTS = CELLS | {"table", "thead", "tbody", "tfoot", "tr", "caption"}
PROSE = 40  # words; a table with longer cells than this was made for the layout
TABLE = PLACES["table"]


def data_table_parts(layout: Layout, kept: Sequence[int]) -> set[int]:
    """The boxes that data tables with kept blocks consist of."""
    return {
        part
        for table in find_data_tables(layout, kept)
        for part in _inside(layout, table)
        if _is_part(layout, part)
    }


def find_data_tables(layout: Layout, indexes: Iterable[int]) -> dict[int, list[int]]:
    """The data tables that some blocks stand in, each with those blocks.

    A data table has several rows of short cells, and no table inside.
    """
    own: dict[int, list[int]] = {}
    rows: dict[int, set[int]] = {}
    outer: set[int] = set()
    for index in indexes:
        box = layout.blocks[index].box
        if layout.boxes[box].place & TABLE:
            inner, row, around = _nearest(layout, box)
            outer.update(around)
            rows.setdefault(inner, set()).add(row)
            own.setdefault(inner, []).append(index)
    return {
        table: blocks
        for table, blocks in own.items()
        if table not in outer
        and len(rows[table]) > 1
        and _words(layout, blocks) < PROSE * len(blocks)
    }


def table_cells(layout: Layout, row: int) -> list[int]:
    """The cells of a row, those without text too."""
    boxes = layout.boxes
    return [
        each
        for each in _inside(layout, row)
        if boxes[each].tag in CELLS and boxes[each].parent == row
    ]


def _is_part(layout: Layout, index: int) -> bool:
    return layout.boxes[index].tag in TABLE_PARTS


def _words(layout: Layout, indexes: Iterable[int]) -> int:
    return sum(layout.blocks[index].text.count(" ") + 1 for index in indexes)


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
