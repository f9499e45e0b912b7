"""Fingerprints of a site's last pages: the texts that repeat, and the boxes that hold its articles.

Each of the last pages has a number. A memory records, for every text, on which of these pages it
was found and in which kind of box. It records, for every page, how much new prose was in boxes of
each kind. When the oldest pages are dropped, the texts that were only on these are dropped too, so
the memory adapts to a redesign.

All of it is stored as fingerprints: the words of a page cannot be recovered from a memory. This
module decides what is remembered and how long; `site_template` draws the conclusions.
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
from feedpub.core.encoding import decode_html
from feedpub.core.html import parse_html
from feedpub.core.models import Page

VERSION = 2
MAX_PAGES = 80  # beyond that, the oldest fifth is dropped
MAX_TEXTS = 20_000  # of all pages, about half a megabyte; a news site has 5,000 to 10,000
MAX_BLOCKS = 2_000  # of one page
MIN_PROSE_CHARS = 80  # shorter texts are weak evidence of an article

FINGERPRINT_CHARS = 10
MAX_NUMBERED_CHARS = 40  # in shorter texts, numbers are ignored: they are dates and counters
HEAD_CHARS, TAIL_CHARS = 120, 60  # the parts of a long text that are compared
MAX_TITLE_ENDS = 2  # last parts of a title that may be names of the site

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_TITLE_SEPARATOR = re.compile(
    r"(?:(?<!\s)|(?<=\S[\u2013\u2014]\s))\s++"
    r"(?:[|»«·•\u2013\u2014:/~\u2039\u203a<>-]\s+|[|\uff5c]\s*)"
    r"|[|\uff5c]\s*|(?<=\S)[\u2013\u2014]\s|_"
)


class Trace(NamedTuple):
    """The pages that have a text, as bits of a number, and the kind of its box on the last one."""

    pages: int
    kind: str


class PageFingerprint(NamedTuple):
    """The part of a page that a memory keeps.

    Attributes:
        page: fingerprint of the page's URL, or of its words if it has none.
        marks: fingerprints of its texts, each with the kind of its box and the number of its
            characters if it is prose, else 0.
    """

    page: str
    marks: tuple[tuple[str, str, int], ...]


@dataclass(slots=True)
class BoxKind:
    """Statistics of the boxes of one kind.

    Attributes:
        pages: the pages with such a box, as bits.
        texts: number of texts in such boxes, counted once a page.
        repeated: number of these texts that are on several pages.
    """

    pages: int = 0
    texts: int = 0
    repeated: int = 0


@dataclass(slots=True)
class SiteMemory:
    """Fingerprints of the last pages of one site.

    Attributes:
        pages: by fingerprint of the URL, oldest first: the number of characters of new prose in
            boxes of each kind. A page's position is the number of its bit in `Trace.pages`.
        texts: by fingerprint of the text.
    """

    pages: dict[str, dict[str, int]] = field(default_factory=dict)
    texts: dict[str, Trace] = field(default_factory=dict)
    _kinds: dict[str, BoxKind] = field(default_factory=dict, compare=False, repr=False)

    def learn(self, html: bytes | str, url: str | None = None) -> None:
        """Remember a page. A page that is known by its URL is ignored.

        Raises:
            ExtractError: the page cannot be read.
        """
        self.remember(fingerprint_page(html, url))

    def knows(self, url: str) -> bool:
        """Return whether the page at a URL is remembered."""
        return fingerprint(url) in self.pages

    def remember(self, seen: PageFingerprint) -> None:
        """Remember the fingerprints of a page."""
        if seen.page in self.pages:
            return
        prose: Counter[str] = Counter()
        bit = 1 << len(self.pages)
        for mark, kind, prose_chars in seen.marks:
            known = self.texts.get(mark)
            if known is None and prose_chars:
                prose[kind] += prose_chars
            self.texts[mark] = Trace(bit if known is None else known.pages | bit, kind)
        self.pages[seen.page] = dict(prose)
        self._kinds.clear()
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Drop the oldest fifth of the pages, and the texts of these alone, until limits hold."""
        while len(self.pages) > MAX_PAGES or len(self.texts) > MAX_TEXTS:
            dropped = max(1, len(self.pages) // 5)
            self.pages = dict(list(self.pages.items())[dropped:])
            remaining: dict[str, Trace] = {}
            for mark, trace in self.texts.items():
                if pages := trace.pages >> dropped:
                    remaining[mark] = Trace(pages, trace.kind)
            self.texts = remaining

    def other_pages(self, url: str | None) -> int:
        """Return all pages except the one at a URL, as bits."""
        every = (1 << len(self.pages)) - 1
        page = fingerprint(url) if url else ""
        if page not in self.pages:
            return every
        return every & ~(1 << list(self.pages).index(page))

    def pages_with(self, mark: str) -> int:
        """Return the pages that contain a text, as bits.

        Args:
            mark: fingerprint of the text.
        """
        known = self.texts.get(mark)
        return known.pages if known else 0

    def new_prose(self, url: str | None) -> Iterator[Mapping[str, int]]:
        """Yield, for each page except the one at a URL, its new prose by kind of box."""
        own = fingerprint(url) if url else ""
        for page, prose in self.pages.items():
            if page != own:
                yield prose

    def box_kinds(self) -> Mapping[str, BoxKind]:
        """Return the statistics of each kind of box."""
        if not self._kinds:
            kinds: dict[str, BoxKind] = defaultdict(BoxKind)
            for pages, kind in self.texts.values():
                count = pages.bit_count()
                found = kinds[kind]
                found.pages |= pages
                found.texts += count
                if count > 1:
                    found.repeated += count
            self._kinds = dict(kinds)
        return self._kinds

    def to_bytes(self) -> bytes:
        """Serialise the memory. Equal memories have equal bytes."""
        grouped: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for mark, (pages, kind) in sorted(self.texts.items()):
            grouped[kind][f"{pages:x}"].append(mark)
        texts: dict[str, dict[str, str]] = {}
        for kind, group in grouped.items():
            texts[kind] = {pages: "".join(marks) for pages, marks in group.items()}
        content = {"version": VERSION, "pages": list(self.pages.items()), "texts": texts}
        return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "SiteMemory":
        """Read a serialised memory.

        Returns:
            An empty memory if the bytes are damaged or of another version. It fills again with the
            site's next pages.
        """
        try:
            content = json.loads(stored)
            if content["version"] != VERSION:
                return cls()
            return cls(dict(content["pages"]), _parse_texts(content["texts"]))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return cls()


def _parse_texts(stored: Mapping[str, Mapping[str, str]]) -> dict[str, Trace]:
    texts: dict[str, Trace] = {}
    for kind, group in stored.items():
        for pages, marks in group.items():
            trace = Trace(int(pages, 16), kind)
            for at in range(0, len(marks), FINGERPRINT_CHARS):
                texts[marks[at : at + FINGERPRINT_CHARS]] = trace
    return texts


@lru_cache(maxsize=4)  # a worker cleans a site's pages one after another
def load_site_memory(stored: bytes) -> SiteMemory:
    """Read a serialised memory that is not going to be changed."""
    return SiteMemory.from_bytes(stored)


def fingerprint_fetched_page(page: Page) -> PageFingerprint:
    """Return the part of a fetched page that a memory keeps. Raises ExtractError."""
    return fingerprint_page(decode_html(page.body, page.charset), page.url)


def fingerprint_page(html: bytes | str, url: str | None = None) -> PageFingerprint:
    """Return the part of a page that a memory keeps.

    Raises:
        ExtractError: the page cannot be read.
    """
    tree = parse_html(html, url)
    layout = segment(tree)
    blocks = [block for block in layout.blocks[:MAX_BLOCKS] if block.text]
    page = fingerprint(url or "\n".join([block.text for block in blocks]))
    title = tree.findtext(".//title") or ""
    return PageFingerprint(page, tuple(_fingerprint_texts(layout, blocks, title)))


def _fingerprint_texts(
    layout: Layout, blocks: list[Block], title: str
) -> Iterator[tuple[str, str, int]]:
    for block in blocks:
        size = len(block.text)
        is_prose = size >= MIN_PROSE_CHARS and block.link_chars < size / 2
        yield block_fingerprint(block.text), box_kind(layout, block), size if is_prose else 0
        if mark := lead_in_fingerprint(block):
            yield mark, "", 0
    for _, mark in title_ends(title):
        yield mark, "", 0


@lru_cache(maxsize=20_000)  # the texts that repeat are looked up on every page
def block_fingerprint(text: str) -> str:
    """Return the same value for texts that only differ in case, punctuation and spacing.

    Short texts may also differ in their numbers.
    """
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"
    plain = text.lower()
    if len(text) <= MAX_NUMBERED_CHARS:
        plain = _DIGITS.sub("0", plain)
    return fingerprint(" ".join(_WORD.findall(plain)) or text)


def box_kind(layout: Layout, block: Block) -> str:
    """Return the same value for blocks in boxes of the same names, ignoring numbers.

    These are the blocks that a site's template treats alike.
    """
    box = layout.boxes[block.box]
    return _fingerprint_names(box.name, layout.boxes[box.parent].name, block.wrapper)


@lru_cache(maxsize=20_000)
def _fingerprint_names(box: str, parent: str, wrapper: str) -> str:
    return fingerprint(_DIGITS.sub("0", f"{parent}\n{box}\n{wrapper}"))


def lead_in_fingerprint(block: Block) -> str:
    """Return a fingerprint of the text next to a block's links, such as "Read more:".

    Returns:
        "" if the block has no link, or no word next to it.
    """
    if not 0 < block.link_chars < len(block.text):
        return ""
    lead_in = " ".join(_WORD.findall("".join(_texts_outside_links(block)).lower()))
    return fingerprint(f"lead-in {lead_in}") if any(map(str.isalpha, lead_in)) else ""


def _texts_outside_links(block: Block) -> Iterator[str]:
    open_elements: list[bool] = []  # for every open element, whether it is a link
    for piece in block.pieces:
        if piece is None:
            open_elements.pop()
        elif isinstance(piece, str):
            if True not in open_elements:
                yield piece
        elif _has_end(piece):
            open_elements.append(piece.tag == "a")


def _has_end(element: HtmlElement) -> bool:
    return element.tag != "math" and element.tag not in PICTURES and element.tag not in EMBEDS


def title_ends(title: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a title that may be the site's name, each with its fingerprint."""
    parts = list(map(str.strip, _TITLE_SEPARATOR.split(title)))
    if len(parts) == 1:
        return
    for part in parts[1:][-MAX_TITLE_ENDS:]:
        if part:
            yield part, fingerprint(f"ends {part}")
    if parts[0]:
        yield parts[0], fingerprint(f"begins {parts[0]}")


def fingerprint(text: str) -> str:
    """Return a fingerprint of exactly this text."""
    encoded = text.encode("utf-8", "replace")
    return blake2b(encoded, digest_size=FINGERPRINT_CHARS // 2).hexdigest()
