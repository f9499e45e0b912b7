"""Where a site's articles stand, as its other pages show: what is doubtful and stands elsewhere is no part of them.

A kind of box is a home of articles where the other pages had much of their new prose in boxes of that kind. Nothing is
said of a page whose own text stands elsewhere too: the site has changed, or the page is of another sort. Headings,
lists and tables are few on any page, and so are spared; paragraphs of some length too, and a sentence above all others,
which may be a standfirst.
"""

from collections import Counter
from collections.abc import Iterator

from feedpub.cleaner.case import KEPT, Case
from feedpub.cleaner.fingerprints import kind
from feedpub.cleaner.layout import PLACES
from feedpub.cleaner.site_repeats import is_heading

UNSURE = 0.6  # a block that scores more stays wherever it stands
HOME = 0.4  # of the prose in the kind of box that has most
SAME = 0.5  # of the page's own text in such boxes, for it to be a page like the others
PARAGRAPH, STANDFIRST = 30, 12  # words
SPARED = PLACES["ul"] | PLACES["table"]


def site_homes(case: Case) -> Iterator[tuple[int, str]]:
    """Doubtful blocks in boxes that hold no article's text on the site's other pages."""
    homes = _homes(case)
    if not homes:
        return
    blocks = case.layout.blocks
    kept = [index for index, score in enumerate(case.scores) if score >= KEPT]
    away = [index for index in kept if kind(case.layout, blocks[index]) not in homes]
    if sum(len(blocks[index].text) for index in away) > (1 - SAME) * sum(len(blocks[index].text) for index in kept):
        return
    for index in away:
        least = STANDFIRST if index == kept[0] else PARAGRAPH
        spared = case.place(index) & SPARED or is_heading(case, index) or case.sizes[index] >= least
        if blocks[index].text and case.scores[index] < UNSURE and not spared:
            yield index, "not where the articles of this site stand"


def _homes(case: Case) -> frozenset[str]:
    """The kinds of boxes that articles stand in; none where no other page is known."""
    prose: Counter[str] = Counter()
    for found in case.memory.prose(case.url) if case.memory else ():
        prose.update(found)
    most = max(prose.values(), default=0)
    return frozenset(where for where, size in prose.items() if size >= HOME * most)
