"""Where sentences begin and end. Owns segmentation and joining; knows nothing of what a sentence says.

sentencex knows the sentence marks and abbreviations of hundreds of languages. What it splits too
eagerly is put together again here: ordinals ("Die 3. Liga"), initials, some abbreviations, list
numbers, a quotation and its "と".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sentencex import segment  # type: ignore[import-untyped]

from feedpub.cleaner.summary.datelines import is_byline_sentence, is_editorial_note, strip_dateline
from feedpub.cleaner.summary.wordlists import base_language, sentence_words
from feedpub.core.text import strip_invalid_characters

# a letter of Chinese or Japanese: it says as much as three others
DENSE_LANGUAGES = r"[\u3041-\u30ff\u3400-\u9fff]"

# Languages that write ordinals with a full stop.
ORDINALS = frozenset(
    [
        "bs",
        "cs",
        "da",
        "de",
        "et",
        "fi",
        "fo",
        "hr",
        "hu",
        "is",
        "lb",
        "lv",
        "no",
        "pl",
        "sk",
        "sl",
        "sr",
    ]
)

_END = re.compile(r"[.!?…。！？｡\uff0e؟۔।॥\u0589።](?:[\"'”’»›」』）)\]]|\s»|\[\d+\])*$")
_NUMBER_ALONE = re.compile(r"\(?\d{1,3}[.)]")
_ORDINAL = re.compile(r"(?:^|[\s(])\d{1,2}\.$")
_INITIAL = re.compile(r"(?:^|[\s.(-])[^\W\d_]\.$")
_FOOTNOTES = re.compile(r"(?:\[\d{1,3}\])+")
_TIGHT = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]")
_QUOTE_GOES_ON = re.compile(r"[」』]\n[\u3041-\u309f]")


def split_sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of a text in order; a line's end always ends one.

    Args:
        text: paragraphs separated by newlines.
        language: a BCP 47 tag; where None or unknown the marks of all scripts count, and English
            abbreviations.
    """
    base = base_language(language)
    return [sentence for line in split_paragraphs(text) for sentence in _split(line, base)]


def split_paragraphs(text: str) -> Iterator[str]:
    """The non-empty lines of a text, runs of whitespace within them made one space."""
    return (
        line
        for raw in text.splitlines()
        if (line := " ".join(strip_invalid_characters(raw).split()))
    )


def is_finished(text: str) -> bool:
    """Whether a text ends as a sentence does, in any script."""
    return _END.search(text) is not None


def join_sentences(parts: Sequence[str]) -> str:
    """Sentences as one text.

    A space between them, none where Chinese or Japanese meets the like.
    """
    text = ""
    for part in parts:
        tight = not text or (
            _TIGHT.search(text[-2:]) and _TIGHT.search(part[:2])
        )  # a quotation mark may be between
        text += part if tight else f" {part}"
    return text


def _split(line: str, language: str) -> list[str]:
    whole: list[str] = []
    for piece in segment(language, line):
        part = piece.strip()
        if whole and part and _goes_on(whole[-1], part, language):
            whole[-1] = join_sentences([whole[-1], part])
        elif part:
            whole.append(part)
    return whole


def _goes_on(before: str, after: str, language: str) -> bool:
    """Whether there is no boundary here.

    What stands before ends no sentence, or what follows begins none.
    """
    return bool(
        _FOOTNOTES.fullmatch(after)
        or _NUMBER_ALONE.fullmatch(before)
        or _INITIAL.search(before)
        or (language in ORDINALS and _ORDINAL.search(before))
        or _QUOTE_GOES_ON.search(f"{before}\n{after}")
        or (before.endswith(".") and after[0].islower())
        or _abbreviated(before, language)
    )


def _abbreviated(before: str, language: str) -> bool:
    last = before.rsplit(maxsplit=1)[-1].lstrip("(").casefold()
    return last.endswith(".") and last[:-1] in sentence_words(language).abbreviations


# SECTION: Sentences put together within a number of characters. Owns joining, filling and
# cutting; chooses nothing.

CLAUSE = 0.6  # share of the room that a cut behind a clause must fill; else it is cut behind a word

