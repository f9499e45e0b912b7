import tomllib
from importlib.resources import files

import pytest

from feedpub.cleaner.summary.wordlists import (
    base_language,
    begins_dangling,
    sentence_words,
    words_of_all_languages,
)

TABLE = tomllib.loads((files("feedpub.cleaner.summary") / "data" / "words.toml").read_text("utf-8"))


def test_at_least_twenty_languages_have_lists() -> None:
    assert len(TABLE) > 20


@pytest.mark.parametrize("language", sorted(TABLE))
def test_lists_are_well_formed(language: str) -> None:
    assert TABLE[language].keys() <= {
        "abbreviations",
        "agencies",
        "by",
        "dangling",
        "more",
        "notes",
        "offers",
    }
    for entries in TABLE[language].values():
        assert len(set(entries)) == len(entries)
        assert [
            entry for entry in entries if entry != entry.lower() or entry != entry.strip()
        ] == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "But nobody came."),
        ("en", "“He is late,” she said."),
        ("de", "Zum Beispiel die Brücke."),
        ("de", "AUSSERDEM regnete es."),
        ("fr", "C’est la fin."),
        ("zh", "但是没有人来。"),
    ],
)
def test_dangling_sentence_is_recognised(language: str, sentence: str) -> None:
    assert begins_dangling(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Butter is expensive."),
        ("en", "Nobody came."),
        ("xx", "But nobody came."),
        ("en", ""),
    ],
)
def test_independent_sentence_is_recognised(language: str, sentence: str) -> None:
    assert not begins_dangling(sentence, language)


def test_base_language_is_the_primary_subtag() -> None:
    assert base_language("de-AT") == base_language("DE_de") == "de"
    assert base_language(None) == base_language("") == "en"
    assert sentence_words("pt-BR") == sentence_words("pt")
    assert sentence_words("nb") == sentence_words("nn-NO") == sentence_words("no")


def test_lists_of_all_languages_are_combined() -> None:
    assert {"read more", "weiterlesen"} <= set(words_of_all_languages("more"))
