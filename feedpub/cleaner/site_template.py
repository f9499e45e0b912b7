"""What stands on other pages of the site as well: boilerplate, or an article's own. Decides by memory alone.

What tells them apart is on how many pages a text stands, what it is, and where it stands among the
text that is found on this page only:

- below all of it (sign-offs, author boxes, appeals), what is short and stands on two other pages
  goes; a correction on one stays. (While no more than three are known, one is enough.) A paragraph
  goes when it stands on three and on a tenth of all; the background that three reports on one
  matter end with stays.
- between it (interjected boxes), what stands on three and on a fifth of all goes; a quotation in
two articles stays.
- above it (affiliate notices), what stands on half of all goes; the introduction of a series stays.
- In a kind of box where nearly everything repeats, the box's pages count in place of the text's.
- Labels ("Pros") stay up to half of all pages, in tables on any number; headings stay as long as
what follows does.
- A line with a link goes by what stands beside the link ("Read more: …"), wherever that leads.
- Pages that share most of this one's text are the same article elsewhere, and say nothing.

But for such a line, a text that was seen on no other page never goes.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.page import KEPT, LINKED, PageContext, link_density
from feedpub.cleaner.site_memory import (
    BoxKind,
    SiteMemory,
    block_fingerprint,
    box_kind,
    find_lead_in,
    shared_title_ends,
)
from feedpub.core.text import pluralize

HEADING, TABLE = PLACES["h2"], PLACES["table"]
OWN = (
    30  # characters of a text that is found on this page only, for it to tell where the article is
)
MIN_PARAGRAPH_CHARS = (
    120  # characters; two such paragraphs, and what follows is no longer the article's head
)
LABEL = 60  # characters
EARLY = 3  # other pages; up to so many, one is enough for a text below the article
LONG = 150  # characters; a text of so many is an article's paragraph as easily as boilerplate
LONGEST_LINE = 250  # characters of a line with a link
DENSE = 3  # letters of an alphabet that a character of Chinese, Japanese or Korean says as much as
ALIEN = 0.9  # of the texts in a kind of box, repeated, for none of them to be an article's own
ENOUGH = 5  # pages with a kind of box, to know that
COPIED = 0.5  # of a page's own text on another one

Least = tuple[int, float]
"""On how many other pages a text stands at least to go, and on what share of them."""
ABOVE: Least = (2, 0.5)
BETWEEN: Least = (3, 0.2)
BELOW: Least = (3, 0.1)
BELOW_SHORT: Least = (2, 0.0)
BELOW_EARLY: Least = (1, 0.0)
LABELS: Least = (3, 0.5)
LINES: Least = (3, 0.2)

_LETTER = re.compile(r"[^\W\d_]")
_DENSE = re.compile(r"[\u2e80-\ufaff]")


def find_repeats(case: PageContext) -> Iterator[tuple[int, str]]:
    """What stands on other pages of the site as well, but for what may be the article's own."""
    site = _Site.for_page(case) if case.memory else None
    if site is None:
        return
    gone: dict[int, str] = {}
    follows = False  # whether anything of the article does
    for index in reversed(range(len(site.seen))):
        if site.seen[index] and is_repeated_heading(case, index):
            goes = index + 1 in gone or (index > site.end and not follows)
        else:
            goes = site.repeats(index)
        if goes:
            gone[index] = site.reason(index)
        elif (reason := site.repeated_line(index)) and not is_repeated_heading(case, index):
            gone[index] = reason
        follows = follows or (case.probabilities[index] >= KEPT and index not in gone)
    yield from sorted(gone.items())


@dataclass(frozen=True, slots=True)
class _Site:
    """A page before the others of its site.

    Attributes:
        pages: the other ones, as bits.
        seen: for each block those of them that have its text.
        body, end: where the article's head ends, and its own text.
    """

    layout: Layout
    memory: SiteMemory
    kinds: Mapping[str, BoxKind]
    pages: int
    seen: Sequence[int]
    body: int
    end: int

    @classmethod
    def for_page(cls, case: PageContext) -> "_Site | None":
        """None where no other page is known, or nothing of the article is its own."""
        memory, blocks = case.memory or SiteMemory(), case.layout.blocks
        pages = memory.without(case.url)
        seen = [
            memory.count_of(block_fingerprint(block.text)) & pages if block.text else 0
            for block in blocks
        ]
        kept = (case.probabilities >= KEPT).tolist()
        copies = _copies(blocks, seen, kept, pages)
        seen = [found & ~copies for found in seen]
        own = [n for n, block in enumerate(blocks) if kept[n] and not seen[n] and _is_own(block)]
        if not own or not pages & ~copies:
            return None
        paragraphs = [index for index in own if extent(blocks[index].text) >= MIN_PARAGRAPH_CHARS]
        body = paragraphs[min(1, len(paragraphs) - 1)] if paragraphs else own[0]
        return cls(case.layout, memory, memory.kinds(), pages & ~copies, seen, body, own[-1])

    def repeats(self, index: int) -> bool:
        """Whether a text stands on too many pages to be this article's."""
        block, count = self.layout.blocks[index], self.seen[index].bit_count()
        if not count or not _LETTER.search(block.text):
            return False
        size = extent(block.text)
        label = size <= LABEL and link_density(block) < LINKED
        if label and self.layout.boxes[block.box].place & TABLE:
            return False
        known = self.kinds.get(box_kind(self.layout, block), BoxKind())
        of_kind = (known.pages & self.pages).bit_count()
        alien = of_kind >= ENOUGH and known.repeated >= ALIEN * known.texts
        return self._many(of_kind if alien else count, self._least(index, size, label=label))

    def repeated_line(self, index: int) -> str:
        """Why a line with a link goes, by what stands beside the link; "" where it stays."""
        block = self.layout.blocks[index]
        if (
            link_density(block) < LINKED / 2
            or not (mark := find_lead_in(block))
            or extent(block.text) > LONGEST_LINE
        ):
            return ""
        count = (self.memory.count_of(mark) & self.pages).bit_count()
        return (
            f"a line with a link like those on {self._of(count)}"
            if self._many(count, LINES)
            else ""
        )

    def reason(self, index: int) -> str:
        """On how many pages a text stands."""
        return f"on {self._of(self.seen[index].bit_count())}"

    def _least(self, index: int, size: int, *, label: bool) -> Least:
        if index > self.end:
            return (
                BELOW
                if size >= LONG
                else BELOW_SHORT
                if self.pages.bit_count() > EARLY
                else BELOW_EARLY
            )
        if label:
            return LABELS
        return BETWEEN if index > self.body else ABOVE

    def _many(self, count: int, least: Least) -> bool:
        return count >= max(least[0], least[1] * self.pages.bit_count())

    def _of(self, count: int) -> str:
        return f"{count} of {pluralize(self.pages.bit_count(), 'other page')} of this site"


