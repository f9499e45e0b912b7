"""Tables of a page: tell data tables from layout tables, and find their parts.

Layout tables only place their content; they do not become tables of the article.
"""

from collections.abc import Iterable, Sequence

from feedpub.cleaner.layout import PLACES, Layout

CELLS = frozenset({"td", "th"})
TABLE_PARTS = CELLS | {"table", "thead", "tbody", "tfoot", "tr", "caption"}
MAX_MEAN_CELL_WORDS = 40  # a table with longer cells is a layout table
TABLE = PLACES["table"]


def data_table_parts(layout: Layout, kept: Sequence[int]) -> set[int]:
    """Return the boxes of which data tables with kept blocks consist."""
    parts: set[int] = set()
    for table in find_data_tables(layout, kept):
        for index in _descendants(layout, table):
            if layout.boxes[index].tag in TABLE_PARTS:
                parts.add(index)
    return parts


def find_data_tables(layout: Layout, indexes: Iterable[int]) -> dict[int, list[int]]:
    """Return the data tables around some blocks, each with those of the blocks that it contains.

    A data table has several rows of short cells and contains no other table.
    """
    contents: dict[int, list[int]] = {}
    rows: dict[int, set[int]] = {}
    outer_tables: set[int] = set()
    for index in indexes:
        box = layout.blocks[index].box
        if layout.boxes[box].place & TABLE:
            table, row, outer = _find_tables_around(layout, box)
            outer_tables.update(outer)
            rows.setdefault(table, set()).add(row)
            contents.setdefault(table, []).append(index)
    found: dict[int, list[int]] = {}
    for table, blocks in contents.items():
        if table in outer_tables or len(rows[table]) == 1:
            continue
        if _count_words(layout, blocks) < MAX_MEAN_CELL_WORDS * len(blocks):
            found[table] = blocks
    return found


def table_cells(layout: Layout, row: int) -> list[int]:
    """Return the cells of a row, including those without text."""
    cells: list[int] = []
    for index in _descendants(layout, row):
        box = layout.boxes[index]
        if box.tag in CELLS and box.parent == row:
            cells.append(index)
    return cells


def _count_words(layout: Layout, indexes: Iterable[int]) -> int:
    return sum([layout.blocks[index].text.count(" ") + 1 for index in indexes])


def _find_tables_around(layout: Layout, index: int) -> tuple[int, int, list[int]]:
    """Return the innermost table around a box, the row in it, and the tables further out."""
    tables: list[int] = []
    row = -1
    while index:
        tag = layout.boxes[index].tag
        if tag == "table":
            tables.append(index)
        elif tag == "tr" and not tables:
            row = index
        index = layout.boxes[index].parent
    return (tables[0] if tables else 0), row, tables[1:]


def _descendants(layout: Layout, index: int) -> range:
    """Return a box and the boxes inside of it."""
    boxes = layout.boxes
    end = index + 1
    while end < len(boxes) and boxes[end].depth > boxes[index].depth:
        end += 1
    return range(index, end)
