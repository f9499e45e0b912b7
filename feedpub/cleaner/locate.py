"""Where the article is: blocks → those that are kept, and the reasons of those that are not.

Owns the order in which the site's rules, the learned judgement and the boilerplate steps have their say, and when a
page has no article at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from feedpub.cleaner.blocks import Layout
from feedpub.cleaner.boilerplate import KEPT, Case, reasons
from feedpub.model import Removed

SURROUNDINGS = 25  # words of the box that decides whether a picture belongs to the article


@dataclass(frozen=True, slots=True)
class Located:
    """The decision: numbers of the kept blocks, in order, and what was taken out."""

    kept: tuple[int, ...]
    removed: tuple[Removed, ...]


def locate(case: Case) -> Located:
    """Decide about every block of a page."""
    gone = reasons(case)
    kept = [index not in gone and bool(block.text) for index, block in enumerate(case.layout.blocks)]
    pictures = set(_pictures(case.layout, kept, gone))
    chosen = tuple(index for index, stays in enumerate(kept) if stays or index in pictures)
    return Located(chosen, tuple(_removed(case.layout, gone)))


def _pictures(layout: Layout, kept: Sequence[bool], gone: dict[int, str]) -> Iterator[int]:
    """Pictures and captions go with the text around them: the nearest box that has some beside the figure."""
    words = np.array([len(block.text.split()) for block in layout.blocks], dtype=float)
    total = np.concatenate(([0.0], np.cumsum(words)))
    good = np.concatenate(([0.0], np.cumsum(words * np.array(kept))))
    for index, block in enumerate(layout.blocks):
        if not block.pictures or kept[index] or (block.text and index in gone):
            continue
        around = block.box
        while around and total[layout.boxes[around].last] - total[layout.boxes[around].first] < SURROUNDINGS:
            around = layout.boxes[around].parent
        box = layout.boxes[around]
        if good[box.last] - good[box.first] >= KEPT * (total[box.last] - total[box.first]) > 0:
            yield index


def _removed(layout: Layout, gone: dict[int, str]) -> Iterator[Removed]:
    """What was taken out, neighbours that went for the same reason as one."""
    texts: list[str] = []
    reason, last = "", -1
    for index in sorted(gone):
        text = layout.blocks[index].text
        if not text:
            continue
        if texts and (gone[index] != reason or index != last + 1):
            yield Removed("\n".join(texts), reason)
            texts = []
        texts.append(text)
        reason, last = gone[index], index
    if texts:
        yield Removed("\n".join(texts), reason)
