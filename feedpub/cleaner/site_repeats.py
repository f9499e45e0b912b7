"""What stands on other pages of the site as well. Owns when a repeat is boilerplate and when it is an article's own."""

from collections.abc import Iterator, Sequence

import numpy as np

from feedpub.cleaner.case import KEPT, Case, is_prose
from feedpub.cleaner.layout import Block

LABEL_WORDS = 3


def site_repeats(case: Case) -> Iterator[tuple[int, str]]:
    """What stands on other pages of the site as well."""
    memory, url = case.memory, case.url
    if memory is None or not (known := memory.known(url)):
        return
    seen = [memory.others(block.text, url) if block.text else 0 for block in case.layout.blocks]
    if _is_known_article(case, seen):
        return
    for index, (block, others) in enumerate(zip(case.layout.blocks, seen, strict=True)):
        if others and _repeats(block, others, known):
            yield index, f"on {others} of {known} other pages of this site"


def _is_known_article(case: Case, seen: Sequence[int]) -> bool:
    """Whether most of the article was seen before: the same article at another address."""
    size = np.array([len(block.text) for block in case.layout.blocks]) * (case.probabilities >= KEPT)
    return float((size * (np.array(seen) > 0)).sum()) > float(size.sum()) / 2


def _repeats(block: Block, others: int, known: int) -> bool:
    """Labels may stand on any page, and an article's own words on two."""
    size = len(block.text.split())
    if size <= LABEL_WORDS and not block.link_chars:
        return False
    return others > 1 + known // 20 if is_prose(block) else others > known // 20
