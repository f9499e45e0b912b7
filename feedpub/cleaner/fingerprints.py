"""What a memory keeps of a page in place of its words: fingerprints of texts, of kinds of boxes, and of titles' ends.

Owns what counts as the same text and as the same kind of box. Nothing can be read from a fingerprint.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from lxml.html import HtmlElement

from feedpub.cleaner.blocks import EMBEDS, PICTURES
from feedpub.cleaner.layout import Block, Layout

SIZE = 10  # hexadecimal digits
COUNTED = 40  # characters; in texts up to this, numbers do not matter: they are dates and counters
BEGINNING, END = 120, 60  # characters that are looked at of a text that has more
ENDS = 2  # parts of a title at either end that may be names of the site

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_BREAK = re.compile(
    r"(?:(?<!\s)|(?<=\S[\u2013\u2014]\s))\s++(?:[|»«·•\u2013\u2014:/~\u2039\u203a<>-]\s+|[|\uff5c]\s*)"
    r"|[|\uff5c]\s*|(?<=\S)[\u2013\u2014]\s|_"
)


@lru_cache(maxsize=20_000)  # what repeats over a site is asked for on every page
def fingerprint(text: str) -> str:
    """The same for texts that differ in case, punctuation and spacing only; short ones may differ in numbers too."""
    if len(text) > BEGINNING + END:
        text = f"{text[:BEGINNING]} {text[-END:]}"
    plain = _DIGITS.sub("0", text.lower()) if len(text) <= COUNTED else text.lower()
    return digest(" ".join(_WORD.findall(plain)) or text)


def kind(layout: Layout, block: Block) -> str:
    """Equal for blocks in boxes of the same names, numbers aside: what a site's template makes alike."""
    box = layout.boxes[block.box]
    return _kind(box.name, layout.boxes[box.parent].name, block.wrapper)


def lead_in(block: Block) -> str:
    """The fingerprint of what stands beside the links of a block, as in "Read more: …"; "" where that is no word."""
    if not 0 < block.link_chars < len(block.text):
        return ""
    beside = " ".join(_WORD.findall("".join(_unlinked(block)).lower()))
    return digest(f"lead-in {beside}") if any(map(str.isalpha, beside)) else ""


def title_ends(title: str) -> Iterator[tuple[str, str]]:
    """What may be the site's name at the end or at the beginning of a title, each with its fingerprint."""
    parts = [part.strip() for part in _BREAK.split(title)]
    if len(parts) > 1:
        yield from ((part, digest(f"ends {part}")) for part in parts[1:][-ENDS:] if part)
        yield from ((part, digest(f"begins {part}")) for part in parts[:-1][:1] if part)


def digest(text: str) -> str:
    """A fingerprint of exactly this text."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=SIZE // 2).hexdigest()


@lru_cache(maxsize=20_000)
def _kind(box: str, around: str, wrapper: str) -> str:
    return digest(_DIGITS.sub("0", f"{around}\n{box}\n{wrapper}"))


def _unlinked(block: Block) -> Iterator[str]:
    """The pieces of a block's text that are outside of its links."""
    open_: list[bool] = []  # for every open element, whether it is a link
    for piece in block.pieces:
        if piece is None:
            open_.pop()
        elif isinstance(piece, str):
            if True not in open_:
                yield piece
        elif _has_end(piece):
            open_.append(piece.tag == "a")


def _has_end(element: HtmlElement) -> bool:
    return element.tag not in PICTURES and element.tag not in EMBEDS
