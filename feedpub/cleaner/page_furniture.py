"""Footnotes.

Small print that an article refers to, and that belongs to it therefore. Owns how they are found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

from lxml.html import HtmlElement

from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.page import HEADING, KEPT, LINKED, PageContext, link_density
from feedpub.cleaner.tables import find_data_tables
from feedpub.cleaner.vocabulary import split_words, terms_in_names
from feedpub.core.data_files import load_toml

LONGEST_MARK = 4  # characters: "12", "[3]", "*"
LONGEST = 4  # blocks of a footnote
MOST = 20  # footnotes; a longer list is a bibliography


def find_footnotes(layout: Layout, kept: Sequence[bool]) -> Iterator[int]:
    """The blocks that marks in the kept text link to on the same page."""
    marks = {name for index, stays in enumerate(kept) if stays for name in _marks(layout, index)}
    if not 0 < len(marks) <= MOST:
        return
    for box in layout.boxes:
        if box.last - box.first <= LONGEST and box.element.get("id") in marks:
            yield from range(box.first, box.last)
    for index, block in enumerate(layout.blocks):
        elements = (piece for piece in block.pieces if isinstance(piece, HtmlElement))
        if not kept[index] and any(
            each.get("id") in marks or each.get("name") in marks for each in elements
        ):
            yield index


def _marks(layout: Layout, index: int) -> Iterator[str]:
    """The ids that a block's footnote marks link to."""
    block = layout.blocks[index]
    if not any(link.startswith("#") for link in block.links):
        return
    for piece in block.pieces:
        if (
            isinstance(piece, HtmlElement)
            and piece.tag == "a"
            and len(piece.text_content().strip()) <= LONGEST_MARK
        ):
            href = piece.get("href") or ""
            if href.startswith("#") and len(href) > 1:
                yield href[1:]


# SECTION: Boxes whose very names say that they are beside the article. Owns the reading of those
# names from data.

NEAR_NAMED_BOXES = 4  # boxes outwards from a block; further out a name is about the whole page


def find_named_boxes(layout: Layout) -> Iterator[tuple[int, str]]:
    """The blocks close inside a box that is called something else than an article, and what it is called."""
    boxes = layout.boxes
    if not any(map(_find, {box.name for box in boxes})):
        return
    for index, block in enumerate(layout.blocks):
        box = block.box
        for _ in range(NEAR_NAMED_BOXES):
            if said := _find(boxes[box].name):
                yield index, said
                break
            box = boxes[box].parent


@lru_cache(maxsize=100_000)
def _find(name: str) -> str | None:
    known = names()
    return next(
        (known[value] for value in name.lower().replace("|", " ").split()[1:] if value in known),
        None,
    )


@cache
def names() -> Mapping[str, str]:
    """The names that feedpub ships, each with what its box is."""
    listed = load_toml("feedpub.cleaner", "data/boxes.toml")
    return {
        name: f"{kind['says']} (class {name})" for kind in listed.values() for name in kind["names"]
    }


# SECTION: Quotations that are set apart and repeat the text. Owns how a repetition is found.

PULLED = (5, 60)  # words of a quotation that may be taken from the text
MAX_PULL_QUOTES = 30  # with more of them, the page is made of quotations
QUOTE = PLACES["blockquote"]
REASON = "a quotation that repeats the text"

_CUT = re.compile(r"…|\.\.\.|\[…\]|\[\.\.\.\]")


def find_pull_quotes(case: PageContext) -> Iterator[tuple[int, str]]:
    """A quotation that is set apart and stands in the text as well."""
    found = [
        index
        for index, score in enumerate(case.scores)
        if score >= KEPT and _may_be_pulled(case, index)
    ]
    if not 0 < len(found) <= MAX_PULL_QUOTES:
        return
    quoted = frozenset(found)
    others = [
        f" {' '.join(split_words(block.text))} "
        for index, block in enumerate(case.layout.blocks)
        if case.scores[index] >= KEPT and case.sizes[index] > PULLED[0] and index not in quoted
    ]
    text = "|".join(others)
    for index in found:
        parts = [
            f" {' '.join(split_words(part))} "
            for part in _CUT.split(case.layout.blocks[index].text)
        ]
        if all(part in text for part in parts) and any(
            part in other != part for part in parts for other in others
        ):
            yield index, REASON


