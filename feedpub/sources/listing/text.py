"""The words that tell lists of articles from the rest of a page.

Words.toml as sets and expressions.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from feedpub.core.data_files import load_toml

_TABLE: dict[str, Any] = load_toml("feedpub.sources.listing", "words.toml")

ARCHIVES = frozenset(_TABLE["archives"])
PAGE_NAMES = frozenset(_TABLE["pages"])
QUERIES = frozenset(_TABLE["queries"])
FILE_SUFFIXES = frozenset(_TABLE["files"])
SHARING = frozenset(_TABLE["sharing"])
BOX_HEADINGS = frozenset(_TABLE["headings"]["boxes"])
ERROR_TITLES = frozenset(_TABLE["titles"]["errors"])
CONSENT_TITLES = frozenset(_TABLE["titles"]["consent"])
LAYOUT_NAMES = frozenset(_TABLE["classes"]["looks"])
BUTTONS = frozenset(_TABLE["buttons"]["exact"])


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds one of the words as a part of a class.

    One that begins with ^ only at a class's beginning.
    """
    parts = (
        rf"(?<=\s){re.escape(word[1:])}" if word.startswith("^") else re.escape(word)
        for word in words
    )
    return re.compile(r"(?<![^\s-])(?:" + "|".join(parts) + r")(?![^\s-])")


CHROME = _any_of(_TABLE["regions"]["chrome"])
BOXES = _any_of(_TABLE["regions"]["boxes"])
SIDEBAR_NAMES = _any_of(_TABLE["regions"]["side"])


# SECTION: The words of elements, and what kind of words they are.

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements that may stand within a word or a sentence; what stands in any other is kept apart.
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "s",
        "small",
        "strong",
        "sub",
        "sup",
        "u",
    }
)
LONGEST = 2000  # characters that one asks a card for
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff]")
_EDGES = " \t\n0123456789:.…»\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}>→|()[]-+\N{EN DASH}\N{EM DASH}"


def element_text(element: HtmlElement) -> str:
    """The words of an element, white space collapsed, words of different blocks kept apart.

    About 2000 characters.
    """
    pieces, length = list[str](), 0
    for piece in _pieces(element):
        pieces.append(piece[:LONGEST])
        length += len(piece)
        if length > LONGEST:
            break
    return " ".join("".join(pieces).split())


def _pieces(element: HtmlElement) -> Iterator[str]:
    for event, part in etree.iterwalk(element, events=("start", "end")):
        gap = "" if part.tag in _INLINE else " "
        if event == "start":
            yield gap + (part.text or "")
        else:
            yield gap + (part.tail or "" if part is not element else "")


def label_text(anchor: HtmlElement) -> str:
    """What a link says: its words, or what it says to those who cannot see it."""
    return element_text(anchor) or anchor.get("aria-label", "") or anchor.get("title", "")


def count_text_words(text: str) -> int:
    """How many words; two signs of a script without spaces count as one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def strip_counts(text: str) -> str:
    """A label without the arrows, dots and numbers around it, lower case."""
    return text.strip(_EDGES).lower()


def is_button(text: str) -> bool:
    """True for "Read more" and its like: a link that does not say where it leads."""
    return strip_counts(text) in BUTTONS


def is_textless(anchor: HtmlElement) -> bool:
    """True for a link that neither says nor shows anything.

    An arrow to vote with, a place to jump to.
    """
    return not label_text(anchor) and next(anchor.iter("img", "picture"), None) is None
