"""What helps to read an entry, and never stands there twice."""

from datetime import UTC, datetime

import pytest

from feedpub.builder.decorate import reading_minutes, with_lead_image, with_reading_time
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


def test_a_text_without_a_picture_gets_the_articles_own() -> None:
    """On top, once."""
    aided = with_lead_image(entry(image="https://example.org/a.jpg?a=1&b=2"))
    assert (
        aided.html == '<p><img src="https://example.org/a.jpg?a=1&amp;b=2" alt=""></p><p>Text.</p>'
    )
    assert with_lead_image(aided) == aided


@pytest.mark.parametrize(
    "told",
    [
        entry(),
        entry("", image="https://example.org/a.jpg"),
        entry(
            '<figure><img src="https://example.org/b.jpg"></figure>',
            image="https://example.org/a.jpg",
        ),
    ],
)
def test_other_texts_stay_as_they_are(told: Entry) -> None:
    """Without a picture, without a text, or with a picture.

    It is mostly the same one in another size.
    """
    assert with_lead_image(told) == told


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
def test_minutes(text: str, expected: int) -> None:
    """By words, and by signs where no spaces are written."""
    assert reading_minutes(text) == expected


def test_the_reading_time_is_said_in_the_entrys_language() -> None:
    """Once."""
    told = with_reading_time(entry(text="Wort " * 900, language="de-AT"))
    assert told.html == "<p><small>4 Min. Lesezeit</small></p><p>Text.</p>"
    assert with_reading_time(told) == told
    assert with_reading_time(entry("")).html == ""
