"""What repeats over one site's pages, and where its articles stand: as much of it as decisions need.

The last pages are remembered, each with a number; of every text, in which of them it stood and in what kind of box; and
of every page, in which kinds of boxes it had prose that was new. All of it as fingerprints: a page's words cannot be
read from a memory. Older pages are forgotten, and with them what stood on no younger one, so that a redesign is
unlearned as its pages come in. Owns what is remembered, for how long and in which form; decides nothing about a page.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from feedpub.cleaner.blocks import cut
from feedpub.cleaner.fingerprints import SIZE, digest, fingerprint, kind, lead_in, title_ends
from feedpub.cleaner.layout import Block, Layout
from feedpub.cleaner.tree import parse

VERSION = 2
MOST_PAGES = 80  # then the oldest fifth is forgotten
MOST_TEXTS = 20_000  # of all pages, and so at most about half a megabyte; news have 5,000 to 10,000
MOST_BLOCKS = 2_000  # of one page
PROSE = 80  # characters; shorter texts say little about where articles stand


class Trace(NamedTuple):
    """In which pages a text stood, as the bits of a number, and the kind of its box."""

    pages: int
    kind: str


class Sighting(NamedTuple):
    """What is remembered of one page, before it is known what stood on others.

    Attributes:
        page: the fingerprint of its address, or of its words where it has none.
        marks: fingerprints of its texts, the kinds of their boxes, and how many characters of prose each is.
    """

    page: str
    marks: tuple[tuple[str, str, int], ...]


@dataclass(slots=True)
class Kind:
    """What is known of the boxes of one kind.

    Attributes:
        pages: that have one, as bits.
        texts, repeated: how many texts stood in them, page by page, and how many of these on several pages.
    """

    pages: int = 0
    texts: int = 0
    repeated: int = 0


@dataclass(slots=True)
class SiteMemory:
    """What was seen on the last pages of one site.

    Attributes:
        pages: by fingerprint of their addresses, oldest first, how many characters of new prose stood in boxes of
            each kind. A page's place is its bit in `Trace.pages`.
        texts: by fingerprint.
    """

    pages: dict[str, dict[str, int]] = field(default_factory=dict)
    texts: dict[str, Trace] = field(default_factory=dict)
    _kinds: dict[str, Kind] = field(default_factory=dict, compare=False, repr=False)

    def learn(self, html: bytes | str, url: str | None = None) -> None:
        """Remember a page; one that is known by its address counts once.

        Raises:
            ExtractError: the page cannot be read.
        """
        self.remember(sight(html, url))

    def knows(self, url: str) -> bool:
        """Whether the page at an address is remembered."""
        return digest(url) in self.pages

    def remember(self, seen: Sighting) -> None:
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

    def besides(self, url: str | None) -> int:
        """All pages but the one at an address, as bits."""
        every = (1 << len(self.pages)) - 1
        page = digest(url) if url else ""
        return every & ~(1 << list(self.pages).index(page)) if page in self.pages else every

    def seen(self, mark: str) -> int:
        """The pages on which a text stood, as bits, by its fingerprint."""
        known = self.texts.get(mark)
        return known.pages if known else 0

    def prose(self, url: str | None) -> Iterator[Mapping[str, int]]:
        """For each page but the one at an address, how much new prose stood in boxes of each kind."""
        own = digest(url) if url else ""
        return (found for page, found in self.pages.items() if page != own)

    def kinds(self) -> Mapping[str, Kind]:
        """What is known of each kind of box."""
        if not self._kinds:
            found: dict[str, Kind] = defaultdict(Kind)
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
        texts = {where: {pages: "".join(marks) for pages, marks in group.items()} for where, group in groups.items()}
        content = {"version": VERSION, "pages": list(self.pages.items()), "texts": texts}
        return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "SiteMemory":
        """A memory from the store; one of another version, or that cannot be read, is begun anew."""
        try:
            content = json.loads(stored)
            return cls(dict(content["pages"]), _texts(content["texts"])) if content["version"] == VERSION else cls()
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return cls()

    def _forget(self) -> None:
        """Keep the bounds: the oldest fifth of the pages goes, and what stood on these alone."""
        while len(self.pages) > MOST_PAGES or len(self.texts) > MOST_TEXTS:
            oldest = max(1, len(self.pages) // 5)
            self.pages = dict(list(self.pages.items())[oldest:])
            shifted = ((mark, Trace(pages >> oldest, where)) for mark, (pages, where) in self.texts.items())
            self.texts = {mark: trace for mark, trace in shifted if trace.pages}


def _texts(stored: Mapping[str, Mapping[str, str]]) -> dict[str, Trace]:
    return {
        marks[at : at + SIZE]: Trace(int(pages, 16), where)
        for where, group in stored.items()
        for pages, marks in group.items()
        for at in range(0, len(marks), SIZE)
    }


def sight(html: bytes | str, url: str | None = None) -> Sighting:
    """What would be remembered of a page.

    Raises:
        ExtractError: the page cannot be read.
    """
    tree = parse(html, url)
    layout = cut(tree)
    blocks = [block for block in layout.blocks[:MOST_BLOCKS] if block.text]
    page = digest(url or "\n".join(block.text for block in blocks))
    return Sighting(page, tuple(_marks(layout, blocks, tree.findtext(".//title") or "")))


def _marks(layout: Layout, blocks: list[Block], title: str) -> Iterator[tuple[str, str, int]]:
    """What is remembered of a page: fingerprints, the kinds of their boxes, and how much prose each is."""
    for block in blocks:
        size = len(block.text)
        prose = size if size >= PROSE and block.link_chars < size / 2 else 0
        yield fingerprint(block.text), kind(layout, block), prose
        if mark := lead_in(block):
            yield mark, "", 0
    for _, mark in title_ends(title):
        yield mark, "", 0
