"""Numbers of things and lengths of texts, as people say them: "1 feed", "2 addresses"."""

import re

_UNSPACED = re.compile(  # Thai, Lao, Burmese, Khmer, Japanese and Chinese put no spaces between words
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 file", "2 files"; with a plural that is not made by an s: "2 addresses"."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def split_length(text: str) -> tuple[int, int]:
    """Return how many words between spaces a text has, and how many characters of scripts without spaces."""
    spaced, characters = _UNSPACED.subn(" ", text)
    return sum(any(map(str.isalnum, word)) for word in spaced.split()), characters


def count_words(text: str) -> int:
    """Return the number of words; characters of scripts without spaces count as one each, as in word processors."""
    return sum(split_length(text))
