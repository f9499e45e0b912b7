"""Texts in ASCII letters."""

import pytest

from feedpub.core.transliterate import transliterate


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Übermedien", "ubermedien"),
        ("Łódź Dziś", "lodz dzis"),
        ("Straße & Ærø", "strasse & aero"),
        ("\u041d\u043e\u0432\u0430\u044f \u0433\u0430\u0437\u0435\u0442\u0430", "novaya gazeta"),
        ("\u0397 \u039a\u03b1\u03b8\u03b7\u03bc\u03b5\u03c1\u03b9\u03bd\u03ae", "i kathimerini"),
        ("ひらがな", "hiragana"),
        ("한겨레", "hangyeore"),
        ("朝日新聞", ""),
        ("L\u2019Équipe", "l equipe"),
    ],
)
def test_text_is_written_in_ascii(text: str, written: str) -> None:
    assert transliterate(text) == written
