"""Split a saved text into blocks: paragraphs, headings and items, told apart by their shape alone.

The words of a block are judged elsewhere.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from feedpub.core import dates

MIN_PROSE_WORDS = 20
MAX_HEADING_CHARS = 100
MAX_LABEL_WORDS = 4  # of a button
WRAPPED_LINE_CHARS = range(45, 100)  # length of the lines of a wrapped text

WORD = re.compile(r"\w+")
ENDS_SENTENCE = re.compile(r"""[.!?…。！？؟।۔][)\]"'”’»›」』]*$""")

# scripts without spaces between words
_DENSE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BULLET = re.compile(r"\A\s*(?:[-*•‣◦–]|(?P<number>\d{1,3})[.)])\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, a heading or an item.

    Attributes:
        number: of an item in a numbered list; 0 for an item with a bullet; else None.
        reason: why the block is removed, or "".
    """

    text: str
    number: int | None = None
    reason: str = ""

    @property
    def words(self) -> int:
        """The number of words; two characters of a script without spaces count as one."""
        dense = 0 if self.text.isascii() else len(_DENSE.findall(self.text))
        return len(WORD.findall(self.text)) + dense // 2

    @property
    def prose(self) -> bool:
        """True if the block reads like a paragraph of an article."""
        words = self.words
        if words >= MIN_PROSE_WORDS:
            return True
        return words >= MIN_PROSE_WORDS // 2 and bool(ENDS_SENTENCE.search(self.text))

    @property
    def heading(self) -> bool:
        """True if the block has the shape of a subhead. A short question may be one."""
        if self.number is not None or len(self.text) > MAX_HEADING_CHARS or not self.words:
            return False
        if self.text.endswith((",", ";", ":")):
            return False
        is_question = self.text.endswith("?") and not self.prose
        return is_question or not ENDS_SENTENCE.search(self.text)

    @property
    def label(self) -> bool:
        """True if the block is as short as the label of a button."""
        if self.number is not None or ENDS_SENTENCE.search(self.text):
            return False
        return 0 < self.words <= MAX_LABEL_WORDS


def equal_ignoring_case(one: str, other: str) -> bool:
    """Return whether two lines have the same words."""
    return _casefolded_words(one) == _casefolded_words(other)


def _casefolded_words(text: str) -> list[str]:
    return list(map(str.casefold, WORD.findall(text)))


def split_text_blocks(text: str) -> Iterator[TextBlock]:
    """Split a text into blocks.

    Blocks are separated by blank lines, or each line is one. Lines wrapped to a width are joined.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    lines = map(str.rstrip, text.split("\n"))
    for is_text, group in groupby(lines, key=lambda line: bool(line.strip())):
        if is_text:
            yield from map(_parse_block, _join_wrapped(list(group)))


def _join_wrapped(lines: Sequence[str]) -> Iterable[str]:
    """Return the paragraphs of a group of lines: one if it was wrapped to a width, else each line.

    In a wrapped text, a bullet starts the next paragraph.
    """
    if not _is_wrapped(lines):
        return lines
    paragraphs: list[str] = []
    for line in lines:
        if paragraphs and not _BULLET.match(line):
            paragraphs[-1] = _join_lines(paragraphs[-1], line.strip())
        else:
            paragraphs.append(line)
    return paragraphs


def _is_wrapped(lines: Sequence[str]) -> bool:
    lengths = list(map(len, lines[:-1]))
    if not lengths or max(lengths) > WRAPPED_LINE_CHARS.stop:
        return False
    return median(lengths) in WRAPPED_LINE_CHARS


def _join_lines(before: str, after: str) -> str:
    is_hyphenated = before.endswith("-") and before[-2:-1].islower() and after[:1].islower()
    return before[:-1] + after if is_hyphenated else f"{before} {after}"


def _parse_block(line: str) -> TextBlock:
    bullet = _BULLET.match(line)
    if bullet and bullet["number"] and dates.parse_page_date(line):  # "11. Oktober 2025"
        bullet = None
    if bullet is None:
        return TextBlock(" ".join(line.split()))
    return TextBlock(" ".join(line[bullet.end() :].split()), int(bullet["number"] or 0))
