"""All that is known about a page when the decision about its blocks is made, and the simplest words about a block."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from lxml.html import HtmlElement

from feedpub.cleaner import phrases
from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.phrases import Phrase
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.vocabulary import Vocabulary, split_words

KEPT = (
    0.53  # from this score on a block belongs to the article; half leaks more than is lost above it
)
UNDOUBTED = 0.1  # below this score a block is no part of the article in any case
NEAR = 6  # blocks
MANY = 5_000  # blocks
LIKE_AN_ARTICLE = 0.75  # the mean score of a forum's posts
MIN_SURE_SCORE = 0.98  # from this score on a phrase takes no block out
FEW_WORDS = 40  # with fewer above that score, the best blocks are taken that are
DOUBTFUL = 0.15  # above this one
INSIDE = 0.15  # the score that a block needs where a rule says that the article is
WHOLE = (
    0.08  # and where the rule wants nothing there to be judged: pages change, and rules grow old
)
LINKED = 0.6  # of a block's characters
PROSE_WORDS = 40  # a text of this many words is no label and no teaser
SAME_LENGTH = (0.7, 1.5)  # of a title that is repeated
LONGEST_LABEL = 60  # characters
HEADING = PLACES["h2"]
LONGEST_WORD = 16  # characters a word, on average; with more, there are no spaces between the words
DENSE_WORD = 2  # characters, of a word in such a script


@dataclass(frozen=True)
class PageContext:
    """All that is known about a page's blocks when the decision is made.

    Attributes:
        probabilities: of each block, how probably it belongs to the article.
        title: the article's headline.
        credits: elements that hold a byline or a dateline and nothing else.
        inside: the blocks where a rule says that the article is; none where no rule does.
        unwanted: the blocks that a rule takes out, each with its reason.
        kept: the blocks that a rule keeps, whatever else speaks against them.
        whole: a rule says that everything inside is the article.
    """

    layout: Layout
    probabilities: npt.NDArray[np.float64]
    vocabulary: Vocabulary
    title: str = ""
    credits: frozenset[HtmlElement] = frozenset()
    memory: SiteMemory | None = None
    url: str | None = None
    inside: frozenset[int] = frozenset()
    unwanted: Mapping[int, str] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()
    whole: bool = False

    @cached_property
    def scores(self) -> list[float]:
        """The probabilities as plain numbers, which are quicker one by one."""
        scores: list[float] = self.probabilities.tolist()
        return scores

    @cached_property
    def sizes(self) -> list[int]:
        """How many words each block has."""
        return [size_of(block) for block in self.layout.blocks]

    @cached_property
    def phrases(self) -> Sequence[Phrase | None]:
        """The phrase that each block is, as far as it matters: in or near what may be the article.

        Labels and headings count near it, everything else only in it; none that everything else
        speaks for, unless it is a heading. On a page of thousands of blocks, labels and headings
        must do.
        """
        boxes, blocks = self.layout.boxes, self.layout.blocks
        found: list[Phrase | None] = [None] * len(blocks)
        for index in np.flatnonzero(_widened(self.probabilities >= UNDOUBTED, NEAR)).tolist():
            block = blocks[index]
            heading = boxes[block.box].place & HEADING
            doubtful = UNDOUBTED <= self.scores[index] < MIN_SURE_SCORE and len(blocks) <= MANY
            if doubtful or heading or is_label(block):
                found[index] = phrases.find_phrases(block.text)
        return found

    @cached_property
    def titles(self) -> list[int]:
        """The blocks that are the headline once more, perhaps with other punctuation."""
        title, size = split_words(self.title), len(self.title)
        shortest, longest = SAME_LENGTH[0] * size, SAME_LENGTH[1] * size
        return [
            index
            for index, block in enumerate(self.layout.blocks)
            if title and shortest <= len(block.text) <= longest and split_words(block.text) == title
        ]

    @cached_property
    def least(self) -> float:
        """The score that a block needs.

        Less where a rule says that the article is, and where hardly any has it.
        """
        if self.inside:
            return WHOLE if self.whole else INSIDE
        likely = sum(
            [size for size, score in zip(self.sizes, self.scores, strict=True) if score >= KEPT]
        )
        return KEPT if likely >= FEW_WORDS else min(KEPT, max(DOUBTFUL, max(self.scores) / 2))

    def place(self, index: int) -> int:
        """What a block stands inside of."""
        return self.layout.boxes[self.layout.blocks[index].box].place

    def is_prose(self, index: int) -> bool:
        """Whether a block is a paragraph of running text."""
        return self.sizes[index] >= PROSE_WORDS and link_density(self.layout.blocks[index]) < LINKED

    def is_forum(self, comments: Collection[int], article: int) -> bool:
        """Whether comments are what a page is about: they score like an article, and say more than the one above.

        Args:
            comments: the blocks that are called so.
            article: how many words the article has without them.
        """
        words = sum([self.sizes[index] for index in comments])
        likely = sum([self.sizes[index] * self.scores[index] for index in comments])
        return words >= article and likely >= LIKE_AN_ARTICLE * words


def _widened(marks: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Whether there is a mark within reach of each place."""
    wide = marks.copy()
    for offset in range(1, reach + 1):
        wide[offset:] |= marks[:-offset]
        wide[:-offset] |= marks[offset:]
    return wide


def size_of(block: Block) -> int:
    """How many words a block has.

    In scripts without spaces, as many as others need to say the same.
    """
    length = len(block.text)
    words = block.text.count(" ") + block.text.count("\n") + 1 if length else 0
    return words if length <= LONGEST_WORD * words else length // DENSE_WORD


def is_label(block: Block) -> bool:
    """Whether a block is short and not a link."""
    return len(block.text) <= LONGEST_LABEL and link_density(block) < LINKED


def link_density(block: Block) -> float:
    """The share of a block's characters that stand in links."""
    return block.link_chars / max(1, len(block.text))
