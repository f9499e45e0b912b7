"""Language tags are parsed, and give the direction of a text; every translation is complete."""

import string
import tomllib
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from feedpub.core.languages import parse_language_tag, text_direction, translations_for


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("de_AT.UTF-8", "de-AT"),
        ("zh-hans", "zh-Hans"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("ckb", "ckb"),
        ("de-DE-1996", "de-DE"),
        (" fr ", "fr"),
        ("jp", None),
        ("cz", None),
        ("english", None),
        ("x-klingon", None),
        ("und", None),
        ("", None),
        (None, None),
    ],
)
def test_valid_tag_is_normalized_and_others_are_none(
    text: str | None, expected: str | None
) -> None:
    """Countries, words and private codes are not languages."""
    assert parse_language_tag(text) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "ltr"),
        ("ar-EG", "rtl"),
        ("he", "rtl"),
        ("fa", "rtl"),
        ("ur", "rtl"),
        ("az-Arab", "rtl"),
        ("ar-Latn", "ltr"),
        ("uz-Cyrl", "ltr"),
        ("zh-Hans", "ltr"),
        ("", "ltr"),
    ],
)
def test_direction_follows_the_script_or_else_the_language(code: str, expected: str) -> None:
    assert text_direction(code) == expected


TABLES = tomllib.loads(files("feedpub.core").joinpath("data/translations.toml").read_text("utf-8"))
MOMENT = datetime(2025, 3, 9, 7, 5, tzinfo=UTC)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(TABLES))
def test_language_has_every_text_with_the_same_placeholders(language: str) -> None:
    table, english = TABLES[language], TABLES["en"]
    assert parse_language_tag(language) == language
    assert table.keys() == english.keys()
    assert len(set(table["months"])) == 12
    for key, text in english.items():
        if isinstance(text, str):
            assert fields(table[key]) == fields(text), key
            assert table[key].strip()


@pytest.mark.parametrize(
    ("language", "date"),
    [
        ("en", "9 March 2025, 07:05 UTC"),
        ("de-AT", "9. März 2025, 07:05 UTC"),
        ("es", "9 de marzo de 2025, 07:05 UTC"),
        ("zh-Hans", "2025年3月9日 07:05 UTC"),
        ("he", "9 במרץ 2025, 07:05 UTC"),
    ],
)
def test_dates_follow_the_language(language: str, date: str) -> None:
    assert translations_for(language).format_date(MOMENT) == date


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [("en", "1 article", "7 articles"), ("ru", "Статей: 1", "Статей: 7")],
)
def test_counts_agree_with_their_number(language: str, one: str, many: str) -> None:
    """Languages with many plural forms use a form without one."""
    assert (
        translations_for(language).format_count(1),
        translations_for(language).format_count(7),
    ) == (one, many)


@pytest.mark.parametrize("language", ["sw", "xx", "", None])
def test_unknown_language_falls_back_to_english(language: str | None) -> None:
    english = translations_for(language)
    assert (english.language, english.direction, english.texts["subscribe"]) == (
        "en",
        "ltr",
        "Subscribe",
    )
