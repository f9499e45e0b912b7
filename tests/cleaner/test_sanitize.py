"""The sanitiser, the last step before publishing."""

import pytest

from feedpub.cleaner import sanitise
from feedpub.core.errors import ExtractError


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ("<p onclick='x()'>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<img src="data:image/png;base64,AAAA" onerror="x()">', "<img>"),
        ('<iframe src="https://e.org"></iframe>b', "b"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>c", '<img src="x">c'),
        ("<math><mtext><p>d</p></mtext></math>", ""),
        ('<p style="position:fixed" class="x">e</p>', "<p>e</p>"),
        ("<!-- f --><b>g</b>", "<b>g</b>"),
        ('<form><input name="q">h</form>', "h"),
        ('<a href="https://e.org/" target="_blank">i</a>', '<a href="https://e.org/">i</a>'),
    ],
)
def test_active_content_is_removed(html: str, safe: str) -> None:
    assert sanitise(html) == safe


@pytest.mark.parametrize(
    "html",
    [
        "<h2>a</h2><ul><li>b</li></ul>",
        '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        (
            '<figure><img src="https://e.org/a.jpg" alt="b" width="10" '
            'height="5"><figcaption>c</figcaption></figure>'
        ),
        '<p lang="fr" dir="ltr">a <code>b</code><sup id="r">1</sup></p>',
        '<p>a <a href="mailto:a@example.org">b</a></p>',
    ],
)
def test_clean_html_is_unchanged(html: str) -> None:
    assert sanitise(html) == html


@pytest.mark.parametrize("sign", ["&amp;", "\N{NO-BREAK SPACE}"])
def test_too_many_escaped_characters_are_rejected(sign: str) -> None:
    assert sanitise(f"<p>{sign * 20_000}</p>")
    with pytest.raises(ExtractError, match="more than 200,000 characters"):
        sanitise(f"<p>{sign * 1_000_000}</p>")
