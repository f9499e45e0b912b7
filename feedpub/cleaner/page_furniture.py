"""Parts of a page that are judged by their form instead of their score.

Comments and portraits of authors read like an article, and pull quotes repeat it: they go.
Standfirsts, footnotes, corrections and gaps in a list or table look like boilerplate: they stay.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import product

from feedpub.cleaner.layout import HIDDEN, PLACES, Block, Layout
from feedpub.cleaner.page import HEADING, PageContext, is_mostly_links
from feedpub.cleaner.tables import find_data_tables
from feedpub.cleaner.vocabulary import split_words, terms_in_names
from feedpub.core.loading import load_toml

QUOTE, FIGURE = PLACES["blockquote"], PLACES["figure"]
OUTSIDE_TEXT = PLACES["nav"] | PLACES["footer"] | PLACES["aside"] | PLACES["form"] | HIDDEN

MAX_NAMED_DEPTH = 4  # boxes outwards from a block; further out, a name describes all of the page

PULL_QUOTE_WORDS = (5, 60)  # length of a quotation that may repeat the text
MAX_PULL_QUOTES = 30  # a page with more is made of quotations
PULL_QUOTE_REASON = "a quotation that repeats the text"

MIN_SPARED_SCORE = 0.2  # of a block that stays for its form
MIN_CORRECTION_SCORE = 0.03
STANDFIRST_CLASSES = frozenset(
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
MIN_STANDFIRST_WORDS = 6
MIN_KEPT_ITEMS = 0.6  # share of a list's items, for the others to stay
MAX_MEAN_CELL_WORDS = 10  # a table with longer cells may only be there for the layout
MIN_TABLE_SCORE = 0.5  # mean score of the words of a table that stays complete
MIN_FIGURE_SCORE = 0.12  # mean score of the cells of a table in a figure
MAX_CORRECTION_WORDS = 100
CORRECTION_START_CHARS = 40
CORRECTION_REACH_BLOCKS = 5  # further from the article, a correction belongs to another one
MAX_MARK_CHARS = 4  # of a footnote's mark: "12", "[3]", "*"
MAX_FOOTNOTE_BLOCKS = 4
MAX_FOOTNOTES = 20  # a longer list is a bibliography

_ELLIPSIS = re.compile(r"…|\.\.\.|\[…\]|\[\.\.\.\]")


def find_named_boxes(layout: Layout) -> Iterator[tuple[int, str]]:
    """Yield the blocks in a box whose name excludes it from the article, with a description."""
    boxes = layout.boxes
    names = {box.name for box in boxes}
    if not any(map(_describe_name, names)):
        return
    for index, block in enumerate(layout.blocks):
        box = block.box
        for _ in range(MAX_NAMED_DEPTH):
            if description := _describe_name(boxes[box].name):
                yield index, description
                break
            box = boxes[box].parent


@lru_cache(maxsize=100_000)
def _describe_name(name: str) -> str | None:
    known = load_box_names()
    for value in name.lower().replace("|", " ").split()[1:]:
        if value in known:
            return known[value]
    return None


@cache
def load_box_names() -> dict[str, str]:
    """Load the names of such boxes, each with a description."""
    names: dict[str, str] = {}
    for kind in load_toml("feedpub.cleaner", "data/box_names.toml").values():
        for name in kind["names"]:
            names[name] = f"{kind['description']} (class {name})"
    return names


def find_pull_quotes(page: PageContext) -> Iterator[tuple[int, str]]:
    """Yield the quotations that are set apart from the text and repeat a part of it."""
    quotes = [index for index in page.likely_blocks if _may_be_pull_quote(page, index)]
    if not 0 < len(quotes) <= MAX_PULL_QUOTES:
        return
    others = _normalised_texts(page, frozenset(quotes))
    text = "|".join(others)
    for index in quotes:
        parts = [_normalise(part) for part in _ELLIPSIS.split(page.layout.blocks[index].text)]
        is_repeated = all(part in text for part in parts)
        if is_repeated and _is_in_longer_text(parts, others):
            yield index, PULL_QUOTE_REASON


def _normalised_texts(page: PageContext, quotes: frozenset[int]) -> list[str]:
    """Return the texts of the article that a quotation may repeat."""
    shortest = PULL_QUOTE_WORDS[0]
    others = [index for index in page.likely_blocks if page.word_counts[index] > shortest]
    return [_normalise(page.layout.blocks[n].text) for n in others if n not in quotes]


def _normalise(text: str) -> str:
    return f" {' '.join(split_words(text))} "


def _is_in_longer_text(parts: Sequence[str], texts: Sequence[str]) -> bool:
    return any(part in text and part != text for part, text in product(parts, texts))


def _may_be_pull_quote(page: PageContext, index: int) -> bool:
    """Return whether a block has the length of a pull quote and is set apart from the text."""
    shortest, longest = PULL_QUOTE_WORDS
    if not shortest <= page.word_counts[index] <= longest:
        return False
    boxes = page.layout.boxes
    box = boxes[page.layout.blocks[index].box]
    return bool(box.place & QUOTE) or "pull" in f"{box.name} {boxes[box.parent].name}".lower()


def find_spared_blocks(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the blocks that stay for their form. Some of them may be kept already.

    Args:
        page: the page.
        kept: for each block, whether it stays for its score.
    """
    forms = (
        _find_standfirsts,
        _find_abstracts,
        _find_footnotes,
        find_list_items,
        _find_table_cells,
    )
    for find in forms:
        for index in find(page, kept):
            if page.scores[index] >= MIN_SPARED_SCORE:
                yield index
    yield from _find_tables_in_figures(page, kept)
    for index in find_corrections(page, kept):
        if page.scores[index] >= MIN_CORRECTION_SCORE:
            yield index


