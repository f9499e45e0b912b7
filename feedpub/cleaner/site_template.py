"""Boilerplate of a site's template, found by comparing a page with the site's other pages.

A text that is also on other pages is boilerplate, or it belongs to the article anyway, such as the
introduction of a series. The decision depends on the number of those pages, the kind of text, and
its position relative to the text that is only on this page:

- Below all of that text (sign-offs, author boxes, appeals): a short text goes if it is on two other
  pages, so that a correction on one stays. If at most three pages are known, one is enough. A
  paragraph goes if it is on three pages and on a tenth of all, so that background which three
  reports share stays.
- Between that text (interjected boxes): a text goes if it is on three pages and on a fifth of all,
  so that a quotation in two articles stays.
- Above that text (affiliate notices): a text goes if it is on half of all pages, so that the
  introduction of a series stays.
- In a kind of box in which nearly everything repeats, the pages of the box count instead of the
  pages of the text.
- Labels ("Pros") stay up to half of all pages, and in tables on any number. Headings stay if the
  text below them stays.
- A line with a link goes by the text next to the link ("Read more: …").
- Pages that share most of this page's text are copies of the same article, and are ignored.

Except for such a line, a text that is on no other page never goes for this reason.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.page import (
    MAX_LINK_DENSITY,
    MIN_SCORE,
    PageContext,
    is_mostly_links,
    link_density,
)
from feedpub.cleaner.site_memory import (
    BoxKind,
    SiteMemory,
    block_fingerprint,
    box_kind,
    lead_in_fingerprint,
    title_ends,
)
from feedpub.core.text import pluralize

HEADING, TABLE = PLACES["h2"], PLACES["table"]
LIST_OR_TABLE = PLACES["ul"] | TABLE

MIN_OWN_CHARS = 30  # of a text that is only on this page, for it to mark the article
MIN_PARAGRAPH_CHARS = 120  # the head of an article ends at its second such paragraph
MAX_LABEL_CHARS = 60
MIN_LONG_CHARS = 150  # such a text may be a paragraph of an article as well as boilerplate
MAX_LINE_CHARS = 250  # of a line with a link
MAX_EARLY_PAGES = 3  # up to here, one page is enough for a text below the article
DENSE_CHARS = 3  # letters that a Chinese, Japanese or Korean character is worth
BOILERPLATE_SHARE = 0.9  # of repeated texts, for a kind of box to hold boilerplate only
MIN_KIND_PAGES = 5  # with a kind of box, before that share is trusted
COPY_SHARE = 0.5  # of a page's own text, for another page to be a copy of it

# a site's name in a title
MIN_NAME_PAGES = 2
NAME_SHARE = 0.6  # of the other pages' titles

# blocks outside the usual boxes
MAX_DOUBTFUL_SCORE = 0.6  # a block with a higher score stays in any box
USUAL_BOX_SHARE = 0.4  # of the prose in the kind of box that has most
SAME_LAYOUT_SHARE = 0.5  # of a page's own text in usual boxes
MIN_PARAGRAPH_WORDS = 30
MIN_STANDFIRST_WORDS = 12

MinPages = tuple[int, float]
"""The least number of other pages, and the least share of them, on which a text is boilerplate."""
ABOVE: MinPages = (2, 0.5)
BETWEEN: MinPages = (3, 0.2)
BELOW: MinPages = (3, 0.1)
BELOW_SHORT: MinPages = (2, 0.0)
BELOW_EARLY: MinPages = (1, 0.0)
LABELS: MinPages = (3, 0.5)
LINES: MinPages = (3, 0.2)

_LETTER = re.compile(r"[^\W\d_]")
_DENSE = re.compile(r"[\u2e80-\ufaff]")


def find_site_repeats(page: PageContext) -> Iterator[tuple[int, str]]:
    """Yield the blocks that repeat over the site's pages, each with its reason."""
    comparison = _Comparison.with_other_pages(page)
    if comparison is None:
        return
    removed: dict[int, str] = {}
    article_follows = False
    for index in reversed(range(len(comparison.seen))):
        is_heading = is_heading_like(page, index)
        repeats = comparison.repeats(index)
        if comparison.seen[index] and is_heading:
            is_last = index > comparison.end and not article_follows
            repeats = index + 1 in removed or is_last
        reason = comparison.reason(index) if repeats else ""
        if not repeats and not is_heading:
            reason = comparison.link_line_reason(index)
        if reason:
            removed[index] = reason
        elif page.scores[index] >= MIN_SCORE:
            article_follows = True
    yield from sorted(removed.items())


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A page compared with the other pages of its site.

    Attributes:
        pages: the other pages, as bits, without copies of this one.
        seen: for each block, those of them that have its text.
        body: the block at which the article's head ends.
        end: the last block of the text that is only on this page.
    """

    layout: Layout
    memory: SiteMemory
    kinds: Mapping[str, BoxKind]
    pages: int
    seen: Sequence[int]
    body: int
    end: int

    @classmethod
    def with_other_pages(cls, page: PageContext) -> "_Comparison | None":
        """Compare a page, unless no other page is known or none of its text is its own."""
        if page.memory is None:
            return None
        memory, blocks = page.memory, page.layout.blocks
        pages = memory.other_pages(page.url)
        seen = [_pages_with_text(memory, block) & pages for block in blocks]
        pages &= ~_find_copies(page, seen, pages)
        seen = [found & pages for found in seen]
        own: list[int] = []
        paragraphs: list[int] = []
        for index in page.likely_blocks:
            if seen[index] or not _is_own_text(blocks[index]):
                continue
            own.append(index)
            if count_letters(blocks[index].text) >= MIN_PARAGRAPH_CHARS:
                paragraphs.append(index)
        if not own or not pages:
            return None
        first_two = paragraphs[:2] or own[:1]
        return cls(page.layout, memory, memory.box_kinds(), pages, seen, first_two[-1], own[-1])

    def repeats(self, index: int) -> bool:
        """Return whether a block's text is on too many pages to be this article's."""
        block = self.layout.blocks[index]
        count = self.seen[index].bit_count()
        if not count or not _LETTER.search(block.text):
            return False
        size = count_letters(block.text)
        is_label = size <= MAX_LABEL_CHARS and not is_mostly_links(block)
        if is_label and self.layout.boxes[block.box].place & TABLE:
            return False
        kind = self.kinds.get(box_kind(self.layout, block), BoxKind())
        kind_count = (kind.pages & self.pages).bit_count()
        if kind_count >= MIN_KIND_PAGES and kind.repeated >= BOILERPLATE_SHARE * kind.texts:
            count = kind_count
        return self._reaches(count, self._min_pages(index, size, is_label=is_label))

    def _min_pages(self, index: int, size: int, *, is_label: bool) -> MinPages:
        if index > self.end:
            if size >= MIN_LONG_CHARS:
                return BELOW
            return BELOW_SHORT if self.pages.bit_count() > MAX_EARLY_PAGES else BELOW_EARLY
        if is_label:
            return LABELS
        return BETWEEN if index > self.body else ABOVE

    def _reaches(self, count: int, least: MinPages) -> bool:
        min_pages, min_share = least
        return count >= max(min_pages, min_share * self.pages.bit_count())

    def link_line_reason(self, index: int) -> str:
        """Return the reason to remove a line with a link whose lead-in repeats, or ""."""
        block = self.layout.blocks[index]
        if link_density(block) < MAX_LINK_DENSITY / 2:
            return ""
        mark = lead_in_fingerprint(block)
        if not mark or count_letters(block.text) > MAX_LINE_CHARS:
            return ""
        count = (self.memory.pages_with(mark) & self.pages).bit_count()
        if not self._reaches(count, LINES):
            return ""
        return f"a line with a link like those on {self._describe(count)}"

    def reason(self, index: int) -> str:
        """Return on how many pages a block's text is."""
        return f"on {self._describe(self.seen[index].bit_count())}"

    def _describe(self, count: int) -> str:
        return f"{count} of {pluralize(self.pages.bit_count(), 'other page')} of this site"


