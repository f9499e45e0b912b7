"""Split the texts of a page into words, and look up their learned weights.

This module splits names and texts into terms and adds up the terms' weights. A positive weight
favours the article. The weights are part of the model (see `classifier`); a term that is not in it
has no weight. `TokenizedPage` is a page whose texts are split, before weights are applied.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.metadata.elements import HeadElements

MAX_NAME_CHARS = 40  # longer class names are generated
MAX_NAMES = 24  # of one box
MAX_CACHED_NAMES = 100_000
MAX_SHORT_WORDS = 20  # of a longer text, only the ends are read, and no pairs of words
HEAD_WORDS, TAIL_WORDS = 24, 8  # the ends of a longer text
MAX_TINY_WORDS = 3  # a block up to this size has no terms for its beginning and end
MAX_PHRASE_WORDS = 6  # a block up to this size is also a term as a whole
MAX_PATH_PARTS = 4
MIN_WORD_CHARS = 4  # of a name that means something to a reader

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|0")

NameWeights = tuple[float, float, float]
"""Weights of a name on the box that holds a block, on that box's parent, and further out."""

T = TypeVar("T")
NO_WEIGHTS: NameWeights = (0.0, 0.0, 0.0)
HEAD_CHARS, TAIL_CHARS = 180, 80  # the parts of a long text that are read
MAX_TITLE_CHARS = 1000
MAX_DESCRIPTION_CHARS = 2000
# the words of such a block are ignored: its place is stronger evidence
UNREAD_PLACES = PLACES["nav"] | PLACES["footer"]
DESCRIPTIONS = frozenset({"description", "og:description", "twitter:description"})


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words, with every number replaced by 0."""
    return _WORD.findall(_DIGITS.sub("0", text.lower()))


def terms_in_names(name: str) -> list[str]:
    """Split a box's name into terms: its tag, its names and the parts of each name."""
    tag, values = _split_name(name)
    terms = ["<" + tag]
    for value in values:
        terms += value_terms(value)
    return terms


def _split_name(name: str) -> tuple[str, list[str]]:
    tag, _, rest = name.partition("|")
    return tag, rest.replace("|", " ").split()[:MAX_NAMES]


@lru_cache(maxsize=100_000)  # the web's sites share most of their class names
def value_terms(value: str) -> tuple[str, ...]:
    """Split one class, id or role into terms."""
    if len(value) > MAX_NAME_CHARS:
        return ()
    plain = _DIGITS.sub("0", value)
    parts = {part.lower() for part in _PART.findall(plain) if len(part) > 1}
    return tuple(sorted(parts | {plain.lower()}))


def terms_in_text(block: Block, words: Sequence[str]) -> list[str]:
    """Return the terms of a block: its words, its beginning and end, and its first link's target.

    Args:
        block: provides the links.
        words: the block's words, as returned by `split_words`.
    """
    size = len(words)
    is_short = size <= MAX_SHORT_WORDS
    terms = list(words) if is_short else [*words[:HEAD_WORDS], *words[-TAIL_WORDS:]]
    if size > MAX_TINY_WORDS:
        terms += [
            f"^{words[0]}",
            f"{words[-1]}$",
            f"^{words[0]} {words[1]} {words[2]}",
            f"{words[-2]} {words[-1]}$",
        ]
        if is_short:
            terms += map(" ".join, pairwise(words))
    if 0 < size <= MAX_PHRASE_WORDS:
        terms.append("=" + " ".join(words))
    if block.links:
        terms += link_terms(block.links[0])
    return terms


def link_terms(link: str) -> list[str]:
    """Return the terms of a link's address: its host and the first parts of its path."""
    if link.startswith("#"):
        return ["/#"]
    start, slashes, rest = link.partition("//")
    if not slashes:
        scheme, colon, path = link.partition(":")
        if colon and "/" not in scheme:
            return [f"/{scheme.lower()}:"]
        host, path = "", link
    elif start in ("", "http:", "https:"):
        host, _, path = rest.partition("/")
    else:
        return [f"/{start.lower()}"]
    parts = _DIGITS.sub("0", path.partition("?")[0].lower()).split("/")[:MAX_PATH_PARTS]
    path_terms = [f"/{part}" for part in parts if part and len(part) <= MAX_NAME_CHARS]
    return [f"//{host.lower().removeprefix('www.')}", *path_terms]


@dataclass(slots=True)
class Vocabulary:
    """The learned weights.

    A site uses the same few hundred names on each of its pages, so their sums are cached.

    Attributes:
        names: weights by term of a name.
        texts: weights by term of a text.
    """

    names: Mapping[str, NameWeights] = field(default_factory=dict)
    texts: Mapping[str, float] = field(default_factory=dict)
    _names: dict[str, NameWeights] = field(default_factory=dict, compare=False)
    _worst: dict[str, tuple[float, str]] = field(default_factory=dict, compare=False)
    _values: dict[str, NameWeights] = field(default_factory=dict, compare=False)

    def name(self, name: str) -> NameWeights:
        """Return the sum of the weights of a box's name, for each of its three positions."""
        cached = self._names.get(name)
        if cached is not None:
            return cached
        tag, values = _split_name(name)
        weights = [self.names.get("<" + tag, NO_WEIGHTS), *map(self._value_weights, values)]
        return _remember(self._names, name, _add_up(weights))

    def worst_name(self, name: str) -> tuple[float, str]:
        """Return the most negative word of a box's name and its weight, or (0.0, "").

        The tag and terms that mean nothing to a reader are ignored.
        """
        cached = self._worst.get(name)
        if cached is not None:
            return cached
        worst = (0.0, "")
        for term in terms_in_names(name)[1:]:
            if term in self.names and _is_readable(term):
                found = (sum(self.names[term]), term)
                worst = min(worst, found) if worst[1] else found
        return _remember(self._worst, name, worst)

    def _value_weights(self, value: str) -> NameWeights:
        cached = self._values.get(value)
        if cached is not None:
            return cached
        weights = [self.names.get(term, NO_WEIGHTS) for term in value_terms(value)]
        return _remember(self._values, value, _add_up(weights))

    def text(self, terms: Sequence[str]) -> float:
        """Return the sum of the weights of a block's terms."""
        weights = self.texts
        return sum([weights[term] for term in terms if term in weights])


def _is_readable(term: str) -> bool:
    """Return whether a term is a word. Short terms and those with numbers describe the style."""
    return len(term) >= MIN_WORD_CHARS and term.replace("-", "").replace("_", "").isalpha()


def _add_up(weights: Sequence[NameWeights]) -> NameWeights:
    if not weights:
        return NO_WEIGHTS
    own, parent, outer = zip(*weights, strict=True)
    return sum(own), sum(parent), sum(outer)


def _remember(cache: dict[str, T], key: str, value: T) -> T:
    if len(cache) >= MAX_CACHED_NAMES:
        cache.clear()
    cache[key] = value
    return value


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
