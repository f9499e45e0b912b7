"""What a memory keeps of a page in place of its words: fingerprints of texts, of kinds of boxes, and of titles' ends.

Owns what counts as the same text and as the same kind of box. Nothing can be read from a
fingerprint.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from lxml.html import HtmlElement

from feedpub.cleaner.layout import Block, Layout
from feedpub.cleaner.segment import EMBEDS, PICTURES, segment
from feedpub.core.html import parse_html

FINGERPRINT_BYTES = 10  # hexadecimal digits
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
def block_fingerprint(text: str) -> str:
    """The same for texts that differ in case, punctuation and spacing only.

    Short ones may differ in numbers too.
    """
    if len(text) > BEGINNING + END:
        text = f"{text[:BEGINNING]} {text[-END:]}"
    plain = _DIGITS.sub("0", text.lower()) if len(text) <= COUNTED else text.lower()
    return text_digest(" ".join(_WORD.findall(plain)) or text)


def box_kind(layout: Layout, block: Block) -> str:
    """Equal for blocks in boxes of the same names, numbers aside.

    What a site's template makes alike.
    """
    box = layout.boxes[block.box]
    return _kind(box.name, layout.boxes[box.parent].name, block.wrapper)


def find_lead_in(block: Block) -> str:
    """The fingerprint of what stands beside the links of a block, as in "Read more.

    …"; "" where that is no word.
    """
    if not 0 < block.link_chars < len(block.text):
        return ""
    beside = " ".join(_WORD.findall("".join(_unlinked(block)).lower()))
    return text_digest(f"lead-in {beside}") if any(map(str.isalpha, beside)) else ""


def shared_title_ends(title: str) -> Iterator[tuple[str, str]]:
    """What may be the site's name at the end or at the beginning of a title, each with its fingerprint."""
    parts = [part.strip() for part in _BREAK.split(title)]
    if len(parts) > 1:
        yield from ((part, text_digest(f"ends {part}")) for part in parts[1:][-ENDS:] if part)
        yield from ((part, text_digest(f"begins {part}")) for part in parts[:-1][:1] if part)


