import pytest

from feedpub.cleaner.summary import split_sentences
from feedpub.cleaner.summary.sentences import is_finished, join_sentences


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "Dr. Hale left at 5 p.m. on Friday. He was tired.",
            ["Dr. Hale left at 5 p.m. on Friday.", "He was tired."],
        ),
        ("en", "“I came. I saw,” he said. It rained.", ["“I came. I saw,” he said.", "It rained."]),
        ("en", "J. Marsh met Lt. Orr. They spoke.", ["J. Marsh met Lt. Orr.", "They spoke."]),
        ("en", "It costs $3.50. Is that much? No!", ["It costs $3.50.", "Is that much?", "No!"]),
        ("en", "The sea rose.[2] Nobody left.", ["The sea rose.[2]", "Nobody left."]),
        ("en", "1. Peel the apples. 2. Cut them.", ["1. Peel the apples.", "2. Cut them."]),
        (
            "de",
            "Die 3. Liga beginnt am 5. Mai. Alle warten.",
            ["Die 3. Liga beginnt am 5. Mai.", "Alle warten."],
        ),
        ("de", "Er kam z. B. zu spät. Sie nicht.", ["Er kam z. B. zu spät.", "Sie nicht."]),
        (
            "fr",
            "M. Duval part le 5 janv. 2024. Il pleut !",
            ["M. Duval part le 5 janv. 2024.", "Il pleut !"],
        ),
        ("es", "¿Qué pasa? El Sr. Ruiz no lo sabe.", ["¿Qué pasa?", "El Sr. Ruiz no lo sabe."]),
        ("ru", "Дом стоит 5 млн. рублей. Это много.", ["Дом стоит 5 млн. рублей.", "Это много."]),
        ("zh", "桥断了。没有人受伤！谁来修？", ["桥断了。", "没有人受伤！", "谁来修？"]),
        ("ja", "彼は「行く。」と言った。雨だった。", ["彼は「行く。」と言った。", "雨だった。"]),
        ("ar", "هل سقط الجسر؟ نعم سقط.", ["هل سقط الجسر؟", "نعم سقط."]),
        ("hi", "पुल टूट गया। कोई घायल नहीं हुआ।", ["पुल टूट गया।", "कोई घायल नहीं हुआ।"]),
        ("ur", "پل ٹوٹ گیا۔ کوئی زخمی نہیں ہوا۔", ["پل ٹوٹ گیا۔", "کوئی زخمی نہیں ہوا۔"]),
    ],
)
def test_sentences_are_split_in_many_scripts(language: str, text: str, expected: list[str]) -> None:
    assert split_sentences(text, language) == expected


@pytest.mark.parametrize("language", [None, "", "xx", "en-GB", "EN_us"])
def test_unknown_language_and_region_are_accepted(language: str | None) -> None:
    assert split_sentences("Mr. Orr sang. Nobody listened.", language) == [
        "Mr. Orr sang.",
        "Nobody listened.",
    ]


def test_line_ends_a_sentence() -> None:
    assert split_sentences("The bridge\nIt fell at night.", "en") == [
        "The bridge",
        "It fell at night.",
    ]


def test_white_space_becomes_single_spaces() -> None:
    assert split_sentences(" The\tbridge \u00a0 fell.\r\n\n  It rained. ", "en") == [
        "The bridge fell.",
        "It rained.",
    ]


def test_empty_text_has_no_sentences() -> None:
    assert split_sentences("") == split_sentences(" \n\t\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "It fell.",
        "Why?",
        "“It fell.”",
        "(It fell.)",
        "It fell.[3]",
        "桥断了。",
        "वह गया।",
        "« Oui. »",
        "…",
    ],
)
def test_finished_text_is_recognised(text: str) -> None:
    assert is_finished(text)


@pytest.mark.parametrize("text", ["", "The bridge", "The bridge,", "The bridge:", "3.5"])
def test_unfinished_text_is_recognised(text: str) -> None:
    assert not is_finished(text)


def test_sentences_are_joined_with_spaces_except_in_chinese() -> None:
    assert join_sentences(["It fell.", "It rained."]) == "It fell. It rained."
    assert join_sentences(["桥断了。", "下雨了。"]) == "桥断了。下雨了。"
    assert join_sentences(["“桥断了。”", "“下雨了。”"]) == "“桥断了。”“下雨了。”"
    assert join_sentences(["“It fell.”", "“It rained.”"]) == "“It fell.” “It rained.”"
    assert join_sentences([]) == ""
