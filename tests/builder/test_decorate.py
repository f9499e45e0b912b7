from datetime import UTC, datetime

import pytest

from feedpub.builder.entry_html import reading_minutes, with_lead_image, with_reading_time
from feedpub.core.models import Entry

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def entry(
    html: str = "<p>Text.</p>",
    *,
    image: str | None = None,
    text: str = "Text.",
    language: str = "en",
) -> Entry:
    return Entry(
        "tag:x",
        "https://example.org/a",
        "A",
        NOON,
        NOON,
        NOON,
        html=html,
        text=text,
        image=image,
        language=language,
    )


def test_lead_image_is_added_once_to_text_without_image() -> None:
    decorated = with_lead_image(entry(image="https://example.org/a.jpg?a=1&b=2"))
    assert (
        decorated.html
        == '<p><img src="https://example.org/a.jpg?a=1&amp;b=2" alt=""></p><p>Text.</p>'
    )
    assert with_lead_image(decorated) == decorated


@pytest.mark.parametrize(
    "reported",
    [
        entry(),
        entry("", image="https://example.org/a.jpg"),
        entry(
            '<figure><img src="https://example.org/b.jpg"></figure>',
            image="https://example.org/a.jpg",
        ),
    ],
)
def test_lead_image_is_not_added_to_other_texts(reported: Entry) -> None:
    assert with_lead_image(reported) == reported


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("word " * 230, 1),
        ("word " * 1150, 5),
        ("水" * 2000, 5),
        ("水" * 400 + " word" * 230, 2),
    ],
)
def test_reading_time_counts_words_or_characters(text: str, expected: int) -> None:
    assert reading_minutes(text) == expected


def test_reading_time_is_added_once_in_language_of_entry() -> None:
    reported = with_reading_time(entry(text="Wort " * 900, language="de-AT"))
    assert reported.html == "<p><small>4 Min. Lesezeit</small></p><p>Text.</p>"
    assert with_reading_time(reported) == reported
    assert with_reading_time(entry("")).html == ""