def _may_be_pulled(case: PageContext, index: int) -> bool:
    return PULLED[0] <= case.sizes[index] <= PULLED[1] and _is_set_apart(
        case, case.layout.blocks[index]
    )


def _is_set_apart(case: PageContext, block: Block) -> bool:
    boxes = case.layout.boxes
    box = boxes[block.box]
    return bool(box.place & QUOTE) or "pull" in f"{box.name} {boxes[box.parent].name}".lower()


# SECTION: What stays although its score speaks against it: parts of an article that look like
# something beside it.
#
# Which parts there are, how they are told, and how much of a score each needs, is owned here.

MAYBE = 0.2  # the least score of what is spared for what it looks like
HARDLY = 0.03  # and for what it says
STANDFIRSTS = frozenset(  # what a class calls one
    {
        "chapo",
        "deck",
        "dek",
        "entradilla",
        "ingress",
        "intro",
        "lead",
        "preamble",
        "standfirst",
        "subheading",
    },
)
STANDFIRST_WORDS = 6
CELL_WORDS = 10  # of a cell on average; with more, the table may be there for the layout
TOGETHER = 0.5  # the score of a table, on average, that stays as a whole
MOST_ITEMS = 0.6  # of a list
CORRECTION_WORDS = 100
LONGEST_BEGINNING = 40  # characters of what a correction begins with
# blocks before the article's first and behind its last; a correction further off is another
# article's
NEAR = 5


def spared_blocks(case: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """The blocks that stay, besides those that are kept already; some may be among these."""
    for index in (
        *standfirsts(case),
        *find_footnotes(case.layout, kept),
        *list_items(case, kept),
        *table_cells(case, kept),
    ):
        if case.scores[index] >= MAYBE:
            yield index
    yield from (index for index in corrections(case, kept) if case.scores[index] >= HARDLY)


def list_items(case: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Items of lists of which most stays: a list with a gap says something else."""
    boxes, blocks = case.layout.boxes, case.layout.blocks
    lists: dict[int, list[int]] = {}
    for index, block in enumerate(blocks):
        box = boxes[block.box]
        if box.tag == "li" and case.sizes[index]:
            lists.setdefault(box.parent, []).append(index)
    for own in lists.values():
        if sum(kept[index] for index in own) >= MOST_ITEMS * len(own) > 1:
            yield from (
                index for index in own if not kept[index] and link_density(blocks[index]) < LINKED
            )


def standfirsts(case: PageContext) -> Iterator[int]:
    """Blocks above the body that are called a standfirst, or stand as a heading below the title."""
    below_title = {index + 1 for index in case.titles}
    for index, score in enumerate(case.scores):
        if score >= case.least:
            return
        if case.sizes[index] >= STANDFIRST_WORDS:
            subtitle = index in below_title and case.place(index) & HEADING
            if subtitle or _is_called_standfirst(case, index):
                yield index


def _is_called_standfirst(case: PageContext, index: int) -> bool:
    box = case.layout.boxes[case.layout.blocks[index].box]
    names = {*terms_in_names(box.name), *terms_in_names(case.layout.boxes[box.parent].name)}
    return not STANDFIRSTS.isdisjoint(names)


def corrections(case: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Lines in or near the article that put it right."""
    if True not in kept:
        return
    first, last = kept.index(True), len(kept) - 1 - list(reversed(kept)).index(True)
    for index in range(max(0, first - NEAR), min(len(kept), last + NEAR + 1)):
        begins = (
            case.layout.blocks[index].text[:LONGEST_BEGINNING].lower().startswith(_beginnings())
        )
        if (
            begins
            and case.sizes[index] <= CORRECTION_WORDS
            and link_density(case.layout.blocks[index]) < LINKED
        ):
            yield index


@cache
def _beginnings() -> tuple[str, ...]:
    listed = load_toml("feedpub.cleaner", "data/corrections.toml")
    return tuple(beginning.lower() for beginning in listed["beginnings"])


def table_cells(case: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """The cells of data tables of which most stays: a row with holes says something else."""
    likely = (index for index, score in enumerate(case.scores) if score >= MAYBE)
    for own in find_data_tables(case.layout, likely).values():
        size = sum(case.sizes[index] for index in own)
        likely_size = sum(case.sizes[index] * case.scores[index] for index in own)
        if (
            size <= CELL_WORDS * len(own)
            and likely_size >= TOGETHER * size
            and any(kept[index] for index in own)
        ):
            yield from own
