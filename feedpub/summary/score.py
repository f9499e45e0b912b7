"""How well a sentence stands for its article. Owns the features and their weights; reads no file, chooses nothing."""

import math
import re
from collections import Counter

from feedpub.summary.prose import Sentence, size
from feedpub.summary.sentences import base_language
from feedpub.summary.words import words_of

_TOKEN = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]+|[^\W_]+")
_CJK = re.compile(r"[\u3041-\u9fff]")


def scores(found: list[Sentence], title: str = "", language: str | None = None) -> list[float]:
    """One number a sentence, the higher the better, comparable within one article only."""
    bags = [tokens(sentence.text) for sentence in found]
    total = Counter(token for bag in bags for token in set(bag))
    head = set(tokens(title))
    return [
        _position(number)
        + 0.5 * _centrality(bag, total, len(bags))
        + 0.5 * _share(head, bag)
        - 0.3 * dangles(sentence.text, language)
        - 0.3 * (size(sentence.text) < 40)
        for number, (sentence, bag) in enumerate(zip(found, bags, strict=True))
    ]


def tokens(text: str) -> list[str]:
    """Words by their first six letters, case folded; of Chinese and Japanese each pair of characters."""
    found: list[str] = []
    for token in _TOKEN.findall(text.casefold()):
        if _CJK.match(token):
            found += [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        elif len(token) > 3 or token.isdigit():
            found.append(token[:6])
    return found


def dangles(sentence: str, language: str | None) -> bool:
    """Whether a sentence begins with a word that points back to the one before."""
    start = sentence.lstrip("\"'“”„«»‘’ ").casefold()
    return any(
        start.startswith(word) and not start[len(word) : len(word) + 1].isalnum()
        for word in words_of(base_language(language)).dangling
    )


def _position(number: int) -> float:
    return 1 / (1 + number)


def _centrality(bag: list[str], total: Counter[str], count: int) -> float:
    return sum(math.log(1 + total[t]) for t in set(bag)) / (1 + len(set(bag))) / math.log(2 + count)


def _share(head: set[str], bag: list[str]) -> float:
    return len(head & set(bag)) / len(head) if head else 0.0
