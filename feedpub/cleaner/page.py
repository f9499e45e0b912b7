"""Everything that the decision about a page's blocks depends on, and basic measures of a block."""

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

# Scores are probabilities that a block belongs to the article.
MIN_SCORE = 0.53  # 0.5 lets more boilerplate in than it saves of the article
SURE_SCORE = 0.98  # from this score on, a known phrase does not remove a block
MIN_FALLBACK_SCORE = 0.15  # if hardly any block reaches MIN_SCORE, the best above this are kept
MIN_RULED_SCORE = 0.15  # for a block in an element that a rule selects
MIN_KEEP_ALL_SCORE = 0.08  # the same with `prune: no`; pages change and rules become outdated
MIN_FORUM_SCORE = 0.75  # mean score of a forum's posts
MIN_PHRASE_SCORE = 0.1  # phrases are only looked up in and near blocks from this score on
FEW_WORDS = 40  # hardly any text above MIN_SCORE

PHRASE_REACH_BLOCKS = 6
MANY_BLOCKS = 5_000
MAX_LINK_DENSITY = 0.6  # share of a block's characters; a block with more is a list of links
MIN_PROSE_WORDS = 40  # a longer text is neither a label nor a teaser
MAX_LABEL_CHARS = 60
TITLE_LENGTH_RATIOS = (0.7, 1.5)  # length of a repeated title compared with the title
MAX_MEAN_WORD_CHARS = 16  # with more, the script has no spaces between words
DENSE_WORD_CHARS = 2  # length of a word in such a script
HEADING, PRE = PLACES["h2"], PLACES["pre"]


@dataclass(frozen=True)
class PageContext:
    """Everything that is known about a page's blocks when the decision is made.

    Attributes:
        probabilities: of each block, the probability that it belongs to the article.
        title: the article's title.
        credits: elements that only contain a byline or a date.
        memory: what the site's other pages have in common.
        rule_content: the blocks inside the elements that a rule selects as the article.
        rule_removed: the blocks that a rule removes, each with its reason.
        rule_kept: the blocks that a rule keeps against any other evidence.
        keep_all: a rule states that everything in `rule_content` belongs to the article.
        is_fragment: a source states that all of it is the article: known phrases may go, pictures
            and the links in its notes stay.
    """

    layout: Layout
    probabilities: npt.NDArray[np.float64]
    vocabulary: Vocabulary
    title: str = ""
    credits: frozenset[HtmlElement] = frozenset()
    memory: SiteMemory | None = None
    url: str | None = None
    rule_content: frozenset[int] = frozenset()
    rule_removed: Mapping[int, str] = field(default_factory=dict)
    rule_kept: frozenset[int] = frozenset()
    keep_all: bool = False
    is_fragment: bool = False

    @cached_property
    def scores(self) -> list[float]:
        """The probabilities as Python floats, which are faster one by one."""
        scores: list[float] = self.probabilities.tolist()
        return scores

    @cached_property
    def word_counts(self) -> list[int]:
        """The number of words of each block."""
        return [count_words(block) for block in self.layout.blocks]

    @cached_property
    def likely_blocks(self) -> list[int]:
        """The blocks with a score of at least `MIN_SCORE`."""
        return [index for index, score in enumerate(self.scores) if score >= MIN_SCORE]

    @cached_property
    def likely_words(self) -> list[int]:
        """The number of words of each likely block, and 0 for all others."""
        words = [0] * len(self.scores)
        for index in self.likely_blocks:
            words[index] = self.word_counts[index]
        return words

    @cached_property
    def phrases(self) -> Sequence[Phrase | None]:
        """The known phrase that each block is, if any.

        Only blocks in or near a possible article are looked up: labels and headings near it, and
        all blocks in it that are not surely the article's. A page with thousands of blocks is
        limited to labels and headings.
        """
        boxes, blocks = self.layout.boxes, self.layout.blocks
        found: list[Phrase | None] = [None] * len(blocks)
        nearby = _widen(self.probabilities >= MIN_PHRASE_SCORE, PHRASE_REACH_BLOCKS)
        for index in np.flatnonzero(nearby).tolist():
            block = blocks[index]
            is_heading = boxes[block.box].place & HEADING
            in_doubt = MIN_PHRASE_SCORE <= self.scores[index] < SURE_SCORE
            if (in_doubt and len(blocks) <= MANY_BLOCKS) or is_heading or is_label(block):
                found[index] = phrases.find_phrases(block.text)
        return found

    @cached_property
    def repeated_titles(self) -> list[int]:
        """The blocks that repeat the article's title, ignoring punctuation; code never does."""
        title = split_words(self.title)
        if not title:
            return []
        shortest, longest = (ratio * len(self.title) for ratio in TITLE_LENGTH_RATIOS)
        found: list[int] = []
        for index, block in enumerate(self.layout.blocks):
            is_long_enough = shortest <= len(block.text) <= longest
            if is_long_enough and split_words(block.text) == title and not self.place(index) & PRE:
                found.append(index)
        return found

    @cached_property
    def min_score(self) -> float:
        """The score that a block needs to be kept."""
        if self.rule_content:
            return MIN_KEEP_ALL_SCORE if self.keep_all else MIN_RULED_SCORE
        if sum(self.likely_words) >= FEW_WORDS:
            return MIN_SCORE
        return min(MIN_SCORE, max(MIN_FALLBACK_SCORE, max(self.scores) / 2))

    def place(self, index: int) -> int:
        """Return the set of places that a block is inside of."""
        return self.layout.boxes[self.layout.blocks[index].box].place

    def is_prose(self, index: int) -> bool:
        """Return whether a block is a paragraph of running text."""
        if self.word_counts[index] < MIN_PROSE_WORDS:
            return False
        return not is_mostly_links(self.layout.blocks[index])

    def is_forum(self, comments: Collection[int], article_words: int) -> bool:
        """Return whether the comments are the content of the page.

        They are if they score like an article and are longer than the rest of it.

        Args:
            comments: the blocks of the comments.
            article_words: number of words of the article without them.
        """
        words = sum([self.word_counts[index] for index in comments])
        likely_words = sum([self.word_counts[index] * self.scores[index] for index in comments])
        return words >= article_words and likely_words >= MIN_FORUM_SCORE * words


def _widen(marks: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Mark all positions within `reach` of a mark."""
    wide = marks.copy()
    for offset in range(1, reach + 1):
        wide[offset:] |= marks[:-offset]
        wide[:-offset] |= marks[offset:]
    return wide


def count_words(block: Block) -> int:
    """Return the number of words of a block, or its equivalent in a script without spaces."""
    length = len(block.text)
    if not length:
        return 0
    words = block.text.count(" ") + block.text.count("\n") + 1
    return words if length <= MAX_MEAN_WORD_CHARS * words else length // DENSE_WORD_CHARS


def is_label(block: Block) -> bool:
    """Return whether a block is short and not a link."""
    return len(block.text) <= MAX_LABEL_CHARS and not is_mostly_links(block)


def is_mostly_links(block: Block) -> bool:
    """Return whether a block is a link or a list of links."""
    return link_density(block) >= MAX_LINK_DENSITY


def link_density(block: Block) -> float:
    """Return the share of a block's characters inside links."""
    return block.link_chars / max(1, len(block.text))
