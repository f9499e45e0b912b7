"""Read the text of elements, and recognise the words that distinguish lists of articles.

The words are in `words.toml`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from feedpub.core.loading import load_toml

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MAX_TEXT_CHARS = 2000  # of an element

# Inline elements may be a part of a word; the text of any other is set apart by a space.
_INLINE_TAGS = frozenset(
    "a abbr b bdi cite code em font i mark q s small strong sub sup u".split()  # noqa: SIM905
)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff]")
_LABEL_EDGES = (
    " \t\n0123456789:.…»\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}>→|()[]-+"
    "\N{EN DASH}\N{EM DASH}"
)

_WORDS: dict[str, Any] = load_toml("feedpub.sources.listing", "words.toml")

ARCHIVES = frozenset(_WORDS["archives"])
PAGE_NAMES = frozenset(_WORDS["pages"])
QUERIES = frozenset(_WORDS["queries"])
FILE_SUFFIXES = frozenset(_WORDS["files"])
SHARING = frozenset(_WORDS["sharing"])
BOX_HEADINGS = frozenset(_WORDS["headings"]["boxes"])
ERROR_TITLES = frozenset(_WORDS["titles"]["errors"])
CONSENT_TITLES = frozenset(_WORDS["titles"]["consent"])
LAYOUT_NAMES = frozenset(_WORDS["classes"]["looks"])
BUTTONS = frozenset(_WORDS["buttons"]["exact"])
NEXT_PAGE = frozenset(_WORDS["pages_after"]["next"])


def _class_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Match one of the words as a part of a class; one with ^ only at the class's beginning."""
    parts: list[str] = []
    for word in words:
        at_start = rf"(?<=\s){re.escape(word[1:])}"
        parts.append(at_start if word.startswith("^") else re.escape(word))
    return re.compile(rf"(?<![^\s-])(?:{'|'.join(parts)})(?![^\s-])")


CHROME = _class_pattern(_WORDS["regions"]["chrome"])
BOXES = _class_pattern(_WORDS["regions"]["boxes"])
SIDEBAR_NAMES = _class_pattern(_WORDS["regions"]["side"])


def element_text(element: HtmlElement) -> str:
    """Return the text of an element with collapsed white space, about `MAX_TEXT_CHARS` of it."""
    pieces: list[str] = []
    length = 0
    for piece in _text_pieces(element):
        pieces.append(piece[:MAX_TEXT_CHARS])
        length += len(piece)
        if length > MAX_TEXT_CHARS:
            break
    return " ".join("".join(pieces).split())


def _text_pieces(element: HtmlElement) -> Iterator[str]:
    for event, part in etree.iterwalk(element, events=("start", "end")):
        gap = "" if part.tag in _INLINE_TAGS else " "
        if event == "start":
            yield gap + (part.text or "")
        else:
            yield gap + (part.tail or "" if part is not element else "")


def label_text(anchor: HtmlElement) -> str:
    """Return a link's text, or its label for screen readers."""
    return element_text(anchor) or anchor.get("aria-label", "") or anchor.get("title", "")


def count_text_words(text: str) -> int:
    """Count words; two characters of a script without spaces count as one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def strip_counts(text: str) -> str:
    """Return a label in lower case, without the arrows, dots and numbers around it."""
    return text.strip(_LABEL_EDGES).lower()


def is_button(text: str) -> bool:
    """Return True for "Read more" and the like, which do not name the article."""
    return strip_counts(text) in BUTTONS


def is_textless(anchor: HtmlElement) -> bool:
    """Return True for a link with neither text nor image, such as an arrow to vote with."""
    return not label_text(anchor) and next(anchor.iter("img", "picture"), None) is None
