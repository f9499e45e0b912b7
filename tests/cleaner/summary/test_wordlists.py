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


def test_at_least_twenty_languages_are_known() -> None:
    """The lists cover the languages of most feeds."""
    assert len(TABLE) > 20


@pytest.mark.parametrize("language", sorted(TABLE))
def test_the_lists_are_well_formed(language: str) -> None:
    """Known lists only, in lower case, nothing twice."""
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
def test_a_sentence_that_leans_on_another(language: str, sentence: str) -> None:
    """A first word that points back is known, behind quotation marks too."""
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
def test_a_sentence_that_stands_alone(language: str, sentence: str) -> None:
    """Whole words count, in languages that are known."""
    assert not begins_dangling(sentence, language)


def test_languages_are_known_by_their_primary_subtag() -> None:
    """A region changes nothing; no language is taken for English."""
    assert base_language("de-AT") == base_language("DE_de") == "de"
    assert base_language(None) == base_language("") == "en"
    assert sentence_words("pt-BR") == sentence_words("pt")
    assert sentence_words("nb") == sentence_words("nn-NO") == sentence_words("no")


def test_lists_of_all_languages_together() -> None:
    """What must be known whatever a page says of its language is looked up in one list."""
    assert {"read more", "weiterlesen"} <= set(words_of_all_languages("more"))