_CLAUSE_ENDS = re.compile(rf"[,;:](?=\s)|[，\uff1b、：](?=.)|\s[–—-](?=\s)|{DENSE_LANGUAGES}(?=\s)")
_LOOSE_ENDS = " ,;:，\uff1b、：–—-([«“„「"


def fill_sentences(parts: Iterable[str], max_chars: int) -> str:
    """As many of the first sentences as fit, whole.

    A first one that is longer than all the room is cut.
    """
    chosen: list[str] = []
    for part in parts:
        if len(join_sentences([*chosen, part])) > max_chars:
            return join_sentences(chosen) or cut(part, max_chars)
        chosen.append(part)
    return join_sentences(chosen)


def cut(text: str, max_chars: int) -> str:
    """At most `max_chars` characters of a text.

    Where it is longer, cut behind a clause, or else a word, with "…".
    """
    if len(text) <= max_chars:
        return text
    head = text[: max(0, max_chars - 1)]
    clause = max((match.end() for match in _CLAUSE_ENDS.finditer(head)), default=0)
    word = len(head) if text[len(head)].isspace() else head.rfind(" ")
    end = clause if clause > CLAUSE * max_chars else word if word > 0 else len(head)
    return head[:end].rstrip(_LOOSE_ENDS) + "…" if max_chars > 0 else ""


# SECTION: From an article's text to the sentences that may stand in a summary.
#
# Owns what is left out before anything is chosen: headings and crumbs of lists, the title,
# bylines, datelines, notes. It
# neither scores nor chooses. Sentences are found as they are asked for, and no further down than
# a summary looks.

# characters of an article that are looked at: what stands further down does not stand for it
MAX_READ_CHARS = 20_000
HEADING = 140  # an unfinished line up to this size is a heading or a crumb of a list, not prose
CRUMB = 25  # a line below this size is no prose, even when it ends as a sentence does
OPENING = 2  # paragraphs that may begin with a dateline
SENTENCE_MARKS = "-–—•·*|►▶■# "  # what lists and plain text put before a line
TITLE = 0.6  # share of the title that a line must have to be one with it

_DENSE = re.compile(DENSE_LANGUAGES)
_TYPOGRAPHY = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands: `paragraph` and `place` in it count from 0."""

    text: str
    paragraph: int
    position: int


def prose_sentences(text: str, title: str = "", language: str | None = None) -> Iterator[Sentence]:
    """The finished sentences of an article in order.

    Where there are none, its lines, so that a note is not lost.
    """
    finished_ones = _finished(text, title, language)
    if first := next(finished_ones, None):
        yield from chain([first], finished_ones)
        return
    lines = list(_lines(text, title))
    body = [line for line in lines if is_prose(line)]
    yield from (Sentence(line, number, 0) for number, line in enumerate(body or lines))


def _finished(text: str, title: str, language: str | None) -> Iterator[Sentence]:
    body = (line for line in _lines(text, title) if is_prose(line) and not is_editorial_note(line))
    for number, line in enumerate(body):
        opened = strip_dateline(line) if number < OPENING else line
        for place, part in enumerate(split_sentences(opened, language)):
            if is_finished(part) and not repeats_title(part, title):
                yield Sentence(part, number, place)


def _lines(text: str, title: str) -> Iterator[str]:
    unmarked = (line.lstrip(SENTENCE_MARKS) for line in split_paragraphs(text[:MAX_READ_CHARS]))
    return (
        line
        for line in unmarked
        if line and not repeats_title(line, title) and not is_byline_sentence(line)
    )


def is_prose(line: str) -> bool:
    """Whether a line is running text.

    It ends as a sentence does and has some length, or it is long.
    """
    return visible_length(line) > HEADING or (is_finished(line) and visible_length(line) >= CRUMB)


def visible_length(text: str) -> int:
    """Characters, those of Chinese and Japanese counted three times: they say as much."""
    return len(text) + 2 * len(_DENSE.findall(text))


def repeats_title(line: str, title: str) -> bool:
    """Whether a line is the title again, or most of it without the site's name behind."""
    told, heading = squash_spaces(line), squash_spaces(title)
    return bool(told) and (
        told == heading or (heading.startswith(told) and len(told) > TITLE * len(heading))
    )


def squash_spaces(text: str) -> str:
    """Letters and digits alone, case folded: what is left to compare when typography is gone."""
    return _TYPOGRAPHY.sub("", text.casefold())
