"""Articles saved as plain text."""

from datetime import UTC, datetime

import pytest

from feedpub import NoContentError, extract_text
from tests.support.shared import shared_data

ONE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight and in which nearly everybody spoke."
)
TWO = (
    "Work begins in spring. The harbour master expects that the first boats will land there "
    "again before the summer."
)
THREE = (
    "Nobody knows yet what it will cost, and the council has asked the county to pay for two "
    "thirds of the timber."
)


def text(*blocks: str) -> str:
    return "\n\n".join(blocks)


def test_saved_article_is_extracted() -> None:
    (path,) = sorted(shared_data("seeds").glob("*.txt"))
    article = extract_text(path.read_text("utf-8"))
    lines = article.text.split("\n")
    assert article.title == "US and NATO ready for new talks with Russia"
    assert article.authors == ("time news",)
    assert lines[0].startswith("The US and NATO are ready to hold a new meeting")
    assert lines[-1].startswith("Russia denies such intentions")
    assert "<h2>“Diplomatic Marathon”</h2>" in article.html
    assert "<h2>Crisis over Ukraine and Russia’s demands</h2>" in article.html
    assert len(lines) == 10
    assert [r.text for r in article.removed] == [
        "by time news",
        "See also:",
        ".",
        "You may also like",
        "Leave a Comment",
    ]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Council keeps the old pier", "Council keeps the old pier"),
        ("Council keeps the old pier | The Quay Record", "Council keeps the old pier"),
        ("Council keeps the old pier | Local news | The Quay Record", "Council keeps the old pier"),
        ("QR | Council keeps the old pier", "Council keeps the old pier"),
        (
            "Council keeps the old pier for good - Quay Record",
            "Council keeps the old pier for good",
        ),
        (
            "Council keeps the old pier for good — The Quay Record",
            "Council keeps the old pier for good",
        ),
        ("The long way home - a memoir of the war", "The long way home - a memoir of the war"),
        ("Pier and harbour: what happens now", "Pier and harbour: what happens now"),
        ("Pier saved - Spring", "Pier saved - Spring"),
        ("Is the pier safe?", "Is the pier safe?"),
    ],
)
def test_title_is_the_first_line_without_the_site_name(line: str, title: str) -> None:
    assert extract_text(text(line, ONE, TWO)).title == title


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("by Marta Quill", ("Marta Quill",)),
        ("By Marta Quill and Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        ("by the news desk", ("the news desk",)),
        ("Written by Marta Quill", ("Marta Quill",)),
        ("By Marta Quill | 2 October 2025", ("Marta Quill",)),
    ],
)
def test_byline_is_read_and_removed(line: str, authors: tuple[str, ...]) -> None:
    article = extract_text(text("Council keeps the old pier", line, ONE, TWO))
    assert article.authors == authors
    assert article.text == f"{ONE}\n{TWO}"


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("14 October 2025", datetime(2025, 10, 14, tzinfo=UTC)),
        ("Published 14 October 2025", datetime(2025, 10, 14, tzinfo=UTC)),
        ("2025-10-14", datetime(2025, 10, 14, tzinfo=UTC)),
        ("2025-10-14T09:15:00+02:00", datetime(2025, 10, 14, 7, 15, tzinfo=UTC)),
        ("Oct. 14, 2025", datetime(2025, 10, 14, tzinfo=UTC)),
        ("Date: 14 October 2025", datetime(2025, 10, 14, tzinfo=UTC)),
        ("By Marta Quill | 14 October 2025", datetime(2025, 10, 14, tzinfo=UTC)),
    ],
)
def test_date_line_is_read_and_removed(line: str, day: datetime) -> None:
    article = extract_text(text("Council keeps the old pier", line, ONE, TWO))
    assert article.published == day
    assert article.text == f"{ONE}\n{TWO}"