def is_heading_like(page: PageContext, index: int) -> bool:
    """Return whether a block is a heading, or a bold line in place of one."""
    block = page.layout.blocks[index]
    return bool(page.place(index) & HEADING) or block.bold_chars >= len(block.text) > 0


def count_letters(text: str) -> int:
    """Return the length of a text, in letters of an alphabet."""
    if text.isascii():
        return len(text)
    dense = len(_DENSE.findall(text, 0, MIN_LONG_CHARS))
    is_dense = dense > min(len(text), MIN_LONG_CHARS) / 2
    return len(text) * DENSE_CHARS if is_dense else len(text)


def _is_own_text(block: Block) -> bool:
    return len(block.text) >= MIN_OWN_CHARS and not is_mostly_links(block)


def _pages_with_text(memory: SiteMemory, block: Block) -> int:
    return memory.pages_with(block_fingerprint(block.text)) if block.text else 0


def _find_copies(page: PageContext, seen: Sequence[int], pages: int) -> int:
    """Return the other pages, as bits, that have most of a page's likely text.

    The text that any page of the site shares with this one is not counted.

    Args:
        page: the page.
        seen: for each block, the pages that have its text.
        pages: the other pages.
    """
    shared = Counter(dict.fromkeys(_split_bits(pages), 0))
    size = 0
    for index in page.likely_blocks:
        chars = len(page.layout.blocks[index].text)
        size += chars
        shared.update(dict.fromkeys(_split_bits(seen[index]), chars))
    common = median_low(shared.values()) if len(shared) > 1 else 0
    copies = 0
    for bit, count in shared.items():
        if count - common > COPY_SHARE * (size - common):
            copies |= bit
    return copies


