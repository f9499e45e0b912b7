"""Choose the sentences that together represent an article best.

A set of sentences is scored by a weighted sum of a few features, each between 0 and about 1. The
weights were learned from pages with editorial descriptions, so that the choice is close to the
description (tests/benchmarks/train_summary.py). They favour early paragraphs, first sentences of
paragraphs, sentences that resemble many others, words of the title, adjacent sentences, and about
half of the maximum length.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedpub.cleaner.summary.sentences import Sentence
from feedpub.cleaner.summary.wordlists import begins_dangling

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_SENTENCES = 100  # considered of an article; later ones do not represent it
BEAM = 8  # choices kept at each step of the beam search
WEIGHTS = (1.7, 0.35, 0.6, 1.8, 1.05, 0.5, -1.5, 1.05, -1.0)

_DAMPING = 0.85
_ITERATIONS = 30
_MAX_STOP_WORD_CHARS = 3  # short words mean little in most languages; it saves lists of stop words
_STEM_CHARS = 6  # first characters of a word that represent its stem

_WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]+|[^\W_]+")
_DENSE = re.compile(r"[\u3041-\u9fff]")

Choice = tuple[int, ...]  # indices of sentences, ascending


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of an article's sentences, one value a sentence.

    Attributes:
        lengths: characters.
        early: 1 in the first paragraph, 1/2 in the second, 1/3 in the third.
        opens: 1 if the sentence opens its paragraph.
        central: its similarity to the other sentences; 1 on average.
        titled: the share of its words that the title has too.
        heading: the words of the title that it has.
        dangling: 1 if its first word refers to the sentence before.
        title: the number of words of the title.
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
    sentences: Sequence[Sentence],
    max_chars: int,
    *,
    title: str = "",
    language: str | None = None,
) -> list[Sentence]:
    """Return the sentences that represent an article best, in its order; [] if none fits.

    Args:
        sentences: of the article.
        max_chars: the maximum length of the sentences when joined.
        title: of the article.
        language: a BCP 47 tag.
    """
    distinct: dict[str, Sentence] = {}
    for sentence in sentences:
        distinct.setdefault(sentence.text, sentence)
    candidates = list(distinct.values())[:MAX_SENTENCES]
    measures = measure(candidates, title, language)
    best_score, best_choice = -math.inf, Choice()
    beam = [Choice()]
    while beam:
        choices = extend_choices(beam, measures.lengths, max_chars)
        scored = [(-score(measures, choice, max_chars), choice) for choice in choices]
        scored = sorted(scored)[:BEAM]
        beam = [choice for _, choice in scored]
        if scored and -scored[0][0] > best_score:
            best_score, best_choice = -scored[0][0], scored[0][1]
    return [candidates[index] for index in best_choice]


def extend_choices(
    choices: Iterable[Choice], lengths: Sequence[int], max_chars: int
) -> set[Choice]:
    """Return every choice with one more sentence, if it still fits."""
    extended = set()
    for choice in choices:
        room = max_chars - _joined_length(lengths, choice) - 1
        for index, length in enumerate(lengths):
            if length <= room and index not in choice:
                extended.add(tuple(sorted((*choice, index))))
    return extended


def score(measures: Measures, choice: Choice, max_chars: int) -> float:
    """Rate how well a choice represents the article; comparable within one article only."""
    values = features(measures, choice, max_chars)
    return sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))


def features(measures: Measures, choice: Choice, max_chars: int) -> tuple[float, ...]:
    """Return the features of a choice, in the order of `WEIGHTS`."""
    total = sum(measures.lengths[index] for index in choice)
    shares = [(index, measures.lengths[index] / total) for index in choice]

    def average(values: Sequence[float]) -> float:
        return sum(share * values[index] for index, share in shares)

    title_words: set[str] = set()
    dangling = 0.0
    for index in choice:
        title_words |= measures.heading[index]
        if index and index - 1 not in choice:
            dangling += measures.dangling[index]
    is_adjacent = choice[-1] - choice[0] == len(choice) - 1
    fill = _joined_length(measures.lengths, choice) / max_chars
    return (
        average(measures.early),
        average(measures.opens),
        average(measures.central),
        average(measures.titled),
        len(title_words) / max(1, measures.title),
        float(is_adjacent),
        fill,
        math.log(fill),
        dangling / len(choice),
    )


def _joined_length(lengths: Sequence[int], choice: Choice) -> int:
    return sum(lengths[index] for index in choice) + len(choice) - 1


def measure(
    sentences: Sequence[Sentence], title: str = "", language: str | None = None
) -> Measures:
    """Measure an article's sentences for `features`."""
    bags = [tokenize(sentence.text) for sentence in sentences]
    title_words = frozenset(tokenize(title))
    heading = [title_words.intersection(bag) for bag in bags]
    titled = [
        len(shared) / max(1, len(set(bag))) for shared, bag in zip(heading, bags, strict=True)
    ]
    return Measures(
        lengths=tuple(len(sentence.text) for sentence in sentences),
        early=tuple(1 / (1 + sentence.paragraph) for sentence in sentences),
        opens=tuple(float(sentence.position == 0) for sentence in sentences),
        central=centrality(bags),
        titled=tuple(titled),
        heading=tuple(heading),
        dangling=tuple(float(begins_dangling(sentence.text, language)) for sentence in sentences),
        title=len(title_words),
    )


def tokenize(text: str) -> list[str]:
    """Return the case-folded stems of words of four letters or more, and numbers.

    Chinese and Japanese, which have no spaces, become pairs of adjacent characters.
    """
    tokens: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if _DENSE.match(word):
            tokens += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif len(word) > _MAX_STOP_WORD_CHARS or word.isdigit():
            tokens.append(word[:_STEM_CHARS])
    return tokens


def centrality(bags: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """Return the LexRank of sentences, given their tokens; 1 on average.

    It is the stationary distribution of a random walk between similar sentences.
    """
    import numpy as np

    if not bags:
        return ()
    similarity = _cosine_similarity(bags)
    count = len(bags)
    sums = similarity.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, similarity / np.where(sums > 0, sums, 1), 1 / count)
    rank = np.full(count, 1 / count)
    for _ in range(_ITERATIONS):
        rank = (1 - _DAMPING) / count + _DAMPING * rank @ steps
    return tuple((rank * count).round(9).tolist())  # rounded: the same on every machine


def _cosine_similarity(bags: Sequence[Sequence[str]]) -> "npt.NDArray[np.float64]":
    """Return the cosine similarity (TF-IDF) of each two sentences; 0 on the diagonal."""
    import numpy as np

    document_frequency: Counter[str] = Counter()
    for bag in bags:
        document_frequency.update(set(bag))
    columns = {token: column for column, token in enumerate(document_frequency)}
    table = np.zeros((len(bags), len(columns)))
    for row, bag in enumerate(bags):
        for token, count in Counter(bag).items():
            rarity = math.log((len(bags) + 1) / document_frequency[token])
            table[row, columns[token]] = math.log1p(count) * rarity
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.where(norms > 0, norms, 1)
    similarity: npt.NDArray[np.float64] = table @ table.T
    np.fill_diagonal(similarity, 0)
    return similarity