@pytest.mark.parametrize(
    "above", [("Business",), ("X", "Local news"), ("Skip to content", "Pier and harbour")]
)
def test_section_names_above_the_title_are_removed(above: tuple[str, ...]) -> None:
    article = extract_text(text(*above, "Council keeps the old pier", "By Marta Quill", ONE, TWO))
    assert (article.title, article.authors) == ("Council keeps the old pier", ("Marta Quill",))
    assert [line.reason for line in article.removed[: len(above)]] == ["above the title"] * len(
        above
    )


def test_short_line_is_the_title_if_no_longer_line_follows() -> None:
    assert (
        extract_text(text("Pier saved", "By Marta Quill and Tom Adeyemi", ONE, TWO)).title
        == "Pier saved"
    )


def test_byline_below_the_standfirst_is_read() -> None:
    standfirst = "A debate until midnight ended with a majority of one vote."
    article = extract_text(
        text("Council keeps the old pier", standfirst, "By Marta Quill", ONE, TWO)
    )
    assert (article.authors, article.text) == (("Marta Quill",), f"{standfirst}\n{ONE}\n{TWO}")
    assert (
        extract_text(text("Council keeps the old pier", ONE, TWO, "By Marta Quill", THREE)).authors
        == ()
    )


def test_german_date_is_not_an_item_of_a_list() -> None:
    german = (
        "Der Rat hat am Montag beschlossen, den alten Steg zu behalten, nach einer Debatte bis "
        "Mitternacht im Saal."
    )
    article = extract_text(
        text("Der Steg bleibt stehen", "13. September 2025", german, german + " So war das.")
    )
    assert article.published == datetime(2025, 9, 13, tzinfo=UTC)


def test_date_inside_the_text_stays() -> None:
    assert (
        extract_text(text("Council keeps the pier", ONE, "14 October 2025", TWO)).published is None
    )


@pytest.mark.parametrize(
    "line",
    ["https://example.org/pier", "Source: https://example.org/pier", "<https://example.org/pier>"],
)
def test_address_line_is_the_url_unless_one_is_given(line: str) -> None:
    assert (
        extract_text(text("Council keeps the old pier", line, ONE, TWO)).url
        == "https://example.org/pier"
    )
    assert (
        extract_text(text("Council keeps the old pier", line, ONE, TWO), "https://own.example/").url
        == "https://own.example/"
    )


@pytest.mark.parametrize(
    "tail",
    [
        ("See also:",),
        (".",),
        ("* * *",),
        ("You may also like",),
        ("Leave a Comment",),
        ("See also:", ".", "You may also like", "Leave a Comment"),
        ("You may also like", "Town clock runs slow", "Swimmers ask for a warm hour"),
        ("Share this article", "Facebook", "Twitter", "Email"),
        ("Related articles", "- Town clock runs slow", "- Swimmers ask for a warm hour"),
        ("© 2025 The Quay Record. All rights reserved.",),
        ("Sign up for our newsletter",),
        ("Read more: Town clock runs slow",),
        ("https://example.org/pier?share=1",),
    ],
)
def test_trailing_boilerplate_is_removed_with_a_reason_each(tail: tuple[str, ...]) -> None:
    article = extract_text(text("Council keeps the old pier", ONE, TWO, *tail))
    assert article.text == f"{ONE}\n{TWO}"
    assert len(article.removed) >= len(tail)
    assert all(removed.reason for removed in article.removed)


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement",
        "Story continues below",
        "Read more: Town clock runs slow",
        "Sign up for our newsletter",
    ],
)
def test_interjections_between_paragraphs_are_removed(line: str) -> None:
    assert extract_text(text("Council keeps the old pier", ONE, line, TWO)).text == f"{ONE}\n{TWO}"


def test_related_list_is_removed_and_prose_below_it_stays() -> None:
    article = extract_text(
        text("Council keeps the old pier", ONE, "See also:", "- Town clock", "- Warm hour", TWO)
    )
    assert article.text == f"{ONE}\n{TWO}"