def _split_bits(pages: int) -> Iterator[int]:
    """Yield each page of a set as a bit of its own."""
    while pages:
        yield pages & -pages
        pages &= pages - 1


def find_site_names(memory: SiteMemory, title: str, url: str | None) -> Iterator[str]:
    """Yield the ends of a page's title that the titles of most other pages share."""
    pages = memory.other_pages(url)
    least = max(MIN_NAME_PAGES, NAME_SHARE * pages.bit_count())
    for part, mark in title_ends(title):
        if (memory.pages_with(mark) & pages).bit_count() >= least:
            yield part


def find_outside_usual_boxes(page: PageContext) -> Iterator[tuple[int, str]]:
    """Yield doubtful blocks in boxes that hold no article's text on the site's other pages.

    A kind of box is usual if the other pages had much of their new prose in it. If a page's own
    text is outside of these, the site was redesigned or the page is of another type, and nothing is
    removed. Headings, lists and tables are rare on any page, so they stay. Long paragraphs stay,
    and so does a sentence above the text, as it may be a standfirst.
    """
    usual = _find_usual_boxes(page)
    if not usual:
        return
    blocks = page.layout.blocks
    outside: list[int] = []
    likely_chars = outside_chars = 0
    for index in page.likely_blocks:
        chars = len(blocks[index].text)
        likely_chars += chars
        if box_kind(page.layout, blocks[index]) not in usual:
            outside_chars += chars
            outside.append(index)
    if outside_chars > (1 - SAME_LAYOUT_SHARE) * likely_chars:
        return
    for index in outside:
        if blocks[index].text and _is_doubtful(page, index):
            yield index, "outside the part of the page that holds this site's articles"


def _is_doubtful(page: PageContext, index: int) -> bool:
    """Return whether a block is a short text with a low score, not a heading, list or table."""
    if page.scores[index] >= MAX_DOUBTFUL_SCORE or page.place(index) & LIST_OR_TABLE:
        return False
    is_first = index == page.likely_blocks[0]
    min_words = MIN_STANDFIRST_WORDS if is_first else MIN_PARAGRAPH_WORDS
    return page.word_counts[index] < min_words and not is_heading_like(page, index)


def _find_usual_boxes(page: PageContext) -> frozenset[str]:
    """Return the kinds of boxes that hold the text of the site's articles."""
    if page.memory is None:
        return frozenset()
    prose: Counter[str] = Counter()
    for found in page.memory.new_prose(page.url):
        prose.update(found)
    most = max(prose.values(), default=0)
    return frozenset(kind for kind, size in prose.items() if size >= USUAL_BOX_SHARE * most)
