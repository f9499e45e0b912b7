"""What texts are compared by. Owns the making of tokens from words of any script."""

import re

LITTLE = 3  # letters of words that say little, in most languages; it spares lists of stop words
STEM = 6  # first letters of a word that stand in for its stem

_WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]+|[^\W_]+")
_DENSE = re.compile(r"[\u3041-\u9fff]")


def tokens(text: str) -> list[str]:
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
