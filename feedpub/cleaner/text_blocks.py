"""A text as people save it → blocks: paragraphs, headings and items, told apart by their shape alone.

Owns what a line's shape says; what its words say, and what becomes of it, is for others.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from feedpub.core import dates

PROSE = 20  # words that make a block prose
LONGEST_HEADING = 100  # characters of a subhead
LABEL_WORDS = 4  # of a button
WRAPPED = range(45, 100)  # characters of the lines of a text that was wrapped

WORD = re.compile(r"\w+")
ENDS_SENTENCE = re.compile(r"""[.!?…。！？؟।۔][)\]"'”’»›」』]*$""")

_DENSE = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)  # scripts without spaces between words
_BULLET = re.compile(r"\A\s*(?:[-*•‣◦–]|(?P<number>\d{1,3})[.)])\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, a heading or an item, and what becomes of it.

    Attributes:
        number: of an item of a numbered list; 0 for one with a bullet; None for what is no item.
        reason: why it goes; "" where it stays.
    """

    text: str
    number: int | None = None
    reason: str = ""

    @property
    def words(self) -> int:
        """How many words it has; two characters of a script without spaces count as one."""
        dense = 0 if self.text.isascii() else len(_DENSE.findall(self.text))
        return len(WORD.findall(self.text)) + dense // 2

    @property
    def prose(self) -> bool:
        """Whether it reads like a paragraph of an article."""
        words = self.words
        return words >= PROSE or (words >= PROSE // 2 and bool(ENDS_SENTENCE.search(self.text)))

    @property
    def heading(self) -> bool:
        """Whether it has the shape of a subhead; a short question may be one."""
        sentence = ENDS_SENTENCE.search(self.text) and not (
            self.text.endswith("?") and not self.prose
        )
        plain = self.number is None and self.words > 0 and not self.text.endswith((",", ";", ":"))
        return plain and not sentence and len(self.text) <= LONGEST_HEADING

    @property
    def label(self) -> bool:
        """Whether it is as short as the names of buttons are."""
        return (
            self.number is None
            and 0 < self.words <= LABEL_WORDS
            and not ENDS_SENTENCE.search(self.text)
        )


def equal_ignoring_case(one: str, other: str) -> bool:
    """Whether two lines have the same words."""
    return [w.casefold() for w in WORD.findall(one)] == [w.casefold() for w in WORD.findall(other)]


def split_text_blocks(text: str) -> Iterator[TextBlock]:
    """The blocks of a text.

    Parted by blank lines, or one a line; lines wrapped to a width are joined.
    """
    lines = [
        line.rstrip()
        for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")
    ]
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        if not blank:
            yield from map(_block, _joined(list(group)))


def _joined(lines: Sequence[str]) -> Iterable[str]:
    """The paragraphs of a group of lines.

    One, where it was wrapped to a width; else each line is one.
    """
    if not _wrapped(lines):
        return lines
    paragraphs: list[str] = []
    for line in lines:
        if paragraphs and not _BULLET.match(line):
            paragraphs[-1] = _glued(paragraphs[-1], line.strip())
        else:
            paragraphs.append(line)
    return paragraphs


def _wrapped(lines: Sequence[str]) -> bool:
    lengths = [len(line) for line in lines[:-1]]
    return bool(lengths) and median(lengths) in WRAPPED and max(lengths) <= WRAPPED.stop


def _glued(before: str, after: str) -> str:
    hyphenated = before.endswith("-") and before[-2:-1].islower() and after[:1].islower()
    return before[:-1] + after if hyphenated else f"{before} {after}"


def _block(line: str) -> TextBlock:
    bullet = _BULLET.match(line)
    if bullet and bullet["number"] and dates.parse_page_date(line):  # "11. Oktober 2025"
        bullet = None
    text = " ".join(line[bullet.end() if bullet else 0 :].split())
    return TextBlock(text, int(bullet["number"] or 0) if bullet else None)
