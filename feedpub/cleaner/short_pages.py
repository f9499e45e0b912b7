"""Find the content of a page that has too little of it for the learned model.

A notice of one sentence, a picture or a video is recognised by its place: it is in the main
element, or next to the title.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from lxml.html import HtmlElement

from feedpub.cleaner.layout import HIDDEN, PLACES, Block, Box
from feedpub.cleaner.page import PageContext, is_mostly_links
from feedpub.cleaner.phrase_steps import find_box_end
from feedpub.cleaner.vocabulary import split_words, terms_in_names
from feedpub.core.document_types import document_type_of_url

MAX_SMALL_PAGE_BLOCKS = 8  # without a main element and a title, all of such a page is its content
MAX_SIDE_SHARE = 0.5  # of a page's blocks in a footer or in a list of other articles
MAX_NOTE_WORDS = 40  # of a note that the page needs scripts
_MAIN = PLACES["main"] | PLACES["article"]
_OUTSIDE = PLACES["nav"] | PLACES["footer"] | PLACES["aside"] | PLACES["form"] | HIDDEN
_OUTSIDE_NAMES = frozenset(
    {"footer", "header", "masthead", "menu", "nav", "navbar", "navigation", "site-footer"}
)
_SIDEBAR = re.compile("sidebar|widget")
_CONTROLS = frozenset({"button", "input", "label", "select"})
_NEEDS_SCRIPTS = re.compile(r"java-?script", re.IGNORECASE)


def find_main_blocks(
    page: PageContext, excluded: Collection[int], image: str | None = None
) -> list[int]:
    """Return the blocks that are a short page's content; none if that is not clear.

    Args:
        page: the page.
        excluded: the blocks that cannot be its content, such as the title and known phrases.
        image: the address of the lead image, if the page states it.
    """
    blocks = range(len(page.layout.blocks))
    outside = {*excluded, *_find_side_blocks(page)}
    possible = [index for index in blocks if index not in outside and _may_be_content(page, index)]
    inside = [index for index in possible if page.place(index) & _MAIN]
    if pictures := find_subject_pictures(page, image):
        return [*pictures, *inside]
    if inside:
        return inside
    if page.repeated_titles:
        return _find_below_title(page, possible)
    return possible if len(blocks) <= MAX_SMALL_PAGE_BLOCKS else []


def find_subject_pictures(page: PageContext, image: str | None) -> list[int]:
    """Return the pictures that a page with little text is about, such as a comic.

    Their description is the title, or they are the page's lead image.

    Args:
        page: the page.
        image: the address of the lead image, if the page states it.
    """
    title = split_words(page.title)
    found: list[int] = []
    for index, block in enumerate(page.layout.blocks):
        if not block.pictures or block.text or not _may_be_content(page, index):
            continue
        pictures = [element for element in block.elements if element.tag == "img"]
        found += [index for each in pictures if _is_subject(each, title, image)]
    return found


def _is_subject(picture: HtmlElement, title: list[str], image: str | None) -> bool:
    """Return True for the lead image, and for a picture that the title describes."""
    if image and image in (picture.get("src"), picture.get("data-src")):
        return True
    texts = (picture.get("alt", ""), picture.get("title", ""))
    return bool(title) and title in map(split_words, texts)


def _may_be_content(page: PageContext, index: int) -> bool:
    block = page.layout.blocks[index]
    if _is_control(block) or _is_outside(page, block):
        return False
    if page.word_counts[index] < MAX_NOTE_WORDS and _NEEDS_SCRIPTS.search(block.text):
        return False
    if block.pictures or not is_mostly_links(block):
        return True
    return any(map(document_type_of_url, block.links))


def _is_control(block: Block) -> bool:
    tags = {element.tag for element in block.elements}
    return bool(tags) and tags <= _CONTROLS


def _is_outside(page: PageContext, block: Block) -> bool:
    """Return True for a block in navigation, a sidebar, or the header of the site."""
    place = page.layout.boxes[block.box].place
    if place & _OUTSIDE or (place & PLACES["header"] and not place & _MAIN):
        return True
    names = _names_around(page, block.box)
    return not names.isdisjoint(_OUTSIDE_NAMES) or _SIDEBAR.search(" ".join(names)) is not None


def _find_side_blocks(page: PageContext) -> Iterator[int]:
    """Yield the blocks of the boxes that are named a footer or begin with "Related articles"."""
    footers = [box for box in page.layout.boxes if "footer" in terms_in_names(box.name)]
    sides = [range(box.first, box.last) for box in footers]
    for index, phrase in enumerate(page.phrases):
        if phrase is not None and phrase.effect == "tail":
            sides.append(range(index, find_box_end(page, index)))
    for side in sides:
        if len(side) <= MAX_SIDE_SHARE * len(page.layout.blocks):
            yield from side


def _names_around(page: PageContext, box: int) -> set[str]:
    """Return the ids and classes of the boxes around a block."""
    names: set[str] = set()
    while box:
        names.update(page.layout.boxes[box].name.lower().replace("|", " ").split()[1:])
        box = page.layout.boxes[box].parent
    return names


def _find_below_title(page: PageContext, possible: Sequence[int]) -> list[int]:
    """Return the blocks below the last repetition of the title, in the smallest box with some."""
    title = page.repeated_titles[-1]
    boxes = page.layout.boxes
    box: Box = boxes[page.layout.blocks[title].box]
    while True:
        found = [index for index in possible if title < index < box.last]
        if found or box is boxes[0]:
            return found
        box = boxes[box.parent]
