"""A page whose texts are split into words, before weights are applied."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feedpub.cleaner.layout import PLACES, Layout
from feedpub.cleaner.metadata.elements import HeadElements
from feedpub.cleaner.vocabulary import split_words, terms_in_text

HEAD_CHARS, TAIL_CHARS = 180, 80  # the parts of a long text that are read
MAX_TITLE_CHARS = 1000
MAX_DESCRIPTION_CHARS = 2000
# the words of such a block are ignored: its place is stronger evidence
UNREAD_PLACES = PLACES["nav"] | PLACES["footer"]
DESCRIPTIONS = frozenset({"description", "og:description", "twitter:description"})


@dataclass(frozen=True, slots=True)
class HeadHints:
    """The words that a page's head uses for its article.

    Attributes:
        titles: the page's title and its first-level headings.
        title: the words of the titles.
        description: the words of the page's descriptions.
    """

    titles: tuple[str, ...] = ()
    title: frozenset[str] = frozenset()
    description: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenizedPage:
    """The blocks of a layout with their words; blocks of navigation have none."""

    layout: Layout
    tokens: Sequence[Sequence[str]]
    hints: HeadHints

    def terms(self) -> Iterator[Sequence[str]]:
        """Yield the terms of each block. They are many and used once, so they are not kept."""
        for block, words in zip(self.layout.blocks, self.tokens, strict=True):
            yield terms_in_text(block, words) if words else ()


def tokenize_page(layout: Layout, hints: HeadHints) -> TokenizedPage:
    """Split the texts of all blocks into words."""
    tokens: list[Sequence[str]] = []
    for block in layout.blocks:
        if layout.boxes[block.box].place & UNREAD_PLACES:
            tokens.append(())
        else:
            tokens.append(tuple(split_words(_shorten(block.text))))
    return TokenizedPage(layout, tokens, hints)


def head_hints(elements: HeadElements) -> HeadHints:
    """Read the hints from the elements of a page's head."""
    title_elements = (*elements["title"][:1], *elements["h1"])
    titles = ["".join(element.itertext()) for element in title_elements]
    descriptions: list[str] = []
    for meta in elements["meta"]:
        name = meta.get("name") or meta.get("property") or ""
        if name.lower() in DESCRIPTIONS:
            descriptions.append(meta.get("content", ""))
    return HeadHints(
        tuple(titles),
        frozenset(split_words(" ".join(titles)[:MAX_TITLE_CHARS])),
        frozenset(split_words(" ".join(descriptions)[:MAX_DESCRIPTION_CHARS])),
    )


def _shorten(text: str) -> str:
    """Return the parts of a text that terms are made of."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"
