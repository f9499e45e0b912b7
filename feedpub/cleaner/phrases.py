"""Boilerplate phrases by language: is this whole block one, and of which kind?

Owns the reading of `data/kinds.toml` and `data/phrases/<language>.toml` and the lookup. A phrase is compared with a
whole block, never looked for inside one; what to do about a match is for the caller to decide.

A language's file has a list of phrases for each kind. A phrase is the whole block, or has `*` where anything may
stand: "read more: *". Case, punctuation, arrows and spacing do not count, except a colon that is written; any
number matches any other. `dense = true` marks a script that says more with fewer characters.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

from feedpub.errors import ConfigError

LONGEST = 400  # characters; no block above this is looked at
DENSE = 0.4  # how many characters a dense script needs for what others say in one
KEY = 2  # characters that the patterns are sorted by

_INVISIBLE = dict.fromkeys([0x00AD, 0x0307, 0x0640, *range(0x200B, 0x2010), 0x2060, 0xFE0F, 0xFEFF])
_NUMBER = re.compile(r"\d+(?:[.,:/\u066b\u066c]\d+)*")
_SEPARATOR = re.compile(r"[|»›>→▸]|(?<=\s)[-–—](?=\s)")
_NOISE = re.compile(r"[^\w:©@\u0300-\u036f\u064b-\u0652\u0900-\u0dff\u0e00-\u0eff]+")
_COLON = re.compile(r" *:[: ]*")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a match of a kind of phrase does."""

    name: str
    effect: Literal["line", "tail"]
    longest: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as its language's file has it.

    Attributes:
        effect: "line" where the block itself goes, "tail" where what belongs to it goes too.
    """

    text: str
    language: str
    kind: str
    effect: Literal["line", "tail"] = "line"

    def __str__(self) -> str:
        return f"phrase '{self.text}' ({self.language})"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase with `*`: what a block begins with, holds in this order, and ends with, and how long it may be."""

    head: str
    middle: tuple[str, ...]
    tail: str
    longest: int
    dense: bool
    phrase: Phrase

    def matches(self, block: str) -> bool:
        """Whether a normalised block is this phrase."""
        if not (len(self.head) + len(self.tail) <= len(block) <= self.longest):
            return False
        if not (block.startswith(self.head) and block.endswith(self.tail)):
            return False
        gap = block[len(self.head) : len(block) - len(self.tail)]
        return (self.dense or self._at_words(gap)) and self._holds_middle(gap)

    def _at_words(self, gap: str) -> bool:
        """Whether neither end of what the `*` stands for falls within a word."""
        starts = not self.head[-1:].isalnum() or gap[:1] in ("", " ")
        return starts and (not self.tail or gap[-1:] in ("", " "))

    def _holds_middle(self, gap: str) -> bool:
        for words in self.middle:
            before, found, gap = gap.partition(words)
            if not found or not (self.dense or before[-1:] in ("", " ")):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Index:
    """All phrases, ready for lookup: whole blocks, and patterns by how they begin or, failing that, end."""

    whole: dict[str, Phrase] = field(default_factory=dict)
    starts: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))

    def add(self, phrase: Phrase, longest: int, *, dense: bool) -> None:
        """Enter a phrase; where two languages share one, the first keeps it."""
        if "*" not in phrase.text:
            self.whole.setdefault(_key(phrase.text), phrase)
            return
        head, *middle, tail = (normalise(part) for part in phrase.text.split("*"))
        pattern = Pattern(head, tuple(filter(None, middle)), tail, longest, dense, phrase)
        place, key = (self.starts, pattern.head[:KEY]) if pattern.head else (self.ends, pattern.tail[-KEY:])
        place[key].append(pattern)

    def find(self, block: str) -> Phrase | None:
        """The phrase that a normalised block is."""
        if phrase := self.whole.get(block.rstrip(":")):
            return phrase
        starts = (*self.starts.get(block[:KEY], ()), *self.starts.get(block[:1], ()))
        candidates = (*starts, *self.ends.get(block[-KEY:], ()))
        return next((pattern.phrase for pattern in candidates if pattern.matches(block)), None)


def find(text: str) -> Phrase | None:
    """The boilerplate phrase that a block of text is as a whole, or None."""
    if not text or len(text) > LONGEST:
        return None
    block = normalise(text)
    return _index().find(block) if block.strip("0: ") else None


def normalise(text: str) -> str:
    """Text as phrases are compared: no case, any number 0, single spaces, of all punctuation only colons.

    Bars, arrows and dashes between words count as colons.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    text = _NUMBER.sub("0", text.casefold().translate(_INVISIBLE))
    return _COLON.sub(": ", _NOISE.sub(" ", _SEPARATOR.sub(":", text))).strip().removeprefix(":").lstrip()


def load(kinds: Traversable, languages: Traversable) -> Index:
    """Read the kinds' file and the folder of the languages' files.

    Raises:
        ConfigError: a file that is not TOML, a kind that does not exist, a phrase that is none; with the file's name.
    """
    known = {name: Kind(name, **values) for name, values in _toml(kinds).items()}
    index = Index()
    for file in sorted(_language_files(languages), key=lambda file: (file.name != "en.toml", file.name)):
        for phrase, longest, dense in _phrases(file, known):
            index.add(phrase, longest, dense=dense)
    return index


def _key(text: str) -> str:
    return normalise(text).rstrip(":")


def _language_files(folder: Traversable) -> Iterator[Traversable]:
    return (file for file in folder.iterdir() if file.name.endswith(".toml"))


def _phrases(file: Traversable, kinds: Mapping[str, Kind]) -> Iterator[tuple[Phrase, int, bool]]:
    """The phrases of a language, each with the length its pattern may match."""
    language, listed = file.name.removesuffix(".toml"), _toml(file)
    dense = bool(listed.pop("dense", False))
    for name, texts in listed.items():
        kind = kinds.get(name)
        if kind is None:
            raise ConfigError(f"{file}: there is no kind [{name}]; kinds are {', '.join(kinds)}")
        for text in texts:
            if not isinstance(text, str) or not normalise(text.replace("*", " ")):
                raise ConfigError(f"{file}: [{name}] {text!r} is not a phrase")
            longest = int(kind.longest * DENSE) if dense else kind.longest
            yield Phrase(text, language, kind.name, kind.effect), longest, dense


def _toml(file: Traversable) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not readable as TOML: {error}") from error


@cache
def _index() -> Index:
    data = files("feedpub.cleaner") / "data"
    return load(data / "kinds.toml", data / "phrases")
