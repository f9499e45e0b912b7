"""Boilerplate in plain text without a known phrase: captions, copies, empty headings."""

import pytest

from feedpub import extract_text
from feedpub.core.models import Removed

TITLE = "Council keeps the old pier"
ONE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the town hall."
)
TWO = (
    "Work begins in spring. The harbour master expects that the first boats will land there "
    "before the summer."
)


def saved_text(*blocks: str) -> str:
    return "\n\n".join(blocks)


def removed_lines(*between: str) -> tuple[Removed, ...]:
    """Return the removed lines of an article that has them between its paragraphs."""
    article = extract_text(saved_text(TITLE, ONE, *between, TWO))
    assert article.text.startswith(ONE)
    assert article.text.endswith(TWO)
    return article.removed


@pytest.mark.parametrize(
    "caption",
    [
        "The pier in winter. (Photo by Marta Quill)",
        "The pier in winter (Photo: Marta Quill/Quay Record)",
        "The pier in winter. Photo: Marta Quill",
        "The pier in winterCredit: Quay Record",
        "The pier in winter. Photograph: Marta Quill",
        "The pier in winter [Image: Marta Quill]",
        "Der Steg im Winter (Foto: Marta Quill)",
        "Photo: Marta Quill",
    ],
)
def test_line_that_ends_with_a_credit_is_removed(caption: str) -> None:
    assert [line.text for line in removed_lines(caption)] == [caption]


def test_line_above_a_credit_is_removed() -> None:
    assert [line.reason for line in removed_lines("The pier in winter", "Photo: Marta Quill")] == [
        "a picture's caption",
        "phrase 'photo: *' (en)",
    ]


@pytest.mark.parametrize(
    "prose",
    [
        "The mayor said: it stays.",
        "She gave three reasons (and one more).",
        "He took the photo himself.",
        "Nobody wanted to say who had paid for the timber/steel frame",
    ],
)
def test_line_with_other_brackets_or_colons_stays(prose: str) -> None:
    assert removed_lines(prose) == ()


def test_description_and_similar_caption_are_both_removed() -> None:
    lines = ("The old pier of Porthaven in winter", "The old pier of Porthaven in winter light.")
    assert {line.text for line in removed_lines(*lines)} == set(lines)


def test_doubled_paragraph_is_kept_once() -> None:
    again = (
        "The pier was built by the grandfather of the harbour master, and it was paid for with "
        "herrings in 1902."
    )
    assert [line.reason for line in removed_lines(again, again)] == ["twice in a row"]


def test_similar_paragraphs_both_stay() -> None:
    one = (
        "For the pier spoke Mr Reedy, who has owned the boathouse beside it since he was a "
        "young man of twenty."
    )
    two = (
        "Against the pier spoke Ms Quill, who has paid for its repairs since she came to the "
        "town in the spring."
    )
    assert removed_lines(one, two) == ()


def test_repeated_short_lines_stay() -> None:
    third = (
        "Nobody knows yet what it will cost, and the council has asked the county to pay for "
        "half of the timber."
    )
    assert removed_lines("For the council", third, "For the council") == ()


def test_short_lines_between_title_and_text_are_removed() -> None:
    standfirst = "A debate until midnight ended with a majority of one vote."
    above = ("Local politics", "Chief harbour reporter", standfirst)
    article = extract_text(saved_text(TITLE, *above, ONE, TWO))
    assert article.text == f"{standfirst}\n{ONE}\n{TWO}"
    assert [line.reason for line in article.removed] == ["above the text"] * 2


def test_trailing_headings_are_removed() -> None:
    article = extract_text(
        saved_text(TITLE, ONE, TWO, "- oak\n- larch", "Town clock runs slow", "Warm hour asked for")
    )
    assert article.text == f"{ONE}\n{TWO}\noak\nlarch"
    assert [line.reason for line in article.removed] == ["below the text"] * 2


BIO = "Marta Quill has written about harbours since 1998 and lives on a boat with two cats."


@pytest.mark.parametrize(
    "above", [("Marta Quill",), ("Marta Quill", "Harbour reporter"), ("Marta Quill", "marta.jpg")]
)
def test_portrait_of_the_author_at_the_end_is_removed(above: tuple[str, ...]) -> None:
    article = extract_text(saved_text(TITLE, ONE, TWO, *above, BIO))
    assert article.text == f"{ONE}\n{TWO}"
    assert "about the author" in {line.reason for line in article.removed}


def test_portraits_stay_in_an_article_of_portraits() -> None:
    people = ("Marta Quill", "Ada Reedy", "Tom Wick")
    lines = [
        line
        for name in people
        for line in (name, f"{name} said that the old pier had been kept by the council.")
    ]
    assert extract_text(saved_text(TITLE, ONE, TWO, *lines)).text.endswith(lines[-1])


def test_last_paragraph_with_an_email_address_is_removed() -> None:
    line = "Marta Quill can be reached at quill@record.example on most days of the week."
    article = extract_text(saved_text(TITLE, ONE, TWO, line))
    assert (article.text, article.removed[-1].reason) == (f"{ONE}\n{TWO}", "an address to write to")
    assert line in extract_text(saved_text(TITLE, ONE, line, TWO)).text


def test_surroundings_without_phrases_are_removed_by_their_words() -> None:
    line = (
        "Stay up to date with the latest news, and get our newsletter delivered to your inbox "
        "every week."
    )
    article = extract_text(saved_text(TITLE, ONE, TWO, line))
    assert (article.text, article.removed[-1].reason) == (f"{ONE}\n{TWO}", "below the text")
