"""What is known of words, by language: the data file, read once. Owns reading it and nothing else."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Words:
    """One language's lists, all in case-folded form.

    Attributes:
        abbreviations: words whose full stop ends no sentence, without it.
        dangling: words that, at a sentence's start, point back to the sentence before.
    """

    abbreviations: frozenset[str] = frozenset()
    dangling: tuple[str, ...] = ()


@cache
def words_of(language: str) -> Words:
    """The lists of a language (its primary subtag); empty ones where we have none."""
    table = _table().get(language, {})
    return Words(frozenset(table.get("abbreviations", ())), tuple(table.get("dangling", ())))


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))
