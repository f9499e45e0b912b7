import pytest

from feedpub.cleaner.summary import lead
from feedpub.cleaner.summary.sentences import cut, is_finished, prose_sentences

BRIDGE = """The old bridge reopens

By Ada Hale

HALLE (dpa) – The old bridge over the Saale is open again after two years. The town paid four million euros for it.

What comes next

In spring the banks are to be planted with willows. Children have grown the seedlings at school.

Trees
Benches
Lamps"""


def test_lead_has_the_first_sentences() -> None:
    assert lead(BRIDGE, title="The old bridge reopens") == (
        "The old bridge over the Saale is open again after two years. The town paid four "
        "million euros for it. "
        "In spring the banks are to be planted with willows. Children have grown the "
        "seedlings at school."
    )


@pytest.mark.parametrize("room", [20, 60, 61, 103, 150, 300, 1000])
def test_lead_fits_and_is_marked_if_cut(room: int) -> None:
    told = lead(BRIDGE, title="The old bridge reopens", max_chars=room)
    assert 0 < len(told) <= room
    assert is_finished(told)


def test_sentence_that_does_not_fit_is_left_out() -> None:
    assert lead(BRIDGE, title="The old bridge reopens", max_chars=100) == (
        "The old bridge over the Saale is open again after two years."
    )


def test_long_first_sentence_is_cut_after_a_clause() -> None:
    text = (
        "The bridge, which was built by monks, fell into the river last night without a "
        "sound of any kind at all."
    )
    assert lead(text, max_chars=60) == "The bridge, which was built by monks…"


def test_sentence_without_clauses_is_cut_after_a_word() -> None:
    text = "The bridge that the monks built fell into the river last night without a sound."
    assert lead(text, max_chars=40) == "The bridge that the monks built fell…"


def test_chinese_is_cut_after_a_comma() -> None:
    assert (
        cut("大桥昨天夜里倒塌了，没有人受伤，市长很高兴。", 20) == "大桥昨天夜里倒塌了，没有人受伤…"
    )
    assert cut("大桥昨天夜里倒塌了没有人受伤市长很高兴", 10) == "大桥昨天夜里倒塌了…"


@pytest.mark.parametrize("room", [0, 1, 2])
def test_tiny_maximum_gives_ellipsis_or_nothing(room: int) -> None:
    assert len(cut("The bridge fell.", room)) <= room


def test_text_that_fits_is_unchanged() -> None:
    assert cut("The bridge fell.", 16) == "The bridge fell."


@pytest.mark.parametrize(
    "line",
    [
        "THE OLD BRIDGE REOPENS",
        "“The old bridge reopens”",
        "The old bridge reopens!",
    ],
)
def test_title_is_never_repeated(line: str) -> None:
    text = f"{line}\nThe old bridge over the river is open again."
    assert (
        lead(text, title="The old bridge reopens") == "The old bridge over the river is open again."
    )


def test_title_without_site_name_is_not_repeated() -> None:
    text = "The old bridge reopens. Two years were spent on repairs."
    assert lead(text, title="The old bridge reopens | Daily") == "Two years were spent on repairs."


def test_bullets_are_removed() -> None:
    assert lead("• The bridge is open to everyone again.\n| It was closed for two years.") == (
        "The bridge is open to everyone again. It was closed for two years."
    )


def test_unfinished_sentence_is_left_out() -> None:
    text = (
        "The bridge is open to everyone again. "
        + "It was closed for two years and some of the " * 4
    )
    assert lead(f"{text}\nThe river below it was low.") == (
        "The bridge is open to everyone again. The river below it was low."
    )


def test_lines_are_used_if_there_is_no_sentence() -> None:
    assert lead("Bridge open from Monday") == "Bridge open from Monday"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "zh",
            "新华社北京1月5日电 大桥今天重新开放。市长说，修桥用了两年时间。",
            "大桥今天重新开放。市长说，修桥用了两年时间。",
        ),
        (
            "ja",
            "古い橋が二年ぶりに開通した。町は四億円を払った。",
            "古い橋が二年ぶりに開通した。町は四億円を払った。",
        ),
        (
            "ar",
            "أعيد فتح الجسر القديم بعد عامين. هل يكفي المال؟",
            "أعيد فتح الجسر القديم بعد عامين. هل يكفي المال؟",
        ),
        (
            "hi",
            "पुराना पुल दो साल बाद फिर खुल गया। सब लोग खुश हैं।",
            "पुराना पुल दो साल बाद फिर खुल गया। सब लोग खुश हैं।",
        ),
    ],
)
def test_lead_in_other_scripts(language: str, text: str, expected: str) -> None:
    assert lead(text, language=language) == expected


@pytest.mark.parametrize("text", ["", " \n ", "•"])
def test_empty_article_has_empty_lead(text: str) -> None:
    assert lead(text) == ""


def test_end_of_a_long_text_is_not_read() -> None:
    crumbs = "\n".join(f"Line {number} of the list" for number in range(2000))
    assert lead(f"{crumbs}\nThe bridge over the river is open again.").startswith(
        "Line 0 of the list Line 1"
    )


def test_lead_is_found_without_splitting_the_complete_text() -> None:
    found = prose_sentences("The bridge over the river is open again.\n" * 3)
    assert next(found).text == "The bridge over the river is open again."
    assert [sentence.paragraph for sentence in found] == [1, 2]


@pytest.mark.parametrize(
    "note",
    [
        "Editor’s note: This story was updated on Monday with the mayor's words.",
        "(This article originally appeared in the Marlow Post on Monday.)",
        "Article mis à jour le 7 janvier 2020.",
        "Anmerkung der Redaktion: Die Brücke hieß in einer früheren Fassung anders.",
    ],
)
def test_editorial_note_is_left_out(note: str) -> None:
    assert (
        lead(f"{note}\nThe bridge over the river is open again.")
        == "The bridge over the river is open again."
    )
    assert lead(note) == note
