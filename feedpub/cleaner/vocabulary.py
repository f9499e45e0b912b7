"""What words say about a block: the names of the boxes around it, its own words, and where its links lead.

Owns how names and texts are taken apart into terms, and the learned weight of each term; a positive
weight speaks for the article. The weights are data (see `model`), so a term that is not in them
says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from feedpub.cleaner.layout import Block

LONGEST_NAME = 40  # characters; longer class names are generated ones
MOST_NAMES = 24  # of one box
MOST_KNOWN = 100_000  # names whose weights are remembered
SHORT = 20  # words; pairs of words are terms up to here, and of longer texts only the ends are read
BEGINNING, END = 24, 8  # words of a longer text
TINY = 3  # words; of a block up to this, only the words and the whole are terms
MIN_WORD_CHARS = 4  # letters of a name that tells people something
FEW = 6  # words; a block up to this is a term of its own

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|0")

NameWeights = tuple[float, float, float]
"""The weight of a name's term for the box that holds the block, for the box around that, and further out."""

T = TypeVar("T")
NOTHING: NameWeights = (0.0, 0.0, 0.0)


def split_words(text: str) -> list[str]:
    """The words of a text in lower case, every number a 0."""
    return _WORD.findall(_DIGITS.sub("0", text.lower()))


def terms_in_names(name: str) -> list[str]:
    """The terms of a box's name: its tag, its names, and the parts of each."""
    tag, _, rest = name.partition("|")
    values = rest.replace("|", " ").split()[:MOST_NAMES]
    return ["<" + tag, *(term for value in values for term in value_terms(value))]


@lru_cache(maxsize=100_000)
def value_terms(value: str) -> tuple[str, ...]:
    """The terms of one class, id or role; the web's sites share most of theirs."""
    if len(value) > LONGEST_NAME:
        return ()
    plain = _DIGITS.sub("0", value)
    parts = {part.lower() for part in _PART.findall(plain) if len(part) > 1}
    return tuple(sorted(parts | {plain.lower()}))


def terms_in_text(block: Block, said: Sequence[str]) -> list[str]:
    """The terms of a block: words in order, how it begins and ends, and where its first link leads.

    Args:
        block: for its links.
        said: its words, as `words` gives them.
    """
    size = len(said)
    terms = list(said) if size <= SHORT else [*said[:BEGINNING], *said[-END:]]
    if size > TINY:
        terms += [
            f"^{said[0]}",
            f"{said[-1]}$",
            f"^{said[0]} {said[1]} {said[2]}",
            f"{said[-2]} {said[-1]}$",
        ]
        if size <= SHORT:
            terms += map(" ".join, pairwise(said))
    if 0 < size <= FEW:
        terms.append("=" + " ".join(said))
    if block.links:
        terms += link_terms(block.links[0])
    return terms


def link_terms(link: str) -> list[str]:
    """The terms of an address: its host, and the first parts of its path."""
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
    parts = _DIGITS.sub("0", path.partition("?")[0].lower()).split("/")
    terms = [f"/{part}" for part in parts[:4] if part and len(part) <= LONGEST_NAME]
    return [f"//{host.lower().removeprefix('www.')}", *terms]


@dataclass(slots=True)
class Vocabulary:
    """The learned weights. What a name weighs is remembered: a site has a few hundred, on each of its pages.

    Attributes:
        names: by a name's term.
        texts: by a block's term.
    """

    names: Mapping[str, NameWeights] = field(default_factory=dict)
    texts: Mapping[str, float] = field(default_factory=dict)
    _names: dict[str, NameWeights] = field(default_factory=dict, compare=False)
    _worst: dict[str, tuple[float, str]] = field(default_factory=dict, compare=False)
    _values: dict[str, NameWeights] = field(default_factory=dict, compare=False)

    def name(self, name: str) -> NameWeights:
        """What a box's name says, for each of the three places it can have."""
        known = self._names.get(name)
        if known is None:
            tag, _, rest = name.partition("|")
            values = rest.replace("|", " ").split()[:MOST_NAMES]
            weights = [self.names.get("<" + tag, NOTHING), *map(self._value, values)]
            known = _remember(self._names, name, _total(weights))
        return known

    def worst(self, name: str) -> tuple[float, str]:
        """The word in a name that speaks most against the article, tags left out.

        (0.0, "") where none does.
        """
        known = self._worst.get(name)
        if known is None:
            terms = [
                term for term in terms_in_names(name)[1:] if term in self.names and _tells(term)
            ]
            worst = min(((sum(self.names[term]), term) for term in terms), default=(0.0, ""))
            known = _remember(self._worst, name, worst)
        return known

    def _value(self, value: str) -> NameWeights:
        known = self._values.get(value)
        if known is None:
            weights = [self.names.get(term, NOTHING) for term in value_terms(value)]
            known = _remember(self._values, value, _total(weights))
        return known

    def text(self, terms: Sequence[str]) -> float:
        """What a block's terms say together."""
        weights = self.texts
        return sum([weights[term] for term in terms if term in weights])


def _tells(term: str) -> bool:
    """Whether a name's term is a word for people.

    Short ones and those with numbers are about looks.
    """
    return len(term) >= MIN_WORD_CHARS and term.replace("-", "").replace("_", "").isalpha()


def _total(weights: Sequence[NameWeights]) -> NameWeights:
    return sum([w[0] for w in weights]), sum([w[1] for w in weights]), sum([w[2] for w in weights])


def _remember(known: dict[str, T], key: str, value: T) -> T:
    if len(known) >= MOST_KNOWN:
        known.clear()
    known[key] = value
    return value
