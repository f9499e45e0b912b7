"""Characters that XML cannot hold never come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedpub.cleaner import extract, extract_text
from feedpub.core.text import strip_invalid_characters, strip_invalid_markup
from feedpub.sources.markup import to_text

STORY = "The harbour of Lindby is closed until Friday{}, the harbour master said on Monday, and ships wait outside."
UNSOUND = {*map(chr, range(0x20)), *map(chr, range(0xD800, 0xE000)), "\ufffe", "\uffff"} - {
    *"\t\n\r"
}
ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_a_sound_text_can_be_written(text: str) -> None:
    """As XML, by lxml, which refuses what is not allowed; and nothing else is lost."""
    etree.Element("a").text = strip_invalid_characters(text)
    assert not set(text) - set(strip_invalid_characters(text)) - UNSOUND


@pytest.mark.parametrize("code", [*range(9), 0xB, 0xC, *range(0xE, 0x20), 0xFFFE, 0xFFFF])
def test_a_reference_to_such_a_character_is_left_out(code: int) -> None:
    """Decimal or hexadecimal, with zeros before it, with or without its semicolon."""
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
def test_other_references_stay(reference: str) -> None:
    """Also those that begin like one."""
    assert strip_invalid_markup(reference).decode() == reference


@pytest.mark.parametrize("trouble", ["\x01", "\x1b[1m", "\udc80", "\uffff", "&#1;", "&#xb;"])
def test_an_article_has_none_of_them(trouble: str) -> None:
    """In its title, its text, its summary and its HTML, whatever it was read from."""
    story = STORY.format(trouble)
    page = f"<title>A harbour{trouble} is closed</title><article><h1>A harbour{trouble} is closed</h1><p>{story}</article>"
    for article in (extract(page), extract_text(f"A harbour is closed\n\n{story}")):
        for text in (article.title, article.text, article.summary, article.html):
            etree.Element("a").text = text


def test_a_form_feed_is_a_blank() -> None:
    """As in HTML, where it may stand between attributes; elsewhere words are parted by it."""
    assert strip_invalid_characters("a\fb") == "a b"
    assert strip_invalid_markup("<p\fid=a>") == b"<p id=a>"


def test_the_text_of_a_piece_of_a_feed_has_none_of_them() -> None:
    """Though its markup is taken apart and put together."""
    assert to_text("<p>a&#1;b<br>&#x1;c</p>") == "ab c"
