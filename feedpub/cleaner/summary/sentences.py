"""Split texts into sentences, select those of running text, and join them up to a maximum length.

sentencex knows the sentence marks and abbreviations of hundreds of languages. Sentences that it
splits wrongly are joined again here: after ordinals ("Die 3. Liga"), initials, some abbreviations,
numbers of lists, and between a quotation and its "と".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from feedpub.cleaner.summary.datelines import is_byline_sentence, is_editorial_note, strip_dateline
from feedpub.cleaner.summary.wordlists import base_language, sentence_words
from feedpub.core.text import strip_invalid_characters

# --- where sentences begin and end ---

# A Chinese or Japanese character: it holds as much as three letters of an alphabet.
_DENSE_CHARACTER = r"[\u3041-\u30ff\u3400-\u9fff]"
_DENSE = re.compile(_DENSE_CHARACTER)

# Languages that write ordinals with a full stop.
_ORDINAL_LANGUAGES = frozenset(
    "bs cs da de et fi fo hr hu is lb lv no pl sk sl sr".split()  # noqa: SIM905 -- words
)

_END = re.compile(r"[.!?…。！？｡\uff0e؟۔।॥\u0589።](?:[\"'”’»›」』）)\]]|\s»|\[\d+\])*$")
_NUMBER_ALONE = re.compile(r"\(?\d{1,3}[.)]")
_ORDINAL = re.compile(r"(?:^|[\s(])\d{1,2}\.$")
_INITIAL = re.compile(r"(?:^|[\s.(-])[^\W\d_]\.$")
_FOOTNOTES = re.compile(r"(?:\[\d{1,3}\])+")
_UNSPACED = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]")
_QUOTE_CONTINUES = re.compile(r"[」』]\n[\u3041-\u309f]")


def split_sentences(text: str, language: str | None = None) -> list[str]:
    """Return the sentences of a text in order; a sentence ends at the latest with its line.

    Args:
        text: paragraphs separated by newlines.
        language: a BCP 47 tag. Without a known one, the sentence marks of all scripts and English
            abbreviations are used.
    """
    base = base_language(language)
    sentences: list[str] = []
    for line in split_paragraphs(text):
        sentences += _split_line(line, base)
    return sentences


def split_paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text that are not empty, with single spaces."""
    for raw in text.splitlines():
        line = " ".join(strip_invalid_characters(raw).split())
        if line:
            yield line


def is_finished(text: str) -> bool:
    """Return True if a text ends as a sentence does, in any script."""
    return _END.search(text) is not None


def join_sentences(sentences: Iterable[str]) -> str:
    """Join sentences with spaces, but without one between Chinese or Japanese sentences."""
    text = ""
    for sentence in sentences:
        # Two characters: a quotation mark may be at the boundary.
        if text and not (_UNSPACED.search(text[-2:]) and _UNSPACED.search(sentence[:2])):
            text += " "
        text += sentence
    return text


def _split_line(line: str, language: str) -> list[str]:
    from sentencex import segment  # type: ignore[import-untyped]

    sentences: list[str] = []
    for segmented in segment(language, line):
        part = segmented.strip()
        if not part:
            continue
        if sentences and _continues(sentences[-1], part, language):
            sentences[-1] = join_sentences([sentences[-1], part])
        else:
            sentences.append(part)
    return sentences


def _continues(before: str, after: str, language: str) -> bool:
    """Return True if two parts are one sentence."""
    return bool(
        _FOOTNOTES.fullmatch(after)
        or _NUMBER_ALONE.fullmatch(before)
        or _INITIAL.search(before)
        or (language in _ORDINAL_LANGUAGES and _ORDINAL.search(before))
        or _QUOTE_CONTINUES.search(f"{before}\n{after}")
        or (before.endswith(".") and after[0].islower())
        or _ends_in_abbreviation(before, language)
    )


def _ends_in_abbreviation(text: str, language: str) -> bool:
    last = text.rsplit(maxsplit=1)[-1].lstrip("(").casefold()
    return last.endswith(".") and last[:-1] in sentence_words(language).abbreviations


# --- running text ---

