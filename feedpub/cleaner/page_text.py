"""A layout with its texts taken apart: the words of each block, before any weight is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feedpub.cleaner.layout import PLACES, Layout
from feedpub.cleaner.metadata.elements import HeadElements
from feedpub.cleaner.vocabulary import split_words, terms_in_text

BEGINNING, END = 180, 80  # characters of a text that are read
AROUND = PLACES["nav"] | PLACES["footer"]  # a block's place says more there than its words
DESCRIPTIONS = frozenset({"description", "og:description", "twitter:description"})


@dataclass(frozen=True, slots=True)
class HeadHints:
    """What the page says about its article outside of it.

    Attributes:
        titles: its title and its headings of the first level.
        title, description: the words of these, and of what describes the page.
    """

    titles: tuple[str, ...] = ()
    title: frozenset[str] = frozenset()
    description: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenizedPage:
    """The blocks of a layout with their words, before any weight is known.

    Navigation says nothing.
    """

    layout: Layout
    tokens: Sequence[Sequence[str]]
    hints: HeadHints

    def terms(self) -> Iterator[Sequence[str]]:
        """The terms of each block; they are many, and needed once."""
        return (
            terms_in_text(block, own) if own else ()
            for block, own in zip(self.layout.blocks, self.tokens, strict=True)
        )


def tokenize_page(layout: Layout, hints: HeadHints) -> TokenizedPage:
    """Take the blocks' texts apart."""
    boxes, blocks = layout.boxes, layout.blocks
    said = [
        () if boxes[block.box].place & AROUND else tuple(split_words(_ends(block.text)))
        for block in blocks
    ]
    return TokenizedPage(layout, said, hints)


def head_hints(parts: HeadElements) -> HeadHints:
    """The hints of a document, by its parts."""
    titles = ["".join(element.itertext()) for element in (*parts["title"][:1], *parts["h1"])]
    described = [
        meta.get("content", "")
        for meta in parts["meta"]
        if (meta.get("name") or meta.get("property") or "").lower() in DESCRIPTIONS
    ]
    return HeadHints(
        tuple(titles),
        frozenset(split_words(" ".join(titles)[:1000])),
        frozenset(split_words(" ".join(described)[:2000])),
    )


def _ends(text: str) -> str:
    """As much of a text's beginning and end as terms are made of."""
    return text if len(text) <= BEGINNING + END else f"{text[:BEGINNING]} {text[-END:]}"
