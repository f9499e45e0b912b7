"""What repeats over one site's pages. Owns the fingerprints and their bound; decides nothing about a single page.

A block's text is kept as a fingerprint with the number of pages that it was seen on; so is what follows the headline
in the pages' titles. Nothing of a page's text can be read from a memory.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b

from feedpub.cleaner.blocks import cut
from feedpub.cleaner.layout import Layout
from feedpub.cleaner.tree import parse
from feedpub.cleaner.vocabulary import words

MOST_TEXTS = 20_000  # of a site; those seen least are forgotten first
MOST_PAGES = 2_000
VERSION = 1


@dataclass(slots=True)
class SiteMemory:
    """What was seen on the pages of one site.

    Attributes:
        texts: on how many pages each text was seen, by its fingerprint.
        pages: fingerprints of the pages' addresses, oldest first.
    """

    texts: Counter[str] = field(default_factory=Counter)
    pages: dict[str, None] = field(default_factory=dict)

    def learn(self, html: bytes | str, url: str | None = None) -> None:
        """Remember a page; one that is known by its address counts once.

        Raises:
            ExtractError: the page cannot be read.
        """
        self.add(cut(parse(html, url)), url)

    def add(self, layout: Layout, url: str | None) -> None:
        """Remember a page that is already cut into blocks."""
        found = {fingerprint(block.text) for block in layout.blocks if block.text}
        page = _digest(url or "\n".join(sorted(found)))
        if page in self.pages:
            return
        self.pages[page] = None
        self.texts.update(found)
        self._forget()

    def others(self, text: str, url: str | None) -> int:
        """On how many pages besides this one a text was seen."""
        seen = self.texts[fingerprint(text)]
        return seen - 1 if seen and url and _digest(url) in self.pages else seen

    def known(self, url: str | None) -> int:
        """How many pages besides this one were seen."""
        return len(self.pages) - (url is not None and _digest(url) in self.pages)

    def to_bytes(self) -> bytes:
        """The memory for the store; equal memories give equal bytes."""
        content = {"version": VERSION, "texts": dict(sorted(self.texts.items())), "pages": list(self.pages)}
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "SiteMemory":
        """A memory from the store; one of another version is begun anew."""
        content = json.loads(stored)
        if content.get("version") != VERSION:
            return cls()
        return cls(Counter(content["texts"]), dict.fromkeys(content["pages"]))

    def _forget(self) -> None:
        if len(self.texts) > MOST_TEXTS:
            self.texts = Counter(dict(self.texts.most_common(MOST_TEXTS * 3 // 4)))
        while len(self.pages) > MOST_PAGES:
            del self.pages[next(iter(self.pages))]


def fingerprint(text: str) -> str:
    """The same for texts that differ in case, numbers, punctuation and spacing only."""
    return _digest(" ".join(words(text)) or text)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
