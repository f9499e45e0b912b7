"""Where in a saved text the article stands: the stretch of lines whose words are most an article's.

Owns what lines' words say, by the weights that were learned on pages; what a line's shape says is in `lines`. A line
is held against the text's own mean, because the words of most languages are little known, and the stretch is chosen
as a whole, so that no single line decides.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import exp

from feedpub.cleaner import layout, model
from feedpub.cleaner.lines import Block
from feedpub.cleaner.vocabulary import text_terms, words

STEEPNESS = 0.7  # of the way from what words weigh to how likely a line is an article's; 0.5 where no word is known
ITEM = 1.0  # log odds; whoever saved a text kept its lists
SHARE = 0.8  # of the text's mean, from which on a line speaks for the stretch that it is in
ENOUGH = 0.65  # likely enough in any text
AGAINST = 0.2  # that a line counts at most against what stands around it: an interjection ends no article
MOST_WORDS = 50  # that a line counts for; long ones are not worth more
FEWEST_WORDS = 3


def stretch(blocks: Sequence[Block]) -> range:
    """The numbers of the blocks from the article's first to its last; those with a reason to go count nothing."""
    sizes = [0 if block.reason else min(block.words, MOST_WORDS) + FEWEST_WORDS for block in blocks]
    likely = [likelihood(block) for block in blocks]
    mean = sum(size * each for size, each in zip(sizes, likely, strict=True)) / max(1, sum(sizes))
    bar = min(ENOUGH, SHARE * mean)
    gains = (size * max(each - bar, -AGAINST) for size, each in zip(sizes, likely, strict=True))
    sums = [0.0, *accumulate(gains)]
    lows = list(accumulate(sums, min))
    end = max(range(len(sums)), key=lambda number: sums[number] - lows[number])
    return range(sums.index(lows[end]), end)


def likelihood(block: Block) -> float:
    """How probably a line is an article's, by its words and by being an item of a list."""
    terms = text_terms(layout.Block(0, "", []), words(block.text))
    odds = STEEPNESS * model.load().vocabulary.text(terms) + ITEM * (block.number is not None)
    return 1 / (1 + exp(-odds))
