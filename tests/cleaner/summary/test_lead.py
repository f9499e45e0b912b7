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


def test_the_first_whole_sentences_stand_for_an_article() -> None:
    """As many sentences as fit, from the beginning, without title, byline, dateline and headings."""
    assert lead(BRIDGE, title="The old bridge reopens") == (
        "The old bridge over the Saale is open again after two years. The town paid four million euros for it. "
        "In spring the banks are to be planted with willows. Children have grown the seedlings at school."
    )


@pytest.mark.parametrize("room", [20, 60, 61, 103, 150, 300, 1000])
def test_no_more_than_was_asked_for(room: int) -> None:
    """Whatever the room, the lead fits, and ends where a sentence ends or says that it was cut."""
    told = lead(BRIDGE, title="The old bridge reopens", max_chars=room)
    assert 0 < len(told) <= room
    assert is_finished(told)


def test_a_sentence_too_many_is_left_out_whole() -> None:
    """A sentence that does not fit is not cut, and none behind it is taken."""
    assert lead(BRIDGE, title="The old bridge reopens", max_chars=100) == (
        "The old bridge over the Saale is open again after two years."
    )


def test_a_first_sentence_that_is_too_long_is_cut_behind_a_clause() -> None:
    """Where nothing fits, the first sentence ends behind a clause, with an ellipsis."""
    text = "The bridge, which was built by monks, fell into the river last night without a sound of any kind at all."
    assert lead(text, max_chars=60) == "The bridge, which was built by monks…"


def test_without_a_clause_it_is_cut_behind_a_word() -> None:
    """No word is broken."""
    text = "The bridge that the monks built fell into the river last night without a sound."
    assert lead(text, max_chars=40) == "The bridge that the monks built fell…"


def test_chinese_is_cut_behind_its_comma() -> None:
    """Text without spaces is cut behind a clause too, and within one where there is none."""
    assert (
        cut("大桥昨天夜里倒塌了，没有人受伤，市长很高兴。", 20) == "大桥昨天夜里倒塌了，没有人受伤…"
    )
    assert cut("大桥昨天夜里倒塌了没有人受伤市长很高兴", 10) == "大桥昨天夜里倒塌了…"


@pytest.mark.parametrize("room", [0, 1, 2])
def test_hardly_any_room(room: int) -> None:
    """No room gives no text, little room an ellipsis."""
    assert len(cut("The bridge fell.", room)) <= room


def test_what_fits_is_not_cut() -> None:
    """A text within the room stays as it is."""
    assert cut("The bridge fell.", 16) == "The bridge fell."


@pytest.mark.parametrize(
    "line",
    [
        "THE OLD BRIDGE REOPENS",
        "“The old bridge reopens”",
        "The old bridge reopens!",
    ],
)
def test_the_title_is_never_repeated(line: str) -> None:
    """Case, quotation marks and punctuation do not make another line of it."""
    text = f"{line}\nThe old bridge over the river is open again."
    assert (
        lead(text, title="The old bridge reopens") == "The old bridge over the river is open again."
    )


def test_the_title_without_the_site_is_the_title() -> None:
    """A line that is most of a title that carries the site's name is the title too."""
    text = "The old bridge reopens. Two years were spent on repairs."
    assert lead(text, title="The old bridge reopens | Daily") == "Two years were spent on repairs."


def test_marks_of_lists_go() -> None:
    """A bullet or a bar before a sentence is not part of it."""
    assert lead("• The bridge is open to everyone again.\n| It was closed for two years.") == (
        "The bridge is open to everyone again. It was closed for two years."
    )


def test_an_unfinished_end_is_left_out() -> None:
    """A paragraph that breaks off gives its finished sentences only."""
    text = (
        "The bridge is open to everyone again. "
        + "It was closed for two years and some of the " * 4
    )
    assert lead(f"{text}\nThe river below it was low.") == (
        "The bridge is open to everyone again. The river below it was low."
    )


def test_a_note_without_sentences_is_not_lost() -> None:
    """Where no line ends as a sentence does, the lines stand for themselves."""
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
def test_leads_in_other_scripts(language: str, text: str, expected: str) -> None:
    """Sentences of any script are found and joined as it wants."""
    assert lead(text, language=language) == expected


@pytest.mark.parametrize("text", ["", " \n ", "•"])
def test_an_empty_article_has_an_empty_lead(text: str) -> None:
    """Nothing comes of nothing."""
    assert lead(text) == ""


def test_what_stands_far_down_is_not_looked_at() -> None:
    """A text is read no further than a summary looks.

    What begins behind that is no lead, however much there is.
    """
    crumbs = "\n".join(f"Line {number} of the list" for number in range(2000))
    assert lead(f"{crumbs}\nThe bridge over the river is open again.").startswith(
        "Line 0 of the list Line 1"
    )


def test_a_lead_is_found_before_the_rest_is_read() -> None:
    """Sentences come one by one, so that an article's length costs nothing."""
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
def test_a_note_about_the_article_does_not_open_it(note: str) -> None:
    """It tells of the text and not of its matter; where there is nothing else, it is told."""
    assert (
        lead(f"{note}\nThe bridge over the river is open again.")
        == "The bridge over the river is open again."
    )
    assert lead(note) == note
