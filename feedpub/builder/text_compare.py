"""Compare texts by their words, to decide whether an article has changed.

White space, punctuation, case and Unicode variants of a character are ignored, as are lines in
which a site counts its readers or shows the time. Everything else counts: words, numbers,
currencies.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from feedpub.core.languages import month_names
from feedpub.core.loading import load_toml

_MAX_COUNTER_WORDS = 16  # a longer line has content
_SHINGLE_WORDS = 3
# Separators of the parts of a line, the strongest first.
_SEPARATORS = (
    re.compile(r"[|·•;–—/]|\s-\s"),
    re.compile(r"[:,]\s"),
    re.compile(r"[()\[\]]"),
)
_DIGIT_SEPARATOR = re.compile(r"(?<=\d)[.,'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\d+")
_INVISIBLE = frozenset({"Cf", "Cc"})  # soft hyphens, joiners and directional marks
_SPACE = frozenset({"Zs", "Zl", "Zp"})
_UNITS = frozenset("%‰°")


class _CharacterMap(dict[int, int | str | None]):
    """A table for `str.translate` that keeps letters, digits, their marks, currencies and units.

    Each character is classified when it is first met.
    """

    def __missing__(self, code: int) -> int | str | None:
        self[code] = _classify(code)
        return self[code]


def _classify(code: int) -> int | str | None:
    character = chr(code)
    category = unicodedata.category(character)
    if character in "\t\n\r" or category in _SPACE:
        return " "
    if category in _INVISIBLE or 0xFE00 <= code <= 0xFE0F:  # noqa: PLR2004 -- variation selectors
        return None
    if category == "Sc" or character in _UNITS:
        return f" {character} "
    return code if category[0] in "LNM" else " "


_CHARACTERS = _CharacterMap()


def significant_words(line: str) -> list[str]:
    """Return the words of a text in normalised form."""
    text = unicodedata.normalize("NFKC", _DIGIT_SEPARATOR.sub("", line))
    return text.casefold().translate(_CHARACTERS).split()


def lasting_words(text: str, ignored_lines: Iterable[str] = ()) -> list[str]:
    """Return the words of a text whose change is a change of the article.

    Args:
        text: paragraphs separated by newlines.
        ignored_lines: lines to leave out.
    """
    ignored = {tuple(significant_words(line)) for line in ignored_lines}
    words: list[str] = []
    for line in text.split("\n"):
        if not ignored or tuple(significant_words(line)) not in ignored:
            words += _without_counters(line)
    return words


def overlap(old: Sequence[str], new: Sequence[str]) -> float:
    """Return the share of the old words that the new ones contain in the same order: 0 to 1."""
    shingles = _shingles(old)
    return len(shingles & _shingles(new)) / len(shingles) if shingles else 1.0


class RelatedTexts:
    """Finds the texts that share much of a new one, without comparing most of them completely.

    Args:
        text: the new text.
        min_overlap: the share of another text's words in a row that the new text has to contain.
        min_words: shorter texts are not related to any other.
    """

    def __init__(self, text: str, min_overlap: float, min_words: int) -> None:
        words = significant_words(text)
        self._is_long = len(words) >= max(min_words, _SHINGLE_WORDS)
        self._shingles = _shingles(words)
        self._min_overlap = min_overlap
        self._min_words = max(min_words, _SHINGLE_WORDS)

    def is_related(self, text: str) -> bool:
        """Return True if `overlap` of a text and the new one is large enough."""
        if not self._is_long:
            return False
        words = significant_words(text)
        if len(words) < self._min_words:
            return False
        in_row = zip(words, words[1:], words[2:], strict=False)
        shared = len(self._shingles.intersection(in_row))
        # There are at least as many runs of words as there are words that begin one.
        if shared < self._min_overlap * (len(set(words)) - _SHINGLE_WORDS + 1):
            return False
        return shared >= self._min_overlap * len(_shingles(words))


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    if not words:
        return set()
    size = min(_SHINGLE_WORDS, len(words))
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}


def _without_counters(line: str, separators: Sequence[re.Pattern[str]] = _SEPARATORS) -> list[str]:
    """Return the words of a line without parts that only count readers or show the time."""
    words = significant_words(line)
    if _is_counter(words):
        return []
    if len(words) > _MAX_COUNTER_WORDS or not separators:
        return words
    lasting: list[str] = []
    for part in separators[0].split(line):
        lasting += _without_counters(part, separators[1:])
    return lasting


def _is_counter(words: Sequence[str]) -> bool:
    """Return True if words only count readers or show the time."""
    if not words or len(words) > _MAX_COUNTER_WORDS:
        return False
    counter_words, other_words = _counter_vocabulary()
    bare = {_DIGITS.sub("", word) for word in words}
    if bare.isdisjoint(counter_words):
        return False
    return bare - {""} <= counter_words | other_words


@cache
def _counter_vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words that mark a counter, and the other words that may be part of one."""
    counter_words: set[str] = set()
    other_words: set[str] = set()
    for table in load_toml("feedpub.builder", "data/counters.toml").values():
        counter_words.update(significant_words(table["tell"]))
        other_words.update(significant_words(table["also"]))
    for month in month_names():
        other_words.update(significant_words(month))
    return frozenset(counter_words), frozenset(other_words)
