"""Read fragments of HTML in feeds."""

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
def test_text_of_a_fragment(html: str, text: str) -> None:
    """It may be a complete document, or only the beginning of one."""
    assert to_text(html) == text


def test_escaped_text_stays_escaped() -> None:
    """Links become absolute."""
    html = 'The &lt;b&gt; tag, <a href="/b">here &amp; there</a> &lt;i&gt;'
    expected = 'The &lt;b&gt; tag, <a href="https://example.org/b">here &amp; there</a> &lt;i&gt;'
    assert absolutize_links(html, "https://example.org/") == expected
