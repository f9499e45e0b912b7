"""Parsing: within bounds, and never silently less than the page."""

import pytest

from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import MAX_ATTRIBUTES, MAX_BYTES, MAX_TAGS, parse_html

URL = "https://example.org/a"


def test_text_and_bytes_give_the_same_tree() -> None:
    """Text is read as it is, bytes are decoded first."""
    page = "<p>Grüße aus Gdańsk"
    assert (
        parse_html(page).text_content()
        == parse_html(page.encode()).text_content()
        == "Grüße aus Gdańsk"
    )


def test_a_declared_charset_does_not_matter_for_text() -> None:
    """A str is already decoded, whatever its meta element says."""
    assert parse_html('<meta charset="iso-8859-1"><p>Grüße').findtext(".//p") == "Grüße"


def test_comments_and_null_characters_are_gone() -> None:
    """Nothing after the parser needs to think of them."""
    assert parse_html("<p>a<!-- b -->c\0d").text_content() == "acd"


def test_lone_surrogate_is_replaced() -> None:
    """Characters that no encoding can write become question marks."""
    assert parse_html("<p>a\ud800b").text_content() == "a?b"


@pytest.mark.parametrize("body", ["", "<body>one"])
def test_unclosed_head_ends_at_the_first_text(body: str) -> None:
    """HTML 5 leaves the tags of head and body to the browser."""
    tree = parse_html(
        f"<!DOCTYPE html><title>Ferry</title><meta charset=utf-8><main><p>Late</p></main>"
        f"two{body}<p>three"
    )
    head, text = tree
    assert [child.tag for child in head] == ["title", "meta"]
    assert text.tag == "body"
    assert text.text_content() == f"Latetwo{body.removeprefix('<body>')}three"


@pytest.mark.parametrize("page", ["", "  \n", b"", "<!-- only a comment -->"])
def test_an_empty_page_has_nothing_to_find(page: str | bytes) -> None:
    """The error names the page."""
    with pytest.raises(NoContentError) as caught:
        parse_html(page, URL)
    assert caught.value.url == URL


def test_three_hundred_levels_are_read() -> None:
    """Unclosed tags nest that deep on pages of good faith."""
    assert parse_html("<div>" * 300 + "deep").text_content() == "deep"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        pytest.param("<div>" * 5000 + "deep", "too deeply", id="depth"),
        pytest.param("x" * (MAX_BYTES + 1), "bytes", id="size"),
        pytest.param("<b>" * (MAX_TAGS + 1), "tags", id="tags"),
        pytest.param(
            "<p " + " ".join(f"a{n}" for n in range(MAX_ATTRIBUTES + 1)) + ">",
            "attributes",
            id="attributes",
        ),
    ],
)
def test_a_page_beyond_all_bounds_is_refused(page: str, reason: str) -> None:
    """Neither does it take forever, nor is a part of it lost without a word."""
    with pytest.raises(ExtractError, match=reason):
        parse_html(page, URL)


def test_words_of_a_value_are_not_attributes() -> None:
    """Shops store lists of products in one value."""
    shelf = " ".join(f"item{n}" for n in range(20_000))
    assert (
        parse_html(f"<div data-shelf='{shelf}' data-b=\"{shelf}\">text</div>").text_content()
        == "text"
    )
    with pytest.raises(ExtractError, match="attributes"):
        parse_html(f'<div a=b="{shelf}">text</div>', URL)


def test_inline_image_does_not_exceed_the_attribute_limit() -> None:
    """One long attribute counts once."""
    image = "A" * 200_000
    assert parse_html(f'<p>text<img src="data:image/png;base64,{image}">').text_content() == "text"
