"""Boilerplate phrases by language: is this whole block one, and of which kind?

Owns the reading of `data/kinds.toml` and `data/phrases/<language>.toml` and the lookup. A phrase is
compared with a whole block, never looked for inside one; what to do about a match is for the caller
to decide.

A language's file has a list of phrases for each kind. A phrase is the whole block, or has `*` where
anything may stand: "read more: *". Case, punctuation, arrows and spacing do not count, except a
colon that is written; any number matches any other. `dense = true` marks a script that says more
with fewer characters and puts no spaces between words.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal, NamedTuple, get_args

from feedpub.core.errors import ConfigError

LONGEST = 200  # characters; no block above this is looked at
DENSE = 0.4  # how many characters a dense script needs for what others say in one

Effect = Literal["line", "tail"]

_INVISIBLE = dict.fromkeys([0x00AD, 0x0307, 0x0640, *range(0x200B, 0x2010), 0x2060, 0xFE0F, 0xFEFF])
_NUMBER = re.compile(r"\d+(?:[.,:/\u066b\u066c]\d+)*")
_SEPARATOR = re.compile(r"[|/=\u00bb\u203a>\u2192\u25b8]|(?<=\s)[\u2013\u2014-](?=\s)")
_NOISE = re.compile(r"[^\w:©@\u0300-\u036f\u064b-\u0652\u0900-\u0dff\u0e00-\u0eff]+")
_COLON = re.compile(r"(?:(?<! ) +)?:[: ]*")
_ASCII = {
    code: ":" if chr(code) in "|/=>" else " "
    for code in range(128)
    if not re.match(r"[\w:@]", chr(code))
}
"""The same for a text in ASCII, which is done in one pass."""


class Kind(NamedTuple):
    """What a match of a kind of phrase does, and how many characters a pattern of it may match."""

    name: str
    effect: Effect
    longest: int


class Phrase(NamedTuple):
    """A phrase as its language's file has it.

    Attributes:
        effect: "line" where the block itself goes, "tail" where what belongs to it goes too.
    """

    text: str
    language: str
    kind: str
    effect: Effect = "line"

    def __str__(self) -> str:
        return f"phrase '{self.text}' ({self.language})"


class Pattern(NamedTuple):
    """A phrase with `*`: what a block begins with, holds in this order, and ends with, and how long it may be.

    Attributes:
        at_words: neither end of what a `*` stands for may fall within a word.
    """

    head: str
    middle: tuple[str, ...]
    tail: str
    longest: int
    at_words: bool
    phrase: Phrase

    def matches(self, block: str) -> bool:
        """Whether a normalised block is this phrase."""
        if not (len(self.head) + len(self.tail) <= len(block) <= self.longest):
            return False
        if not (block.startswith(self.head) and block.endswith(self.tail)):
            return False
        gap = block[len(self.head) : len(block) - len(self.tail)]
        within = self._within_word(self.head[-1:], gap[:1]) or self._within_word(
            gap[-1:], self.tail[:1]
        )
        return not within and self._holds_middle(gap)

    def _within_word(self, before: str, after: str) -> bool:
        """Whether a word goes on from one character to the next.

        Those of dense scripts are words of their own.
        """
        goes_on = before.isalnum() and after.isalnum()
        return goes_on and (self.at_words or (before.isascii() and after.isascii()))

    def _holds_middle(self, gap: str) -> bool:
        for words in self.middle:
            before, found, gap = gap.partition(words)
            if not found or self._within_word(before[-1:], words[:1]):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Index:
    """All phrases, ready for lookup.

    Attributes:
        whole: phrases without `*`, by what they say.
        starts, ends: patterns by the word or character that a block begins, or ends, with.
        middles: other patterns, by the first word that stands in them; in scripts without spaces
            there is none.
    """

    whole: dict[str, Phrase] = field(default_factory=dict)
    starts: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    middles: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    dense_middles: list[Pattern] = field(default_factory=list)

    def add(self, phrase: Phrase, parts: list[str], longest: int, *, dense: bool) -> None:
        """Enter a phrase by its normalised parts.

        Where two languages share one, the first keeps it.
        """
        if len(parts) == 1:
            self.whole.setdefault(parts[0].rstrip(":"), phrase)
            return
        head, *middle, tail = parts
        pattern = Pattern(head, tuple(filter(None, middle)), tail, longest, not dense, phrase)
        if head:
            first, space, _ = head.partition(" ")
            whole_word = space or first.endswith(":") or (first[-1].isalnum() and not dense)
            self.starts[first if whole_word else first[0]].append(pattern)
        elif tail:
            self.ends[tail[-1] if dense else tail.rpartition(" ")[2]].append(pattern)
        elif dense:
            self.dense_middles.append(pattern)
        else:
            self.middles[pattern.middle[0].partition(" ")[0].rstrip(":")].append(pattern)

    def find(self, block: str) -> Phrase | None:
        """The phrase that a normalised block is."""
        if phrase := self.whole.get(block.rstrip(":")):
            return phrase
        return next(
            (pattern.phrase for pattern in self._candidates(block) if pattern.matches(block)), None
        )

    def _candidates(self, block: str) -> Iterator[Pattern]:
        first, last = block.partition(" ")[0], block.rpartition(" ")[2]
        for place, word, character in (
            (self.starts, first, block[0]),
            (self.ends, last, block[-1]),
        ):
            yield from place.get(word, ())
            if word != character:
                yield from place.get(character, ())
        for word in sorted(self.middles.keys() & set(block.replace(":", "").split())):
            yield from self.middles[word]
        if not block.isascii():
            yield from [pattern for pattern in self.dense_middles if pattern.middle[0] in block]


def find_phrases(text: str) -> Phrase | None:
    """The boilerplate phrase that a block of text is as a whole, or None."""
    return _find(text) if text and len(text) <= LONGEST else None


@lru_cache(maxsize=5000)  # the pages of a site have their labels in common
def _find(text: str) -> Phrase | None:
    block = normalise(text)
    return _index().find(block) if block.strip("0: ") else None


def normalise(text: str) -> str:
    """Text as phrases are compared: no case, any number 0, single spaces, of all punctuation only colons.

    Bars, slashes, arrows and dashes between words count as colons.
    """
    if text.isascii():
        text = " ".join(text.lower().split())
        if any(map(text.__contains__, "0123456789")):
            text = _NUMBER.sub("0", text)
        text = " ".join(text.replace(" - ", ":").translate(_ASCII).split())
    else:
        text = (
            unicodedata.normalize("NFKC", text.replace("\u24d2", "©"))
            .casefold()
            .translate(_INVISIBLE)
        )
        text = _NOISE.sub(" ", _SEPARATOR.sub(":", _NUMBER.sub("0", text)))
    return (_COLON.sub(": ", text) if ":" in text else text).strip().removeprefix(":").lstrip()


def load(kinds: Traversable, languages: Traversable) -> Index:
    """Read the kinds' file and the folder of the languages' files.

    Raises:
        ConfigError: a file that is not TOML, a kind that does not exist, a phrase that is none;
            with the file's name.
    """
    known = {name: _kind(kinds, name, values) for name, values in _toml(kinds).items()}
    index = Index()
    for file in sorted(
        _language_files(languages), key=lambda file: (file.name != "en.toml", file.name)
    ):
        _add_language(file, known, index)
    return index


def _language_files(folder: Traversable) -> Iterator[Traversable]:
    return (file for file in folder.iterdir() if file.name.endswith(".toml"))


def _kind(file: Traversable, name: str, values: Any) -> Kind:
    if set(values) != {"effect", "longest"} or values["effect"] not in get_args(Effect):
        raise ConfigError(
            f'{file}: [{name}] needs effect = "line" or "tail", and longest = a number of characters'
        )
    return Kind(name, values["effect"], int(values["longest"]))


def _add_language(file: Traversable, kinds: Mapping[str, Kind], index: Index) -> None:
    language, listed = file.name.removesuffix(".toml"), _toml(file)
    dense = bool(listed.pop("dense", False))
    for name, texts in listed.items():
        kind = kinds.get(name)
        if kind is None:
            raise ConfigError(f"{file}: there is no kind [{name}]; kinds are {', '.join(kinds)}")
        longest = int(kind.longest * DENSE) if dense else kind.longest
        for text in texts:
            parts = [normalise(part) for part in text.split("*")] if isinstance(text, str) else []
            if not "".join(parts).strip("0: "):
                raise ConfigError(
                    f"{file}: [{name}] {text!r} is not a phrase: there is no word in it"
                )
            index.add(Phrase(text, language, kind.name, kind.effect), parts, longest, dense=dense)


def _toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not readable as TOML: {error}") from error


@cache
def _index() -> Index:
    data = files("feedpub.cleaner") / "data"
    return load(data / "kinds.toml", data / "phrases")
