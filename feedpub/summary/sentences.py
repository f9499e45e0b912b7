"""Where sentences begin and end. Owns segmentation and joining; knows nothing of what a sentence says.

sentencex knows the sentence marks and abbreviations of hundreds of languages. What it splits too eagerly is put
together again here: ordinals ("Die 3. Liga"), initials, some abbreviations, list numbers, a quotation and its "と".
"""

import re
from collections.abc import Iterator, Sequence

from sentencex import segment  # type: ignore[import-untyped]

from feedpub.characters import sound
from feedpub.summary.words import base_language, words_of

DENSE = r"[\u3041-\u30ff\u3400-\u9fff]"  # a letter of Chinese or Japanese: it says as much as three others

# Languages that write ordinals with a full stop.
ORDINALS = frozenset(
    ["bs", "cs", "da", "de", "et", "fi", "fo", "hr", "hu", "is", "lb", "lv", "no", "pl", "sk", "sl", "sr"]
)

_END = re.compile(r"[.!?…。！？｡\uff0e؟۔।॥\u0589።](?:[\"'”’»›」』）)\]]|\s»|\[\d+\])*$")
_NUMBER_ALONE = re.compile(r"\(?\d{1,3}[.)]")
_ORDINAL = re.compile(r"(?:^|[\s(])\d{1,2}\.$")
_INITIAL = re.compile(r"(?:^|[\s.(-])[^\W\d_]\.$")
_FOOTNOTES = re.compile(r"(?:\[\d{1,3}\])+")
_TIGHT = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]")
_QUOTE_GOES_ON = re.compile(r"[」』]\n[\u3041-\u309f]")


def sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of a text in order; a line's end always ends one.

    Args:
        text: paragraphs separated by newlines.
        language: a BCP 47 tag; where None or unknown the marks of all scripts count, and English abbreviations.
    """
    base = base_language(language)
    return [sentence for line in paragraphs(text) for sentence in _split(line, base)]


def paragraphs(text: str) -> Iterator[str]:
    """The non-empty lines of a text, runs of whitespace within them made one space."""
    return (line for raw in text.splitlines() if (line := " ".join(sound(raw).split())))


def finished(text: str) -> bool:
    """Whether a text ends as a sentence does, in any script."""
    return _END.search(text) is not None


def join(parts: Sequence[str]) -> str:
    """Sentences as one text: a space between them, none where Chinese or Japanese meets the like."""
    text = ""
    for part in parts:
        tight = not text or (_TIGHT.search(text[-2:]) and _TIGHT.search(part[:2]))  # a quotation mark may be between
        text += part if tight else f" {part}"
    return text


def _split(line: str, language: str) -> list[str]:
    whole: list[str] = []
    for piece in segment(language, line):
        part = piece.strip()
        if whole and part and _goes_on(whole[-1], part, language):
            whole[-1] = join([whole[-1], part])
        elif part:
            whole.append(part)
    return whole


def _goes_on(before: str, after: str, language: str) -> bool:
    """Whether there is no boundary here: what stands before ends no sentence, or what follows begins none."""
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
    return last.endswith(".") and last[:-1] in words_of(language).abbreviations