MAX_READ_CHARS = 20_000  # of an article; later text does not represent it
_MAX_HEADING_CHARS = 140  # an unfinished line up to this length is a heading or a list item
_MIN_PROSE_CHARS = 25  # a shorter line is not running text, even if it ends like a sentence
_MAX_DATELINE_PARAGRAPHS = 2  # that may begin with a dateline
_TITLE_SHARE = 0.6  # of the title that a line must have to repeat it
SENTENCE_MARKS = "-–—•·*|►▶■# "  # at the start of lines in lists and plain text

_TYPOGRAPHY = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the index of its paragraph, and its position in it, both from 0."""

    text: str
    paragraph: int
    position: int


def prose_sentences(text: str, title: str = "", language: str | None = None) -> Iterator[Sentence]:
    """Yield the finished sentences of an article in order, lazily.

    Headings, list items, bylines, datelines, notes and the title are left out. If there is no
    finished sentence, its lines are returned instead, so that a short notice has a summary.
    """
    finished = _finished_sentences(text, title, language)
    first = next(finished, None)
    if first is not None:
        yield from chain([first], finished)
        return
    lines = list(_article_lines(text, title))
    prose = [line for line in lines if is_prose(line)]
    for number, line in enumerate(prose or lines):
        yield Sentence(line, number, 0)


def _finished_sentences(text: str, title: str, language: str | None) -> Iterator[Sentence]:
    number = 0
    for line in _article_lines(text, title):
        if not is_prose(line) or is_editorial_note(line):
            continue
        paragraph = strip_dateline(line) if number < _MAX_DATELINE_PARAGRAPHS else line
        for position, sentence in enumerate(split_sentences(paragraph, language)):
            if is_finished(sentence) and not repeats_title(sentence, title):
                yield Sentence(sentence, number, position)
        number += 1


def _article_lines(text: str, title: str) -> Iterator[str]:
    for paragraph in split_paragraphs(text[:MAX_READ_CHARS]):
        line = paragraph.lstrip(SENTENCE_MARKS)
        if line and not repeats_title(line, title) and not is_byline_sentence(line):
            yield line


def is_prose(line: str) -> bool:
    """Return True for running text: a line that is long, or ends as a sentence and is not short."""
    length = visible_length(line)
    return length > _MAX_HEADING_CHARS or (is_finished(line) and length >= _MIN_PROSE_CHARS)


def visible_length(text: str) -> int:
    """Return the number of characters; Chinese and Japanese ones count three times."""
    return len(text) + 2 * len(_DENSE.findall(text))


def repeats_title(line: str, title: str) -> bool:
    """Return True if a line is the title, or most of it without the site's name at its end."""
    start, full = squash_spaces(line), squash_spaces(title)
    if not start or not full.startswith(start):
        return False
    return start == full or len(start) > _TITLE_SHARE * len(full)


def squash_spaces(text: str) -> str:
    """Return the letters and digits of a text in lower case, to compare texts by content."""
    return _TYPOGRAPHY.sub("", text.casefold())


# --- a maximum length ---

_MIN_CLAUSE_SHARE = 0.6  # of the maximum length; a shorter clause is not worth the lost text

_CLAUSE_END = re.compile(rf"[,;:](?=\s)|[，\uff1b、：](?=.)|\s[–—-](?=\s)|{_DENSE_CHARACTER}(?=\s)")
_LOOSE_ENDS = " ,;:，\uff1b、：–—-([«“„「"


def fill_sentences(sentences: Iterable[str], max_chars: int) -> str:
    """Join as many of the first sentences as fit; cut the first one if it is too long."""
    chosen: list[str] = []
    for sentence in sentences:
        if len(join_sentences([*chosen, sentence])) > max_chars:
            return join_sentences(chosen) or cut(sentence, max_chars)
        chosen.append(sentence)
    return join_sentences(chosen)


def cut(text: str, max_chars: int) -> str:
    """Shorten a text that is too long: cut after a clause, or else after a word, and add "…"."""
    if len(text) <= max_chars:
        return text
    if max_chars <= 0:
        return ""
    head = text[: max_chars - 1]
    end = 0
    for match in _CLAUSE_END.finditer(head):
        end = match.end()
    if end <= _MIN_CLAUSE_SHARE * max_chars:
        end = len(head) if text[len(head)].isspace() else head.rfind(" ")
        if end <= 0:
            end = len(head)
    return head[:end].rstrip(_LOOSE_ENDS) + "…"
