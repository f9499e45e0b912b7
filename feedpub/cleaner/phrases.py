"""Boilerplate phrases by language: look up whether a block is one, and of which kind.

The phrases are in `data/phrases/<language>.toml`, their kinds in `data/phrase_kinds.toml`. A phrase
is compared with a complete block and never searched for inside one. The caller decides the effect
of a match.

A language's file lists the phrases of each kind. A `*` in a phrase matches any text:
"read more: *". Case, punctuation, arrows and spacing are ignored, except written colons. Any number
matches any other. `dense = true` marks a script that has no spaces between words and needs fewer
characters for the same content.
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

MAX_BLOCK_CHARS = 400  # longer blocks are not looked up
DENSE_RATIO = 0.4  # length of a text in a dense script compared with the same text in others

Effect = Literal["line", "tail"]

_INVISIBLE = dict.fromkeys([0x00AD, 0x0307, 0x0640, *range(0x200B, 0x2010), 0x2060, 0xFE0F, 0xFEFF])
_NUMBER = re.compile(r"\d+(?:[.,:/\u066b\u066c]\d+)*")
_SEPARATOR = re.compile(r"[|/=\u00bb\u203a>\u2192\u25b8]|(?<=\s)[\u2013\u2014-](?=\s)")
_NOISE = re.compile(r"[^\w:©@\u0300-\u036f\u064b-\u0652\u0900-\u0dff\u0e00-\u0eff]+")
_SENTENCE_START = re.compile(r"\A|[.!?…\]»”\"](?=\s)|[。！？]|\s(?=[^\W\d_a-z])")
_COLON = re.compile(r"(?:(?<! ) +)?:[: ]*")


def _ascii_noise() -> dict[int, str]:
    """Return what `_SEPARATOR` and `_NOISE` do to ASCII text, as a table for `str.translate`."""
    table: dict[int, str] = {}
    for code in range(128):
        character = chr(code)
        if not re.match(r"[\w:@]", character):
            table[code] = ":" if character in "|/=>" else " "
    return table


_ASCII_NOISE = _ascii_noise()


class Kind(NamedTuple):
    """A kind of phrase.

    Attributes:
        max_chars: longest block that a phrase with `*` may match.
    """

    name: str
    effect: Effect
    max_chars: int


class Phrase(NamedTuple):
    """A phrase as written in its language's file.

    Attributes:
        effect: "line" removes the block itself, "tail" also the text that belongs to it.
    """

    text: str
    language: str
    kind: str
    effect: Effect = "line"

    def __str__(self) -> str:
        return f"phrase '{self.text}' ({self.language})"


class Pattern(NamedTuple):
    """A phrase with `*`.

    Attributes:
        head, tail: the block begins and ends with these.
        middle: the block contains these in this order.
        max_chars: length of the longest block that matches.
        at_words: the text that a `*` matches must begin and end at the boundary of a word.
    """

    head: str
    middle: tuple[str, ...]
    tail: str
    max_chars: int
    at_words: bool
    phrase: Phrase

    def matches(self, block: str) -> bool:
        """Return whether a normalised block is this phrase."""
        if not (len(self.head) + len(self.tail) <= len(block) <= self.max_chars):
            return False
        if not (block.startswith(self.head) and block.endswith(self.tail)):
            return False
        gap = block[len(self.head) : len(block) - len(self.tail)]
        if self._splits_word(self.head[-1:], gap[:1]) or self._splits_word(gap[-1:], self.tail[:1]):
            return False
        return self._contains_middle(gap)

    def _splits_word(self, before: str, after: str) -> bool:
        """Return whether two characters belong to one word. In dense scripts, each is a word."""
        if not (before.isalnum() and after.isalnum()):
            return False
        return self.at_words or (before.isascii() and after.isascii())

    def _contains_middle(self, gap: str) -> bool:
        for words in self.middle:
            before, found, gap = gap.partition(words)
            if not found or self._splits_word(before[-1:], words[:1]):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Index:
    """All phrases, indexed for lookup.

    Attributes:
        exact: phrases without `*`, by their normalised text.
        starts: patterns by the word or character that a block begins with.
        ends: patterns by the word or character that a block ends with.
        middles: other patterns, by the first word of theirs that a block contains.
        dense_middles: such patterns in scripts without spaces, which have no words to look up.
    """

    exact: dict[str, Phrase] = field(default_factory=dict)
    starts: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    middles: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    dense_middles: list[Pattern] = field(default_factory=list)

    def add(self, phrase: Phrase, parts: list[str], max_chars: int, *, dense: bool) -> None:
        """Add a phrase by its normalised parts. If two languages share one, the first keeps it."""
        if len(parts) == 1:
            self.exact.setdefault(parts[0].rstrip(":"), phrase)
            return
        head, *middle, tail = parts
        pattern = Pattern(head, tuple(filter(None, middle)), tail, max_chars, not dense, phrase)
        if head:
            self.starts[_start_key(head, dense=dense)].append(pattern)
        elif tail:
            end = tail[-1] if dense else tail.rpartition(" ")[2]
            self.ends[end].append(pattern)
        elif dense:
            self.dense_middles.append(pattern)
        else:
            first = pattern.middle[0].partition(" ")[0]
            self.middles[first.rstrip(":")].append(pattern)

    def find(self, block: str) -> Phrase | None:
        """Return the phrase that a normalised block is, if any."""
        if phrase := self.exact.get(block.rstrip(":")):
            return phrase
        for pattern in self._candidates(block):
            if pattern.matches(block):
                return pattern.phrase
        return None

    def _candidates(self, block: str) -> Iterator[Pattern]:
        yield from self._at_end(self.starts, block.partition(" ")[0], block[0])
        yield from self._at_end(self.ends, block.rpartition(" ")[2], block[-1])
        for word in sorted(self.middles.keys() & set(block.replace(":", "").split())):
            yield from self.middles[word]
        if not block.isascii():
            for pattern in self.dense_middles:
                if pattern.middle[0] in block:
                    yield pattern

    @staticmethod
    def _at_end(
        patterns: Mapping[str, list[Pattern]], word: str, character: str
    ) -> Iterator[Pattern]:
        yield from patterns.get(word, ())
        if word != character:
            yield from patterns.get(character, ())


def _start_key(head: str, *, dense: bool) -> str:
    """Return a pattern's first word, or its first character if a block may continue the word."""
    first, space, _ = head.partition(" ")
    if space or first.endswith(":"):
        return first
    is_complete = first[-1].isalnum() and not dense
    return first if is_complete else first[0]


