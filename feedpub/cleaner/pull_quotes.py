"""Quotations that are set apart and repeat the text. Owns how a repetition is found."""

import re
from collections.abc import Iterator

from feedpub.cleaner.case import KEPT, Case
from feedpub.cleaner.layout import PLACES, Block
from feedpub.cleaner.vocabulary import words

PULLED = (5, 60)  # words of a quotation that may be taken from the text
MOST = 30  # with more of them, the page is made of quotations
QUOTE = PLACES["blockquote"]
REASON = "a quotation that repeats the text"

_CUT = re.compile(r"…|\.\.\.|\[…\]|\[\.\.\.\]")


def pull_quotes(case: Case) -> Iterator[tuple[int, str]]:
    """A quotation that is set apart and stands in the text as well."""
    found = [index for index, score in enumerate(case.scores) if score >= KEPT and _may_be_pulled(case, index)]
    if not 0 < len(found) <= MOST:
        return
    quoted = frozenset(found)
    others = [
        f" {' '.join(words(block.text))} "
        for index, block in enumerate(case.layout.blocks)
        if case.scores[index] >= KEPT and case.sizes[index] > PULLED[0] and index not in quoted
    ]
    text = "|".join(others)
    for index in found:
        parts = [f" {' '.join(words(part))} " for part in _CUT.split(case.layout.blocks[index].text)]
        if all(part in text for part in parts) and any(part in other != part for part in parts for other in others):
            yield index, REASON


def _may_be_pulled(case: Case, index: int) -> bool:
    return PULLED[0] <= case.sizes[index] <= PULLED[1] and _is_set_apart(case, case.layout.blocks[index])


def _is_set_apart(case: Case, block: Block) -> bool:
    boxes = case.layout.boxes
    box = boxes[block.box]
    return bool(box.place & QUOTE) or "pull" in f"{box.name} {boxes[box.parent].name}".lower()
