"""Compute ROUGE-1, ROUGE-2 and ROUGE-L as F1 over words, for any script (Lin, 2004).

No stemming, no stop words.
"""

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]|[^\W_\u3041-\u30ff\u3400-\u9fff]+")

Scores = tuple[float, float, float]


def rouge(candidate: str, reference: str) -> Scores:
    """Measure the overlap of a text with the wanted text.

    The three values count words, pairs of words and the longest common subsequence.
    """
    left, right = words(candidate), words(reference)
    return (
        _ngrams(left, right, 1),
        _ngrams(left, right, 2),
        _f1(_common(left, right), len(left), len(right)),
    )


def words(text: str) -> list[str]:
    """Split a text into lower-case words; each Chinese or Japanese character is one."""
    return _WORD.findall(text.casefold())


def grams(text: str, size: int = 3) -> set[tuple[str, ...]]:
    """Return the runs of n words in a text."""
    found = words(text)
    return {tuple(found[i : i + size]) for i in range(len(found) - size + 1)}


def _ngrams(left: Sequence[str], right: Sequence[str], size: int) -> float:
    candidate, reference = (
        Counter(tuple(side[i : i + size]) for i in range(len(side) - size + 1))
        for side in (left, right)
    )
    return _f1((candidate & reference).total(), candidate.total(), reference.total())


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    before = [0] * (len(right) + 1)
    for word in left:
        row = [0]
        for column, other in enumerate(right):
            row.append(
                before[column] + 1 if word == other else max(before[column + 1], row[column])
            )
        before = row
    return before[-1]


def _f1(common: int, left: int, right: int) -> float:
    return 2 * common / (left + right) if common else 0.0
