"""Where sentences begin and end. Owns segmentation and joining; knows nothing of what a sentence says.

sentencex knows the sentence marks and abbreviations of hundreds of languages. What it splits too eagerly is put
together again here: ordinals ("Die 3. Liga"), initials, some abbreviations, list numbers, a quotation and its "と".
"""

import re

from sentencex import segment

from feedpub.summary.words import words_of

# Languages that write ordinals with a full stop.
ORDINALS = frozenset("bs cs da de et fi fo hr hu is lb lt lv nb nn no pl sk sl sr tr".split())

_NUMBER_ALONE = re.compile(r"\(?\d{1,3}[.)]")
_ORDINAL = re.compile(r"(?:^|[\s(])\d{1,2}\.$")
_INITIAL = re.compile(r"(?:^|[\s.(-])[^\W\d_]\.$")
_LAST_WORD = re.compile(r"([^\s(]+)\.$")
_FOOTNOTES = re.compile(r"(?:\[\d{1,3}\])+")
_CJK = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uff01-\uff60]")
_CLOSED_QUOTE = re.compile(r"[」』]$")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")


def paragraphs(text: str) -> list[str]:
    """The non-empty lines of a text, runs of whitespace within them made one space."""
    return [line for raw in text.splitlines() if (line := " ".join(raw.split()))]


def sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences of a text in order; a line's end always ends one.

    Args:
        text: paragraphs separated by newlines.
        language: a BCP 47 tag; where None or unknown the common marks of all scripts count.
    """
    base = base_language(language)
    return [sentence for line in paragraphs(text) for sentence in _split(line, base)]


def base_language(language: str | None) -> str:
    """The primary subtag in lower case ("de-AT" → "de"), "en" where there is none."""
    return re.split(r"[-_]", language)[0].lower() if language else "en"


def join(parts: list[str]) -> str:
    """Sentences as one text: a space between them, none where Chinese or Japanese meets the like."""
    text = ""
    for part in parts:
        tight = not text or (_CJK.match(text[-1]) and _CJK.match(part))
        text += part if tight else f" {part}"
    return text


def _split(line: str, language: str) -> list[str]:
    whole: list[str] = []
    for piece in segment(language, line):
        part = piece.strip()
        if not part:
            continue
        if whole and _continues(whole[-1], part, language):
            whole[-1] = join([whole[-1], part])
        else:
            whole.append(part)
    return whole


def _continues(before: str, after: str, language: str) -> bool:
    """Whether a boundary is none: what stands before it does not end a sentence, or what follows begins none."""
    return bool(
        _FOOTNOTES.fullmatch(after)
        or _NUMBER_ALONE.fullmatch(before)
        or _INITIAL.search(before)
        or (language in ORDINALS and _ORDINAL.search(before))
        or (_CLOSED_QUOTE.search(before) and _HIRAGANA.match(after))
        or _abbreviated(before, after, language)
    )


def _abbreviated(before: str, after: str, language: str) -> bool:
    if after[0].islower() and before.endswith("."):
        return True
    word = _LAST_WORD.search(before)
    return word is not None and word[1].casefold() in words_of(language).abbreviations
