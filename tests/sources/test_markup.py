"""Pieces of HTML inside of feeds."""

import pytest

from feedpub.sources.markup import absolutize_links, to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>two</p>", "One two"),
        ("<html lang=en>", ""),
        ("<html><body><p>One", "One"),
        ("<!doctype html><p>One", "One"),
        ("<frameset><frame src=x></frameset>", ""),
        ("<!-- One", ""),
        ("", ""),
        ("&lt;b&gt; is bold", "<b> is bold"),
    ],
)
def test_the_words_of_any_piece(html: str, text: str) -> None:
    """A whole document is a piece, too, and so is the beginning of one."""
    assert to_text(html) == text


def test_what_is_escaped_stays_so() -> None:
    """When the addresses beside it become absolute."""
    html = 'The &lt;b&gt; tag, <a href="/b">here &amp; there</a> &lt;i&gt;'
    told = 'The &lt;b&gt; tag, <a href="https://example.org/b">here &amp; there</a> &lt;i&gt;'
    assert absolutize_links(html, "https://example.org/") == told
