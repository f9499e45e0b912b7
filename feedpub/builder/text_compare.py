"""What a text says, as far as it is worth telling readers of a change: its words, and what counts like one.

White space, punctuation, case and the ways to write one character do not count, nor do lines in
which a site counts its readers or tells the time. Everything else does: a word, a number, a
currency.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from feedpub.core.data_files import load_toml
from feedpub.core.i18n import month_names

_LONGEST_COUNTER = 16  # words; a longer line tells something
# What parts a line, the strongest first.
_PARTS = tuple(map(re.compile, (r"[|·•;–—/]|\s-\s", r"[:,]\s", r"[()\[\]]")))
_GROUPED = re.compile(r"(?<=\d)[.,'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\d+")
_UNSEEN = frozenset({"Cf", "Cc"})  # soft hyphens, joiners and marks of direction
_SPACE = frozenset({"Zs", "Zl", "Zp"})
_TELLING = frozenset("%‰°")
_PIECE = 3  # words


class _Letters(dict[int, int | str | None]):
    """Which characters make words.

    Letters, digits and their marks, currencies and units; found out once for each.
    """

    def __missing__(self, code: int) -> int | str | None:
        kind, character = unicodedata.category(chr(code)), chr(code)
        if character in "\t\n\r" or kind in _SPACE:
            found: int | str | None = " "
        elif kind in _UNSEEN or 0xFE00 <= code <= 0xFE0F:  # noqa: PLR2004 -- the selectors of a glyph
            found = None
        elif kind == "Sc" or character in _TELLING:
            found = f" {character} "
        else:
            found = code if kind[0] in "LNM" else " "
        self[code] = found
        return found


_LETTERS = _Letters()


def significant_words(line: str) -> list[str]:
    """All words of a text."""
    return (
        unicodedata.normalize("NFKC", _GROUPED.sub("", line)).casefold().translate(_LETTERS).split()
    )


def lasting_words(text: str, besides: Iterable[str] = ()) -> list[str]:
    """The words of a text that it would be news to change.

    Args:
        text: paragraphs separated by newlines.
        besides: lines that do not count.
    """
    left_out = {tuple(significant_words(line)) for line in besides}
    lines = (
        line
        for line in text.split("\n")
        if not left_out or tuple(significant_words(line)) not in left_out
    )
    return [word for line in lines for word in _lasting(line)]


def overlap(old: Sequence[str], new: Sequence[str]) -> float:
    """How much of the old words is still there in the new ones, in their order: 0 to 1."""
    pieces = _pieces(old)
    return len(pieces & _pieces(new)) / len(pieces) if pieces else 1.0


def _pieces(text: Sequence[str]) -> set[tuple[str, ...]]:
    size = min(_PIECE, len(text))
    return {tuple(text[at : at + size]) for at in range(len(text) - size + 1)} if text else set()


def _lasting(line: str, separators: Sequence[re.Pattern[str]] = _PARTS) -> list[str]:
    """The words of a line without those parts that count readers or tell the time."""
    own = significant_words(line)
    if _counts(own):
        return []
    if len(own) > _LONGEST_COUNTER or not separators:
        return own
    return [word for part in separators[0].split(line) for word in _lasting(part, separators[1:])]


def _counts(part: Sequence[str]) -> bool:
    """Whether these words do nothing but count readers or tell the time."""
    if not part or len(part) > _LONGEST_COUNTER:
        return False
    telling, others = _vocabulary()
    known = [_DIGITS.sub("", word) for word in part]
    return any(word in telling for word in known) and all(
        not w or w in telling or w in others for w in known
    )


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    """The words that make a line one of those, and the others that stand in them."""
    tables = load_toml("feedpub.builder", "data/counters.toml").values()
    telling, also = (
        frozenset(w for table in tables for w in significant_words(table[key]))
        for key in ("tell", "also")
    )
    return telling, also | {word for month in month_names() for word in significant_words(month)}
