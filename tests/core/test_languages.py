"""Language tags are parsed, and give the direction of a text."""

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
