"""Find the content of a page that has too little of it for the learned model.

A notice of one sentence, a picture or a video is told from the rest of the page by its place: it is
in the main element, or next to the title.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from feedpub.cleaner.layout import HIDDEN, PLACES, Block, Box
from feedpub.cleaner.page import PageContext, is_mostly_links
from feedpub.cleaner.phrase_steps import find_box_end
from feedpub.cleaner.vocabulary import terms_in_names
from feedpub.core.document_types import document_type_of_url

MAX_SMALL_PAGE_BLOCKS = 8  # without a main element and a title, all of such a page is its content
MAX_SIDE_SHARE = 0.5  # of a page's blocks in a footer or in a list of other articles
MAX_NOTE_WORDS = 40  # of a note that the page needs scripts
_MAIN = PLACES["main"] | PLACES["article"]
_OUTSIDE = PLACES["nav"] | PLACES["footer"] | PLACES["aside"] | PLACES["form"] | HIDDEN
_NEEDS_SCRIPTS = re.compile(r"java-?script", re.IGNORECASE)


def find_main_blocks(page: PageContext, excluded: Collection[int]) -> list[int]:
    """Return the blocks that are a short page's content, in order; none if that is not clear.

    Args:
        page: the page.
        excluded: the blocks that cannot be its content, such as the title and known phrases.
    """
    blocks = range(len(page.layout.blocks))
    outside = {*excluded, *_find_side_blocks(page)}
    possible = [index for index in blocks if index not in outside and _may_be_content(page, index)]
    inside = [index for index in possible if page.place(index) & _MAIN]
    found = inside or _find_below_title(page, possible)
    if not found and not page.repeated_titles and len(blocks) <= MAX_SMALL_PAGE_BLOCKS:
        return possible
    return found


def _may_be_content(page: PageContext, index: int) -> bool:
    block, place = page.layout.blocks[index], page.place(index)
    if place & _OUTSIDE or (place & PLACES["header"] and not place & _MAIN):
        return False
    if page.word_counts[index] < MAX_NOTE_WORDS and _NEEDS_SCRIPTS.search(block.text):
        return False
    return bool(block.pictures) or not is_mostly_links(block) or _leads_to_document(block)


def _leads_to_document(block: Block) -> bool:
    return any(document_type_of_url(link) for link in block.links)


def _find_side_blocks(page: PageContext) -> Iterator[int]:
    """Yield the blocks of the boxes that are named a footer or begin with "Related articles"."""
    sides = [
        range(box.first, box.last)
        for box in page.layout.boxes
        if "footer" in terms_in_names(box.name)
    ]
    for index, phrase in enumerate(page.phrases):
        if phrase is not None and phrase.effect == "tail":
            sides.append(range(index, find_box_end(page, index)))
    for side in sides:
        if len(side) <= MAX_SIDE_SHARE * len(page.layout.blocks):
            yield from side


def _find_below_title(page: PageContext, possible: Sequence[int]) -> list[int]:
    """Return the blocks below the last repetition of the title, in the smallest box with some."""
    if not page.repeated_titles:
        return []
    title = page.repeated_titles[-1]
    boxes = page.layout.boxes
    box: Box = boxes[page.layout.blocks[title].box]
    while True:
        found = [index for index in possible if title < index < box.last]
        if found or box is boxes[0]:
            return found
        box = boxes[box.parent]