def _find_standfirsts(page: PageContext, _: Sequence[bool]) -> Iterator[int]:
    """Yield blocks above the text that are named as a standfirst or are a subtitle."""
    below_title = {index + 1 for index in page.repeated_titles}
    for index, score in enumerate(page.scores):
        if score >= page.min_score:
            return
        if page.word_counts[index] < MIN_STANDFIRST_WORDS:
            continue
        is_subtitle = index in below_title and page.place(index) & HEADING
        if is_subtitle or _is_named_standfirst(page, index):
            yield index


def _find_abstracts(page: PageContext, _: Sequence[bool]) -> Iterator[int]:
    """Yield the blocks of a paper's abstract. Several of them belong to a list of papers."""
    named = [box for box in page.layout.boxes if "abstract" in terms_in_names(box.name)]
    if not named:
        return
    outermost = named[0]
    if all(outermost.first <= box.first and box.last <= outermost.last for box in named):
        yield from range(outermost.first, outermost.last)


def _is_named_standfirst(page: PageContext, index: int) -> bool:
    boxes = page.layout.boxes
    box = boxes[page.layout.blocks[index].box]
    terms = {*terms_in_names(box.name), *terms_in_names(boxes[box.parent].name)}
    return not STANDFIRST_CLASSES.isdisjoint(terms)


def _find_footnotes(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    return find_footnotes(page.layout, kept)


def find_footnotes(layout: Layout, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the blocks that footnote marks in the kept text link to."""
    ids: set[str] = set()
    for index, block in enumerate(layout.blocks):
        if kept[index]:
            ids.update(_footnote_ids(block))
    if not 0 < len(ids) <= MAX_FOOTNOTES:
        return
    for box in layout.boxes:
        is_short = box.last - box.first <= MAX_FOOTNOTE_BLOCKS
        if is_short and box.element.get("id") in ids:
            yield from range(box.first, box.last)
    for index, block in enumerate(layout.blocks):
        if not kept[index] and _has_anchor(block, ids):
            yield index


def _has_anchor(block: Block, ids: set[str]) -> bool:
    anchors: set[str | None] = set()
    for element in block.elements:
        anchors.update((element.get("id"), element.get("name")))
    return not anchors.isdisjoint(ids)


def _footnote_ids(block: Block) -> Iterator[str]:
    """Yield the ids that a block's footnote marks link to."""
    if not any(link.startswith("#") for link in block.links):
        return
    for link in block.elements:
        page, _, name = link.get("href", "").partition("#")
        is_local = link.tag == "a" and page == "" and name != ""
        if is_local and len(link.text_content().strip()) <= MAX_MARK_CHARS:
            yield name


def find_list_items(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the items of lists that mostly stay: a gap would change the meaning of the list."""
    boxes, blocks = page.layout.boxes, page.layout.blocks
    lists: dict[int, list[int]] = {}
    for index, block in enumerate(blocks):
        box = boxes[block.box]
        if box.tag == "li" and page.word_counts[index]:
            lists.setdefault(box.parent, []).append(index)
    for items in lists.values():
        removed = [index for index in items if not kept[index]]
        kept_items = len(items) - len(removed)
        if len(items) == 1 or kept_items < MIN_KEPT_ITEMS * len(items):
            continue
        for index in removed:
            if not is_mostly_links(blocks[index]):
                yield index


def _find_table_cells(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the cells of data tables that mostly stay: a gap would change the meaning of a row."""
    likely = [index for index, score in enumerate(page.scores) if score >= MIN_SPARED_SCORE]
    for cells in find_data_tables(page.layout, likely).values():
        if not any(kept[index] for index in cells):
            continue
        words = sum([page.word_counts[index] for index in cells])
        if words > MAX_MEAN_CELL_WORDS * len(cells):
            continue
        likely_words = sum([page.word_counts[index] * page.scores[index] for index in cells])
        if likely_words >= MIN_TABLE_SCORE * words:
            yield from cells


def _find_tables_in_figures(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the cells of data tables that are the figures of a text that stays."""
    boxes = page.layout.boxes
    in_figures = [index for index in range(len(kept)) if page.place(index) & FIGURE]
    for table, cells in find_data_tables(page.layout, in_figures).items():
        if boxes[table].place & OUTSIDE_TEXT or not _is_below_text(page, boxes[table].first, kept):
            continue
        if sum([page.scores[index] for index in cells]) >= MIN_FIGURE_SCORE * len(cells):
            yield from cells


def _is_below_text(page: PageContext, index: int, kept: Sequence[bool]) -> bool:
    """Return True if the nearest block above a block that is not in a figure stays."""
    for above in range(index - 1, -1, -1):
        if not page.place(above) & FIGURE:
            return kept[above]
    return False


def find_corrections(page: PageContext, kept: Sequence[bool]) -> Iterator[int]:
    """Yield the corrections of the article, in the kept text or near it."""
    if True not in kept:
        return
    first = kept.index(True)
    last = len(kept) - 1 - list(reversed(kept)).index(True)
    start = max(0, first - CORRECTION_REACH_BLOCKS)
    end = min(len(kept), last + CORRECTION_REACH_BLOCKS + 1)
    for index in range(start, end):
        block = page.layout.blocks[index]
        opening = block.text[:CORRECTION_START_CHARS].lower()
        if not opening.startswith(_correction_starts()):
            continue
        is_short = page.word_counts[index] <= MAX_CORRECTION_WORDS
        if is_short and not is_mostly_links(block):
            yield index


@cache
def _correction_starts() -> tuple[str, ...]:
    listed = load_toml("feedpub.cleaner", "data/corrections.toml")
    return tuple(map(str.lower, listed["beginnings"]))
