"""Language tags and the direction of writing."""

import pytest

from feedpub.core.languages import parse_language_tag, text_direction


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
def test_tags_are_spelt_as_usual_or_left_out(text: str | None, expected: str | None) -> None:
    """Countries, words and private codes are no languages."""
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
def test_words_run_as_their_script_does(code: str, expected: str) -> None:
    """The script decides where it is named, else the language."""
    assert text_direction(code) == expected
