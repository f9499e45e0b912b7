"""What stays although its score speaks against it: parts of an article that look like something beside it.

Which parts there are, how they are told, and how much of a score each needs, is owned here.
"""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from feedpub.cleaner.case import HEADING, LINKED, Case, density
from feedpub.cleaner.footnotes import footnotes
from feedpub.cleaner.tables import data_tables
from feedpub.cleaner.vocabulary import name_terms

MAYBE = 0.2  # the least score of what is spared for what it looks like
HARDLY = 0.03  # and for what it says
STANDFIRSTS = frozenset(  # what a class calls one
    {"chapo", "deck", "dek", "entradilla", "ingress", "intro", "lead", "preamble", "standfirst", "subheading"},
)
STANDFIRST_WORDS = 6
CELL_WORDS = 10  # of a cell on average; with more, the table may be there for the layout
TOGETHER = 0.5  # the score of a table, on average, that stays as a whole
MOST_ITEMS = 0.6  # of a list
CORRECTION_WORDS = 100
LONGEST_BEGINNING = 40  # characters of what a correction begins with
NEAR = 5  # blocks before the article's first and behind its last; a correction further off is another article's


def spare(case: Case, kept: Sequence[bool]) -> Iterator[int]:
    """The blocks that stay, besides those that are kept already; some may be among these."""
    for index in (*standfirsts(case), *footnotes(case.layout, kept), *list_items(case, kept), *table_cells(case, kept)):
        if case.scores[index] >= MAYBE:
            yield index
    yield from (index for index in corrections(case, kept) if case.scores[index] >= HARDLY)


def list_items(case: Case, kept: Sequence[bool]) -> Iterator[int]:
    """Items of lists of which most stays: a list with a gap says something else."""
    boxes, blocks = case.layout.boxes, case.layout.blocks
    lists: dict[int, list[int]] = {}
    for index, block in enumerate(blocks):
        box = boxes[block.box]
        if box.tag == "li" and case.sizes[index]:
            lists.setdefault(box.parent, []).append(index)
    for own in lists.values():
        if sum(kept[index] for index in own) >= MOST_ITEMS * len(own) > 1:
            yield from (index for index in own if not kept[index] and density(blocks[index]) < LINKED)


def standfirsts(case: Case) -> Iterator[int]:
    """Blocks above the body that are called a standfirst, or stand as a heading below the title."""
    below_title = {index + 1 for index in case.titles}
    for index, score in enumerate(case.scores):
        if score >= case.least:
            return
        if case.sizes[index] >= STANDFIRST_WORDS:
            subtitle = index in below_title and case.place(index) & HEADING
            if subtitle or _is_called_standfirst(case, index):
                yield index


def _is_called_standfirst(case: Case, index: int) -> bool:
    box = case.layout.boxes[case.layout.blocks[index].box]
    names = {*name_terms(box.name), *name_terms(case.layout.boxes[box.parent].name)}
    return not STANDFIRSTS.isdisjoint(names)


def corrections(case: Case, kept: Sequence[bool]) -> Iterator[int]:
    """Lines in or near the article that put it right."""
    if True not in kept:
        return
    first, last = kept.index(True), len(kept) - 1 - list(reversed(kept)).index(True)
    for index in range(max(0, first - NEAR), min(len(kept), last + NEAR + 1)):
        begins = case.layout.blocks[index].text[:LONGEST_BEGINNING].lower().startswith(_beginnings())
        if begins and case.sizes[index] <= CORRECTION_WORDS and density(case.layout.blocks[index]) < LINKED:
            yield index


@cache
def _beginnings() -> tuple[str, ...]:
    listed = tomllib.loads((files("feedpub.cleaner") / "data" / "corrections.toml").read_text(encoding="utf-8"))
    return tuple(beginning.lower() for beginning in listed["beginnings"])


def table_cells(case: Case, kept: Sequence[bool]) -> Iterator[int]:
    """The cells of data tables of which most stays: a row with holes says something else."""
    likely = (index for index, score in enumerate(case.scores) if score >= MAYBE)
    for own in data_tables(case.layout, likely).values():
        size = sum(case.sizes[index] for index in own)
        likely_size = sum(case.sizes[index] * case.scores[index] for index in own)
        if size <= CELL_WORDS * len(own) and likely_size >= TOGETHER * size and any(kept[index] for index in own):
            yield from own
