"""Characters that XML does not allow are removed from all input; times are relative to now."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedpub.cleaner.extract import extract
from feedpub.cleaner.plain_text import extract_text
from feedpub.core.text import (
    format_age,
    format_relative,
    strip_invalid_characters,
    strip_invalid_markup,
)
from feedpub.sources.markup import to_text
from tests.support.overviews import NOW

STORY = (
    "The harbour of Lindby is closed until Friday{}, the harbour master announced on Monday, "
    "and ships wait outside."
)
INVALID = {*map(chr, range(0x20)), *map(chr, range(0xD800, 0xE000)), "\ufffe", "\uffff"} - {
    *"\t\n\r"
}
ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_stripped_text_can_be_written_as_xml_and_loses_nothing_else(text: str) -> None:
    etree.Element("a").text = strip_invalid_characters(text)
    assert not set(text) - set(strip_invalid_characters(text)) - INVALID


@pytest.mark.parametrize("code", [*range(9), 0xB, 0xC, *range(0xE, 0x20), 0xFFFE, 0xFFFF])
def test_reference_to_an_invalid_character_is_removed(code: int) -> None:
    for reference in (
        f"&#{code};",
        f"&#x{code:X};",
        f"&#X000{code:x};",
        f"&#00{code};",
        f"&#{code} ",
    ):
        assert strip_invalid_markup(f"a{reference}b") in (b"ab", b"a b")


@pytest.mark.parametrize(
    "reference",
    ["&#9;", "&#10;", "&#13;", "&#32;", "&#x1F600;", "&#10000;", "&#655350;", "&#x1F1;"],
)
def test_reference_to_a_valid_character_is_kept(reference: str) -> None:
    assert strip_invalid_markup(reference).decode() == reference


@pytest.mark.parametrize("trouble", ["\x01", "\x1b[1m", "\udc80", "\uffff", "&#1;", "&#xb;"])
def test_article_contains_no_invalid_character(trouble: str) -> None:
    story = STORY.format(trouble)
    title = f"A harbour{trouble} is closed"
    page = f"<title>{title}</title><article><h1>{title}</h1><p>{story}</article>"
    for article in (extract(page), extract_text(f"A harbour is closed\n\n{story}")):
        for text in (article.title, article.text, article.summary, article.html):
            etree.Element("a").text = text


def test_form_feed_becomes_a_space() -> None:
    assert strip_invalid_characters("a\fb") == "a b"
    assert strip_invalid_markup("<p\fid=a>") == b"<p id=a>"


def test_text_of_feed_markup_contains_no_invalid_character() -> None:
    assert to_text("<p>a&#1;b<br>&#x1;c</p>") == "ab c"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (3 * 86400, "3 days ago"),
    ],
)
def test_age_is_in_the_largest_unit_that_fits(seconds: int, expected: str) -> None:
    assert format_age(NOW - timedelta(seconds=seconds), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-120, "2 minutes ago"),
        (0, "just now"),
        (30, "in less than a minute"),
        (1440, "in 24 minutes"),
        (86400, "in 1 day"),
    ],
)
def test_relative_time_can_be_past_or_future(seconds: int, expected: str) -> None:
    assert format_relative(NOW + timedelta(seconds=seconds), NOW) == expected
