"""Look up the word lists of a language in `data/words.toml`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from feedpub.core.loading import load_toml

_QUOTES = "\"'“”„«»‘’「 "


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """One language's lists, as `data/words.toml` describes them."""

    abbreviations: frozenset[str]
    by: tuple[str, ...]
    dangling: tuple[str, ...]


@lru_cache(maxsize=64)  # pages may name any language
def sentence_words(language: str | None) -> SentenceWords:
    """Return the lists of a language; empty ones if there are none."""
    table = _tables().get(base_language(language), {})
    return SentenceWords(
        abbreviations=frozenset(table.get("abbreviations", ())),
        by=tuple(table.get("by", ())),
        dangling=tuple(table.get("dangling", ())),
    )


@cache
def words_of_all_languages(name: str) -> tuple[str, ...]:
    """Return one list of all languages, for texts whose language may differ from the page's."""
    words: set[str] = set()
    for table in _tables().values():
        words.update(table.get(name, ()))
    return tuple(sorted(words))


def base_language(language: str | None) -> str:
    """Return the primary subtag in lower case ("de-AT" → "de"), or "en" if there is none."""
    if not language or not language.isascii():
        return "en"
    base = re.split(r"[-_]", language)[0].lower()
    return "no" if base in ("nb", "nn") else base


def begins_dangling(sentence: str, language: str | None = None) -> bool:
    """Return True if a sentence begins with a word that refers to the sentence before."""
    start = sentence.lstrip(_QUOTES).casefold()
    is_dense = base_language(language) in ("zh", "ja")  # written without spaces
    for word in sentence_words(language).dangling:
        if start.startswith(word) and (is_dense or not start[len(word) :][:1].isalnum()):
            return True
    return False


@cache
def _tables() -> Mapping[str, Mapping[str, Sequence[str]]]:
    tables = load_toml("feedpub.cleaner.summary", "data/words.toml")
    for table in tables.values():
        for name, words in table.items():
            table[name] = [word.casefold() for word in words]
    return tables
