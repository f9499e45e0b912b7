"""The words of elements, and what kind of words they are."""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from feedpub.sources.listing.words import BUTTONS

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements that may stand within a word or a sentence; what stands in any other is kept apart.
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "strong", "sub", "sup", "u"}
)
LONGEST = 2000  # characters that one asks a card for
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff]")
_EDGES = " \t\n0123456789:.…»\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}>→|()[]-+\N{EN DASH}\N{EM DASH}"


def text_of(element: HtmlElement) -> str:
    """The words of an element, white space collapsed, words of different blocks kept apart; about 2000 characters."""
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


def label_of(anchor: HtmlElement) -> str:
    """What a link says: its words, or what it says to those who cannot see it."""
    return text_of(anchor) or anchor.get("aria-label", "") or anchor.get("title", "")


def words(text: str) -> int:
    """How many words; two signs of a script without spaces count as one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def bare(text: str) -> str:
    """A label without the arrows, dots and numbers around it, lower case."""
    return text.strip(_EDGES).lower()


def is_button(text: str) -> bool:
    """True for "Read more" and its like: a link that does not say where it leads."""
    return bare(text) in BUTTONS


def is_mute(anchor: HtmlElement) -> bool:
    """True for a link that neither says nor shows anything: an arrow to vote with, a place to jump to."""
    return not label_of(anchor) and next(anchor.iter("img", "picture"), None) is None