def text_digest(text: str) -> str:
    """A fingerprint of exactly this text."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=FINGERPRINT_BYTES // 2).hexdigest()


@lru_cache(maxsize=20_000)
def _kind(box: str, around: str, wrapper: str) -> str:
    return text_digest(_DIGITS.sub("0", f"{around}\n{box}\n{wrapper}"))


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


# SECTION: What repeats over one site's pages, and where its articles stand: as much of it as
# decisions need.
#
# The last pages are remembered, each with a number; of every text, in which of them it stood and
# in what kind of box; and
# of every page, in which kinds of boxes it had prose that was new. All of it as fingerprints: a
# page's words cannot be
# read from a memory. Older pages are forgotten, and with them what stood on no younger one, so
# that a redesign is
# unlearned as its pages come in. Owns what is remembered, for how long and in which form; decides
# nothing about a page.

VERSION = 2
MOST_PAGES = 80  # then the oldest fifth is forgotten
MOST_TEXTS = 20_000  # of all pages, and so at most about half a megabyte; news have 5,000 to 10,000
MOST_BLOCKS = 2_000  # of one page
PROSE = 80  # characters; shorter texts say little about where articles stand


class Trace(NamedTuple):
    """In which pages a text stood, as the bits of a number, and the kind of its box."""

    pages: int
    kind: str


class PageFingerprint(NamedTuple):
    """What is remembered of one page, before it is known what stood on others.

    Attributes:
        page: the fingerprint of its address, or of its words where it has none.
        marks: fingerprints of its texts, the kinds of their boxes, and how many characters of prose
            each is.
    """

    page: str
    marks: tuple[tuple[str, str, int], ...]


@dataclass(slots=True)
class BoxKind:
    """What is known of the boxes of one kind.

    Attributes:
        pages: that have one, as bits.
        texts, repeated: how many texts stood in them, page by page, and how many of these on
            several pages.
    """

    pages: int = 0
    texts: int = 0
    repeated: int = 0


@dataclass(slots=True)
class SiteMemory:
    """What was seen on the last pages of one site.

    Attributes:
        pages: by fingerprint of their addresses, oldest first, how many characters of new prose
            stood in boxes of each kind. A page's place is its bit in `Trace.pages`.
        texts: by fingerprint.
    """

    pages: dict[str, dict[str, int]] = field(default_factory=dict)
    texts: dict[str, Trace] = field(default_factory=dict)
    _kinds: dict[str, BoxKind] = field(default_factory=dict, compare=False, repr=False)

    def learn(self, html: bytes | str, url: str | None = None) -> None:
        """Remember a page; one that is known by its address counts once.

        Raises:
            ExtractError: the page cannot be read.
        """
        self.remember(fingerprint_page(html, url))

    def knows(self, url: str) -> bool:
        """Whether the page at an address is remembered."""
        return text_digest(url) in self.pages

    def remember(self, seen: PageFingerprint) -> None:
        """Remember what was seen on a page."""
        page = seen.page
        if page in self.pages:
            return
        prose: Counter[str] = Counter()
        bit = 1 << len(self.pages)
        for mark, where, size in seen.marks:
            known = self.texts.get(mark)
            if known is None and size:
                prose[where] += size
            self.texts[mark] = Trace(bit if known is None else known.pages | bit, where)
        self.pages[page] = dict(prose)
        self._kinds.clear()
        self._forget()

    def without(self, url: str | None) -> int:
        """All pages but the one at an address, as bits."""
        every = (1 << len(self.pages)) - 1
        page = text_digest(url) if url else ""
        return every & ~(1 << list(self.pages).index(page)) if page in self.pages else every

    def count_of(self, mark: str) -> int:
        """The pages on which a text stood, as bits, by its fingerprint."""
        known = self.texts.get(mark)
        return known.pages if known else 0

    def is_prose_box(self, url: str | None) -> Iterator[Mapping[str, int]]:
        """For each page but the one at an address, how much new prose stood in boxes of each kind."""
        own = text_digest(url) if url else ""
        return (found for page, found in self.pages.items() if page != own)

    def kinds(self) -> Mapping[str, BoxKind]:
        """What is known of each kind of box."""
        if not self._kinds:
            found: dict[str, BoxKind] = defaultdict(BoxKind)
            for pages, where in self.texts.values():
                of_kind, count = found[where], pages.bit_count()
                of_kind.pages |= pages
                of_kind.texts += count
                of_kind.repeated += count if count > 1 else 0
            self._kinds = dict(found)
        return self._kinds

    def to_bytes(self) -> bytes:
        """The memory for the store; equal memories give equal bytes."""
        groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for mark, (pages, where) in sorted(self.texts.items()):
            groups[where][f"{pages:x}"].append(mark)
        texts = {
            where: {pages: "".join(marks) for pages, marks in group.items()}
            for where, group in groups.items()
        }
        content = {"version": VERSION, "pages": list(self.pages.items()), "texts": texts}
        return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "SiteMemory":
        """A memory from the store.

        One of another version, or that cannot be read, is begun anew.
        """
        try:
            content = json.loads(stored)
            return (
                cls(dict(content["pages"]), _texts(content["texts"]))
                if content["version"] == VERSION
                else cls()
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return cls()

    def _forget(self) -> None:
        """Keep the bounds: the oldest fifth of the pages goes, and what stood on these alone."""
        while len(self.pages) > MOST_PAGES or len(self.texts) > MOST_TEXTS:
            oldest = max(1, len(self.pages) // 5)
            self.pages = dict(list(self.pages.items())[oldest:])
            shifted = (
                (mark, Trace(pages >> oldest, where)) for mark, (pages, where) in self.texts.items()
            )
            self.texts = {mark: trace for mark, trace in shifted if trace.pages}


def _texts(stored: Mapping[str, Mapping[str, str]]) -> dict[str, Trace]:
    return {
        marks[at : at + FINGERPRINT_BYTES]: Trace(int(pages, 16), where)
        for where, group in stored.items()
        for pages, marks in group.items()
        for at in range(0, len(marks), FINGERPRINT_BYTES)
    }


def fingerprint_page(html: bytes | str, url: str | None = None) -> PageFingerprint:
    """What would be remembered of a page.

    Raises:
        ExtractError: the page cannot be read.
    """
    tree = parse_html(html, url)
    layout = segment(tree)
    blocks = [block for block in layout.blocks[:MOST_BLOCKS] if block.text]
    page = text_digest(url or "\n".join(block.text for block in blocks))
    return PageFingerprint(page, tuple(_marks(layout, blocks, tree.findtext(".//title") or "")))


def _marks(layout: Layout, blocks: list[Block], title: str) -> Iterator[tuple[str, str, int]]:
    """What is remembered of a page.

    Fingerprints, the kinds of their boxes, and how much prose each is.
    """
    for block in blocks:
        size = len(block.text)
        prose = size if size >= PROSE and block.link_chars < size / 2 else 0
        yield block_fingerprint(block.text), box_kind(layout, block), prose
        if mark := find_lead_in(block):
            yield mark, "", 0
    for _, mark in shared_title_ends(title):
        yield mark, "", 0


@lru_cache(maxsize=4)
def load_site_memory(memory: bytes) -> SiteMemory:
    """A memory as a site gives it.

    The pages of a site follow each other, and it is the same for many of them.
    """
    return SiteMemory.from_bytes(memory)