def test_prose_about_boilerplate_stays() -> None:
    prose = (
        "You may also like, said the shop's e-mail, a coffin, and Mr Reedy sent it on to "
        "everybody he knew in town."
    )
    assert prose in extract_text(text("A shop writes to Mr Reedy", ONE, prose)).text


def test_row_of_buttons_is_removed_with_its_unknown_labels() -> None:
    article = extract_text(
        text("Council keeps the old pier", "Facebook", "Quaybook", "Twitter", ONE, TWO)
    )
    assert article.text == f"{ONE}\n{TWO}"


def test_short_line_above_a_paragraph_is_a_heading() -> None:
    html = extract_text(
        text("Council keeps the old pier", ONE, "What it costs", TWO, "And now?", THREE)
    ).html
    assert "<h2>What it costs</h2>" in html
    assert "<h2>And now?</h2>" in html


def test_short_last_line_is_not_a_heading() -> None:
    assert (
        "<h2>"
        not in extract_text(text("Council keeps the old pier", ONE, TWO, "To be continued")).html
    )


def test_bullets_and_numbers_become_lists() -> None:
    article = extract_text(
        text("Council keeps the old pier", ONE, "- oak\n- larch", "1. plan\n2. build", TWO)
    )
    assert "<ul><li>oak</li><li>larch</li></ul>" in article.html
    assert "<ol><li>plan</li><li>build</li></ol>" in article.html
    assert "\noak\nlarch\nplan\nbuild\n" in article.text


def test_wrapped_and_hyphenated_lines_are_joined() -> None:
    wrapped = (
        "The council voted on Monday to keep the old pier, after a debate that\n"
        "lasted until midnight and in which nearly everybody spoke, some of them re-\n"
        "peatedly and with figures."
    )
    joined = wrapped.replace("re-\n", "re").replace("\n", " ")
    assert joined in extract_text(text("Council keeps the old pier", wrapped, TWO)).text


def test_text_without_blank_lines_has_one_paragraph_a_line() -> None:
    assert (
        extract_text(f"Council keeps the old pier\n{ONE}\n{TWO}\n{THREE}").text
        == f"{ONE}\n{TWO}\n{THREE}"
    )


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_line_endings_have_the_same_result(newline: str) -> None:
    saved = text("Council keeps the old pier", ONE, TWO).replace("\n", newline)
    assert extract_text(saved).text == f"{ONE}\n{TWO}"


def test_title_that_is_saved_twice_is_removed_from_the_text() -> None:
    article = extract_text(
        text("Council keeps the old pier | QR", "Council keeps the old pier", ONE, TWO)
    )
    assert article.text == f"{ONE}\n{TWO}"


def test_text_without_a_title_keeps_its_first_paragraph() -> None:
    article = extract_text(text(ONE, TWO))
    assert (article.title, article.text) == ("", f"{ONE}\n{TWO}")


def test_markup_in_plain_text_is_escaped() -> None:
    article = extract_text(
        text("Council keeps the old pier", ONE + " <script>alert(1)</script> a < b & c", TWO)
    )
    assert "<script" not in article.html
    assert "&lt;script&gt;" in article.html


@pytest.mark.parametrize(
    "empty",
    [
        "",
        " \n\t\n",
        ".",
        "You may also like\n\nLeave a Comment",
        "Share\n\nFacebook\n\nTwitter",
        "* * *",
    ],
)
def test_text_without_an_article_raises_no_content_error(empty: str) -> None:
    with pytest.raises(NoContentError, match="no article"):
        extract_text(empty)


def test_text_without_spaces_is_prose() -> None:
    one = "市议会周一投票决定保留旧码头，辩论一直持续到午夜，几乎所有人都发了言。"
    two = "工程将于春季开始，港务长预计第一批船只将在夏季之前重新靠岸。"
    article = extract_text(text("市议会保留旧码头", one, two))
    assert (article.title, article.text, article.language) == (
        "市议会保留旧码头",
        f"{one}\n{two}",
        "zh",
    )
