"""Pictures and their captions: which belong to the article. They have no text of their own to be judged by.

A picture goes with the text around it; a caption goes with its picture.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from feedpub.cleaner.layout import PLACES, Block, Layout

SURROUNDINGS = 25  # words of the box that decides whether a picture belongs to the article
MOST_OF_IT = 0.5  # of those words
CAPTION, TABLE = PLACES["figcaption"], PLACES["table"]


def is_caption(layout: Layout, block: Block) -> bool:
    """Whether a block's text belongs to a picture."""
    box = layout.boxes[block.box]
    if box.place & CAPTION:
        return True
    names = f"{box.name} {layout.boxes[box.parent].name} {block.wrapper}".lower()
    return "caption" in names and not box.place & TABLE


def pictures(layout: Layout, kept: Sequence[bool]) -> frozenset[int]:
    """The blocks with pictures that are kept for their text or, without any, for the kept text around them."""
    words = [len(block.text.split()) for block in layout.blocks]
    total = [0, *accumulate(words)]
    good = [0, *accumulate(count * stays for count, stays in zip(words, kept, strict=True))]

    def among_kept(block: Block) -> bool:
        box = layout.boxes[block.box]
        while box is not layout.boxes[0] and total[box.last] - total[box.first] < SURROUNDINGS:
            box = layout.boxes[box.parent]
        return good[box.last] - good[box.first] >= MOST_OF_IT * (total[box.last] - total[box.first]) > 0

    return frozenset(
        index
        for index, block in enumerate(layout.blocks)
        if block.pictures and (kept[index] if block.text else among_kept(block))
    )


def captions(layout: Layout, chosen: frozenset[int]) -> Iterator[int]:
    """The captions of chosen pictures: those in the same figure, else those right behind."""
    for index, block in enumerate(layout.blocks):
        if block.text and is_caption(layout, block) and _has_picture(layout, index, chosen):
            yield index


def _has_picture(layout: Layout, index: int, chosen: frozenset[int]) -> bool:
    figure = layout.boxes[layout.blocks[index].box]
    while figure.tag != "figure" and figure is not layout.boxes[0]:
        figure = layout.boxes[figure.parent]
    if figure.tag == "figure":
        return not chosen.isdisjoint(range(figure.first, figure.last))
    return index - 1 in chosen or index in chosen