def find_phrases(text: str) -> Phrase | None:
    """Return the boilerplate phrase that a complete block of text is, if any."""
    return _find_cached(text) if text and len(text) <= MAX_BLOCK_CHARS else None


def strip_origin(text: str) -> str:
    """Return a text on one line without a last sentence that states where it first appeared."""
    first = max(0, len(text) - MAX_BLOCK_CHARS)
    for start in reversed(list(_SENTENCE_START.finditer(text, first))):
        last = normalise(text[start.end() :])
        phrase = _shipped_index().find(last) if last else None
        if phrase is None or phrase.kind != "origin":
            continue
        if start[0].strip() or not start.start() or not phrase.text.startswith("*"):
            return text[: start.end()].rstrip()
    return text


@lru_cache(maxsize=5000)  # the pages of a site share their labels
def _find_cached(text: str) -> Phrase | None:
    block = normalise(text)
    return _shipped_index().find(block) if block.strip("0: ") else None


def normalise(text: str) -> str:
    """Return a text in the form in which phrases are compared.

    It is in lower case, with 0 for any number, single spaces, and no punctuation except colons.
    Bars, slashes, arrows and dashes between words count as colons.
    """
    if text.isascii():  # the frequent case, done in fewer passes
        text = " ".join(text.lower().split())
        if any(map(text.__contains__, "0123456789")):
            text = _NUMBER.sub("0", text)
        text = " ".join(text.replace(" - ", ":").translate(_ASCII_NOISE).split())
    else:
        text = unicodedata.normalize("NFKC", text.replace("\u24d2", "©"))
        text = text.casefold().translate(_INVISIBLE)
        text = _NOISE.sub(" ", _SEPARATOR.sub(":", _NUMBER.sub("0", text)))
    if ":" in text:
        text = _COLON.sub(": ", text)
    return text.strip().removeprefix(":").lstrip()


def load(kinds_file: Traversable, languages: Traversable) -> Index:
    """Read the file of kinds and the folder of the languages' files.

    Raises:
        ConfigError: a file is not TOML, a kind does not exist, or a phrase has no word. The message
            names the file.
    """
    kinds: dict[str, Kind] = {}
    for name, values in _read_toml(kinds_file).items():
        kinds[name] = _read_kind(kinds_file, name, values)
    index = Index()
    found = [file for file in languages.iterdir() if file.name.endswith(".toml")]
    # English first: it keeps the phrases that other languages share with it
    for file in sorted(found, key=lambda file: (file.name != "en.toml", file.name)):
        _add_language(file, kinds, index)
    return index


def _read_kind(file: Traversable, name: str, values: Any) -> Kind:
    if set(values) != {"effect", "max_chars"} or values["effect"] not in get_args(Effect):
        raise ConfigError(
            f'{file}: [{name}] needs effect = "line" or "tail", and max_chars = a number'
        )
    return Kind(name, values["effect"], int(values["max_chars"]))


def _add_language(file: Traversable, kinds: Mapping[str, Kind], index: Index) -> None:
    language = file.name.removesuffix(".toml")
    listed = _read_toml(file)
    dense = bool(listed.pop("dense", False))
    for name, texts in listed.items():
        kind = kinds.get(name)
        if kind is None:
            raise ConfigError(f"{file}: unknown kind [{name}]; the kinds are {', '.join(kinds)}")
        max_chars = int(kind.max_chars * DENSE_RATIO) if dense else kind.max_chars
        for text in texts:
            parts: list[str] = []
            if isinstance(text, str):
                parts = [normalise(part) for part in text.split("*")]
            if not "".join(parts).strip("0: "):
                raise ConfigError(f"{file}: [{name}] {text!r} is not a phrase: it has no word")
            phrase = Phrase(text, language, kind.name, kind.effect)
            index.add(phrase, parts, max_chars, dense=dense)


def _read_toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error


@cache
def _shipped_index() -> Index:
    data = files("feedpub.cleaner") / "data"
    return load(data / "phrase_kinds.toml", data / "phrases")
