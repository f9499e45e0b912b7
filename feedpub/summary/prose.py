"""From an article's text to the sentences that may stand in a summary.

Owns what is left out before anything is chosen: headings and crumbs of lists, the title, bylines, datelines, notes. It
neither scores nor chooses. Sentences are found as they are asked for, and no further down than a summary looks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from feedpub.summary.openings import is_byline, is_note, without_dateline
from feedpub.summary.sentences import DENSE, finished, paragraphs, sentences

READ = 20_000  # characters of an article that are looked at: what stands further down does not stand for it
HEADING = 140  # an unfinished line up to this size is a heading or a crumb of a list, not prose
CRUMB = 25  # a line below this size is no prose, even when it ends as a sentence does
OPENING = 2  # paragraphs that may begin with a dateline
MARKS = "-–—•·*|►▶■# "  # what lists and plain text put before a line
TITLE = 0.6  # share of the title that a line must have to be one with it

_DENSE = re.compile(DENSE)
_TYPOGRAPHY = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands: `paragraph` and `place` in it count from 0."""

    text: str
    paragraph: int
    place: int


def prose(text: str, title: str = "", language: str | None = None) -> Iterator[Sentence]:
    """The finished sentences of an article in order; where there are none, its lines, so that a note is not lost."""
    finished_ones = _finished(text, title, language)
    if first := next(finished_ones, None):
        yield from chain([first], finished_ones)
        return
    lines = list(_lines(text, title))
    body = [line for line in lines if is_prose(line)]
    yield from (Sentence(line, number, 0) for number, line in enumerate(body or lines))


def _finished(text: str, title: str, language: str | None) -> Iterator[Sentence]:
    body = (line for line in _lines(text, title) if is_prose(line) and not is_note(line))
    for number, line in enumerate(body):
        opened = without_dateline(line) if number < OPENING else line
        for place, part in enumerate(sentences(opened, language)):
            if finished(part) and not repeats(part, title):
                yield Sentence(part, number, place)


def _lines(text: str, title: str) -> Iterator[str]:
    unmarked = (line.lstrip(MARKS) for line in paragraphs(text[:READ]))
    return (line for line in unmarked if line and not repeats(line, title) and not is_byline(line))


def is_prose(line: str) -> bool:
    """Whether a line is running text: it ends as a sentence does and has some length, or it is long."""
    return size(line) > HEADING or (finished(line) and size(line) >= CRUMB)


def size(text: str) -> int:
    """Characters, those of Chinese and Japanese counted three times: they say as much."""
    return len(text) + 2 * len(_DENSE.findall(text))


def repeats(line: str, title: str) -> bool:
    """Whether a line is the title again, or most of it without the site's name behind."""
    told, heading = squash(line), squash(title)
    return bool(told) and (told == heading or (heading.startswith(told) and len(told) > TITLE * len(heading)))


def squash(text: str) -> str:
    """Letters and digits alone, case folded: what is left to compare when typography is gone."""
    return _TYPOGRAPHY.sub("", text.casefold())
