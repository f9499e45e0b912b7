"""What texts are compared by. Owns the making of tokens from words of any script."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.summary.sentences import Sentence
from feedpub.cleaner.summary.wordlists import ends_dangling

LITTLE = 3  # letters of words that say little, in most languages; it spares lists of stop words
STEM = 6  # first letters of a word that stand in for its stem

_WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]+|[^\W_]+")
_DENSE = re.compile(r"[\u3041-\u9fff]")


def tokenize(text: str) -> list[str]:
    """Words of four letters and more by their beginnings, case folded, and numbers.

    Of Chinese and Japanese, which have no spaces, each two characters that stand together.
    """
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if _DENSE.match(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif len(word) > LITTLE or word.isdigit():
            found.append(word[:STEM])
    return found


# SECTION: Which sentences together stand best for an article. Owns what is measured of them, its
# weights and the search.
#
# A choice of sentences is scored as a whole, by a weighted sum of few measures, each between 0
# and about 1. The weights
# were learned from pages whose editors wrote a description, so that what is chosen is as near to
# it as can be
# (tests/benchmarks/train_summary.py); what they say can be read: early paragraphs, their first
# sentences, sentences
# that many others are like, words of the title, sentences that stand together, and about half of
# the room filled.

MAX_SENTENCES = 100  # sentences looked at; what stands further down does not stand for the article
BEAM = 8  # choices kept at each step of the search
WEIGHTS = (1.7, 0.35, 0.6, 1.8, 1.05, 0.5, -1.5, 1.05, -1.0)

_DAMPING = 0.85

Choice = tuple[int, ...]  # indices of sentences, ascending


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of an article's sentences, one value each.

    Attributes:
        lengths: characters.
        early: 1 in the first paragraph, 1/2 in the second, 1/3 in the third.
        opens: 1 where a sentence opens its paragraph.
        central: how much the other sentences are like it; 1 on average.
        titled: the share of its words that the title has.
        heading: which of the title's words it has.
        dangling: 1 where its first word leans on the sentence before.
        title: how many words the title has.
    """

    lengths: tuple[int, ...]
    early: tuple[float, ...]
    opens: tuple[float, ...]
    central: tuple[float, ...]
    titled: tuple[float, ...]
    heading: tuple[frozenset[str], ...]
    dangling: tuple[float, ...]
    title: int


def best_sentences(
    found: Sequence[Sentence], max_chars: int, *, title: str = "", language: str | None = None
) -> list[Sentence]:
    """The sentences, in their order, that stand best for an article within `max_chars`.

    None if none fits.
    """
    sentences = _distinct(found)[:MAX_SENTENCES]
    measures = measure(sentences, title, language)
    kept: list[tuple[float, Choice]] = []
    beam: list[Choice] = [()]
    while beam:
        scored = sorted(
            (
                (score(measures, choice, max_chars), choice)
                for choice in extended(beam, measures.lengths, max_chars)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )[:BEAM]
        kept += scored
        beam = [choice for _, choice in scored]
    chosen = max(kept, key=lambda pair: pair[0], default=(0.0, ()))[1]
    return [sentences[i] for i in chosen]


def extended(choices: Sequence[Choice], lengths: Sequence[int], max_chars: int) -> set[Choice]:
    """Every choice with one sentence more that still fits."""
    return {
        tuple(sorted((*choice, new)))
        for choice in choices
        for new in range(len(lengths))
        if new not in choice and _chars(lengths, (*choice, new)) <= max_chars
    }


def score(measures: Measures, choice: Choice, max_chars: int) -> float:
    """How well a choice stands for the article; comparable within one article only."""
    return sum(w * f for w, f in zip(WEIGHTS, features(measures, choice, max_chars), strict=True))


def features(measures: Measures, choice: Choice, max_chars: int) -> tuple[float, ...]:
    """What WEIGHTS weigh, in their order."""
    total = sum(measures.lengths[i] for i in choice)
    share = {i: measures.lengths[i] / total for i in choice}
    fill = _chars(measures.lengths, choice) / max_chars
    return (
        *(
            sum(part * values[i] for i, part in share.items())
            for values in (measures.early, measures.opens, measures.central, measures.titled)
        ),
        len(frozenset().union(*(measures.heading[i] for i in choice))) / max(1, measures.title),
        float(choice[-1] - choice[0] == len(choice) - 1),
        fill,
        math.log(fill),
        sum(measures.dangling[i] for i in choice if i and i - 1 not in choice) / len(choice),
    )


def measure(
    sentences: Sequence[Sentence], title: str = "", language: str | None = None
) -> Measures:
    """Everything that `features` asks of an article's sentences."""
    bags = [tokenize(sentence.text) for sentence in sentences]
    head = frozenset(tokenize(title))
    heading = tuple(head & frozenset(bag) for bag in bags)
    return Measures(
        lengths=tuple(len(sentence.text) for sentence in sentences),
        early=tuple(1 / (1 + sentence.paragraph) for sentence in sentences),
        opens=tuple(float(sentence.position == 0) for sentence in sentences),
        central=centrality(bags),
        titled=tuple(
            len(both) / max(1, len(set(bag))) for both, bag in zip(heading, bags, strict=True)
        ),
        heading=heading,
        dangling=tuple(float(ends_dangling(sentence.text, language)) for sentence in sentences),
        title=len(head),
    )


def centrality(bags: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """LexRank.

    Where a reader ends up who goes from sentence to sentence by likeness; 1 on average.
    """
    if not bags:
        return ()
    likeness = _likeness(bags)
    count = len(bags)
    sums = likeness.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, likeness / np.where(sums > 0, sums, 1), 1 / count)
    rank = np.full(count, 1 / count)
    for _ in range(30):
        rank = (1 - _DAMPING) / count + _DAMPING * rank @ steps
    return tuple((rank * count).round(9).tolist())  # the same on every machine


def _likeness(bags: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
    """The cosine of each two sentences' words, rare ones counting more; 0 on the diagonal."""
    spread = Counter(token for bag in bags for token in set(bag))
    column = {token: number for number, token in enumerate(spread)}
    table = np.zeros((len(bags), len(column)))
    for row, bag in enumerate(bags):
        for token, count in Counter(bag).items():
            table[row, column[token]] = math.log1p(count) * math.log(
                (len(bags) + 1) / spread[token]
            )
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.where(norms > 0, norms, 1)
    likeness: npt.NDArray[np.float64] = table @ table.T
    np.fill_diagonal(likeness, 0)
    return likeness


def _distinct(found: Sequence[Sentence]) -> list[Sentence]:
    seen: dict[str, Sentence] = {}
    for sentence in found:
        seen.setdefault(sentence.text, sentence)
    return list(seen.values())


def _chars(lengths: Sequence[int], choice: Choice) -> int:
    return sum(lengths[i] for i in choice) + len(choice) - 1