def is_repeated_heading(case: PageContext, index: int) -> bool:
    """Whether a block is a heading, or a bold line that serves as one."""
    block = case.layout.blocks[index]
    return bool(case.place(index) & HEADING) or block.bold_chars >= len(block.text) > 0


def extent(text: str) -> int:
    """How much a text says, in letters of an alphabet."""
    if text.isascii():
        return len(text)
    return (
        len(text) * DENSE
        if len(_DENSE.findall(text, 0, LONG)) > min(len(text), LONG) / 2
        else len(text)
    )


def _is_own(block: Block) -> bool:
    return len(block.text) >= OWN and link_density(block) < LINKED


def _copies(blocks: Sequence[Block], seen: Sequence[int], kept: Sequence[bool], pages: int) -> int:
    """The pages, as bits, that have most of what the kept blocks say beyond what any page of the site has of it."""
    shared = Counter(dict.fromkeys(_bits(pages), 0))
    for block, found, stays in zip(blocks, seen, kept, strict=True):
        if stays:
            shared.update(dict.fromkeys(_bits(found), len(block.text)))
    usual = median_low(shared.values()) if len(shared) > 1 else 0
    size = sum(len(block.text) for block, stays in zip(blocks, kept, strict=True) if stays)
    return sum(bit for bit, count in shared.items() if count - usual > COPIED * (size - usual))


def _bits(pages: int) -> Iterator[int]:
    """The pages of a set, each as a bit of its own."""
    while pages:
        yield pages & -pages
        pages &= pages - 1


# SECTION: The names that a site adds to its pages' titles, as its other pages show. Changes no
# title itself.

LEAST = 2  # other pages whose titles begin or end alike
SHARE = 0.6  # of all other pages


def find_site_names(memory: SiteMemory, title: str, url: str | None) -> Iterator[str]:
    """What a page's title element begins or ends with as most others do."""
    pages = memory.without(url)
    for part, mark in shared_title_ends(title):
        if (memory.count_of(mark) & pages).bit_count() >= max(LEAST, SHARE * pages.bit_count()):
            yield part


# SECTION: Where a site's articles stand, as its other pages show: what is doubtful and stands
# elsewhere is no part of them.
#
# A kind of box is a home of articles where the other pages had much of their new prose in boxes
# of that kind. Nothing is
# said of a page whose own text stands elsewhere too: the site has changed, or the page is of
# another sort. Headings,
# lists and tables are few on any page, and so are spared; paragraphs of some length too, and a
# sentence above all others,
# which may be a standfirst.

UNSURE = 0.6  # a block that scores more stays wherever it stands
HOME = 0.4  # of the prose in the kind of box that has most
SAME = 0.5  # of the page's own text in such boxes, for it to be a page like the others
PARAGRAPH, STANDFIRST = 30, 12  # words
SPARED = PLACES["ul"] | PLACES["table"]


def find_home_links(case: PageContext) -> Iterator[tuple[int, str]]:
    """Doubtful blocks in boxes that hold no article's text on the site's other pages."""
    homes = _homes(case)
    if not homes:
        return
    blocks = case.layout.blocks
    kept = [index for index, score in enumerate(case.scores) if score >= KEPT]
    away = [index for index in kept if box_kind(case.layout, blocks[index]) not in homes]
    if sum(len(blocks[index].text) for index in away) > (1 - SAME) * sum(
        len(blocks[index].text) for index in kept
    ):
        return
    for index in away:
        least = STANDFIRST if index == kept[0] else PARAGRAPH
        spared = (
            case.place(index) & SPARED
            or is_repeated_heading(case, index)
            or case.sizes[index] >= least
        )
        if blocks[index].text and case.scores[index] < UNSURE and not spared:
            yield index, "not where the articles of this site stand"


def _homes(case: PageContext) -> frozenset[str]:
    """The kinds of boxes that articles stand in; none where no other page is known."""
    prose: Counter[str] = Counter()
    for found in case.memory.is_prose_box(case.url) if case.memory else ():
        prose.update(found)
    most = max(prose.values(), default=0)
    return frozenset(where for where, size in prose.items() if size >= HOME * most)
