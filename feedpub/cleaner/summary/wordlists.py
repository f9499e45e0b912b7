"""What is known of words, by language.

The data file, read once. Owns the reading and the looking up, nothing else.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """One language's lists as `data/words.toml` describes them."""

    abbreviations: frozenset[str]
    by: tuple[str, ...]
    dangling: tuple[str, ...]


@lru_cache(maxsize=64)  # pages may call their language anything
def sentence_words(language: str | None) -> SentenceWords:
    """The lists of a language; empty ones where we have none."""
    table = _table().get(base_language(language), {})
    return SentenceWords(
        abbreviations=frozenset(table.get("abbreviations", ())),
        by=tuple(table.get("by", ())),
        dangling=tuple(table.get("dangling", ())),
    )


@cache
def words_of_all_languages(name: str) -> tuple[str, ...]:
    """One list of all languages together.

    For texts whose language is not known, or is not the page's.
    """
    return tuple(sorted({entry for table in _table().values() for entry in table.get(name, ())}))


def base_language(language: str | None) -> str:
    """The primary subtag in lower case ("de-AT" → "de"), "en" where there is none."""
    base = re.split(r"[-_]", language)[0].lower() if language and language.isascii() else "en"
    return "no" if base in ("nb", "nn") else base


def ends_dangling(sentence: str, language: str | None = None) -> bool:
    """Whether a sentence begins with a word that leans on the one before."""
    start = sentence.lstrip("\"'“”„«»‘’「 ").casefold()
    dense = base_language(language) in ("zh", "ja")  # no spaces: the next character says nothing
    return any(
        start.startswith(word) and (dense or not start[len(word) : len(word) + 1].isalnum())
        for word in sentence_words(language).dangling
    )


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    text = (files("feedpub.cleaner.summary") / "data" / "words.toml").read_text("utf-8")
    return tomllib.loads(text.casefold())
