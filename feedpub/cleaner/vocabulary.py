"""What words say about a block: the names of the boxes around it, its own words, and where its links lead.

Owns how names and texts are taken apart into terms, and the learned weight of each term; a positive weight speaks
for the article. The weights are data (see `model`), so a term that is not in them says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from feedpub.cleaner.blocks import Block

LONGEST_NAME = 40  # characters; longer class names are generated ones
SHORT = 20  # words; a block above this is judged by how it begins and ends
FEW = 6  # words; a block up to this is a term of its own

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|0")

NameWeights = tuple[float, float, float]
"""The weight of a name's term for the box that holds the block, for the box around that, and further out."""

_NOTHING: NameWeights = (0.0, 0.0, 0.0)


def words(text: str) -> list[str]:
    """The words of a text in lower case, every number a 0."""
    return _WORD.findall(_DIGITS.sub("0", text.lower()))


def name_terms(name: str) -> set[str]:
    """The terms of a box's name: its tag, its names, and the parts of each."""
    tag, *values = name.split("|")
    terms = {"<" + tag}
    for value in " ".join(values).split()[:24]:
        if len(value) <= LONGEST_NAME:
            plain = _DIGITS.sub("0", value)
            terms.add(plain.lower())
            terms.update(part.lower() for part in _PART.findall(plain) if len(part) > 1)
    return terms


def text_terms(block: Block, said: Sequence[str]) -> list[str]:
    """The terms of a block: words in order, how it begins and ends, and where its first links lead.

    Args:
        block: for its links.
        said: its words, as `words` gives them.
    """
    terms = [f"^{' '.join(said[:n])}" for n in (1, 2, 3) if len(said) >= n]
    terms += [f"{' '.join(said[-n:])}$" for n in (1, 2) if len(said) >= n]
    if len(said) <= FEW:
        terms.append("=" + " ".join(said))
    if len(said) <= SHORT:
        terms += said
        terms += [f"{first} {second}" for first, second in zip(said, said[1:], strict=False)]
    else:
        terms += said[:8]
    for link in block.links[:2]:
        terms += link_terms(link)
    return terms


def link_terms(link: str) -> list[str]:
    """The terms of an address: its host, and the first parts of its path."""
    if link.startswith("#"):
        return ["/#"]
    try:
        parts = urlsplit(link)
    except ValueError:
        return []
    if parts.scheme not in ("", "http", "https"):
        return [f"/{parts.scheme}:"]
    path = [_DIGITS.sub("0", part).lower() for part in parts.path.split("/") if part]
    host = parts.netloc.lower().removeprefix("www.")
    return [f"//{host}"] + [f"/{part}" for part in path[:3] if len(part) <= LONGEST_NAME]


@dataclass(slots=True)
class Vocabulary:
    """The learned weights.

    Attributes:
        names: by a name's term.
        texts: by a block's term.
    """

    names: Mapping[str, NameWeights] = field(default_factory=dict)
    texts: Mapping[str, float] = field(default_factory=dict)
    _known: dict[str, NameWeights] = field(default_factory=dict)

    def name(self, name: str) -> NameWeights:
        """What a box's name says, for each of the three places it can have."""
        known = self._known.get(name)
        if known is None:
            found = [self.names[term] for term in name_terms(name) if term in self.names]
            known = (
                (sum(w[0] for w in found), sum(w[1] for w in found), sum(w[2] for w in found)) if found else _NOTHING
            )
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[name] = known
        return known

    def text(self, terms: Sequence[str]) -> float:
        """What a block's terms say together."""
        weights = self.texts
        return sum([weights[term] for term in terms if term in weights])
