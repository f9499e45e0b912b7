"""Pictures and their captions: which belong to the article. They have no text of their own to be judged by.

A picture goes with the text around it; a caption goes with its picture.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from feedpub.cleaner.layout import PLACES, Block, Layout

SURROUNDINGS = 25  # words of the box that decides whether a picture belongs to the article
MOST_OF_IT = 0.5  # of those words
REACH = 3  # blocks before and behind, in which a teaser's link may stand
CAPTION, FIGURE, TABLE = PLACES["figcaption"], PLACES["figure"], PLACES["table"]


def is_caption(layout: Layout, block: Block) -> bool:
    """Whether a block's text belongs to a picture."""
    box = layout.boxes[block.box]
    if box.place & CAPTION:
        return True
    if box.place & TABLE:
        return False
    return any(_names_caption(name) for name in (box.name, layout.boxes[box.parent].name, block.wrapper))


@lru_cache(maxsize=10_000)  # the boxes of a page share their names
def _names_caption(name: str) -> bool:
    """Whether a box is called a caption; utility classes ("[&_figcaption]:mt-1") speak of others."""
    return "caption" in name.lower() and any("caption" in part and "[" not in part for part in name.lower().split())


def pictures(layout: Layout, sizes: Sequence[int], kept: Sequence[bool], told: Collection[int] = ()) -> frozenset[int]:
    """The blocks with pictures that are kept for their text or, without any, for the kept text around them.

    Args:
        layout: the page.
        sizes: of each block, in words.
        kept: of each block, whether its text stays.
        told: blocks that go and say nothing of a picture beside them: title, byline, credit.
    """
    found = [index for index, block in enumerate(layout.blocks) if block.pictures]
    if not found:
        return frozenset()
    places = [layout.boxes[block.box].place for block in layout.blocks]
    counted = [0 if place & CAPTION else size for place, size in zip(places, sizes, strict=True)]
    for index in told:
        counted[index] = 0
    total = [0, *accumulate(counted)]
    good = [0, *accumulate([size if stays else 0 for size, stays in zip(counted, kept, strict=True)])]

    def among_kept(index: int) -> bool:
        box = layout.boxes[layout.blocks[index].box]
        while box.place & FIGURE or (box is not layout.boxes[0] and total[box.last] - total[box.first] < SURROUNDINGS):
            box = layout.boxes[box.parent]
        return good[box.last] - good[box.first] >= MOST_OF_IT * (total[box.last] - total[box.first]) > 0

    return frozenset(
        index
        for index in found
        if (kept[index] if layout.blocks[index].text else among_kept(index) and not _is_teaser(layout, index, kept))
    )


def _is_teaser(layout: Layout, index: int, kept: Sequence[bool]) -> bool:
    """Whether a picture leads where a link beside it leads that goes."""
    links = set(layout.blocks[index].links)
    if not links:
        return False
    around = range(max(0, index - REACH), min(len(kept), index + REACH + 1))
    return any(not kept[each] and not links.isdisjoint(layout.blocks[each].links) for each in around if each != index)


def captions(layout: Layout, chosen: Collection[int], gone: Mapping[int, str]) -> Iterator[int]:
    """The captions of chosen pictures, as far as they are not gone: in the same figure, else right behind."""
    near: set[int] = set()
    boxes = layout.boxes
    outermost: set[int] = set()
    for index in chosen:
        box = layout.blocks[index].box
        if not boxes[box].place & FIGURE:
            near.update((index, index + 1))
            continue
        while boxes[boxes[box].parent].place & FIGURE:
            box = boxes[box].parent
        outermost.add(box)
    for box in outermost:
        near.update(range(boxes[box].first, boxes[box].last))
    blocks = layout.blocks
    for index in sorted(near):
        if index < len(blocks) and index not in gone and blocks[index].text and is_caption(layout, blocks[index]):
            yield index
