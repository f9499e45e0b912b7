"""The sanitiser, the last step before publishing."""

import re
import tomllib
from pathlib import Path

import pytest

from feedpub.cleaner import sanitise
from feedpub.core.errors import ExtractError

VECTORS = Path(__file__).parents[1] / "vectors" / "markup.toml"


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
        (
            '<p>a <math display="block"><mfrac linethickness="0"><mi mathvariant="normal">x</mi>'
            "<mn>2</mn></mfrac><mo>&lt;</mo><mspace></mspace><mtext>y</mtext></math></p>"
        ),
    ],
)
def test_clean_html_is_unchanged(html: str) -> None:
    assert sanitise(html) == html


HOSTILE_FORMULAS = [
    "<math><annotation-xml encoding='text/html'><p>{}</p></annotation-xml></math>",
    "<math><semantics><mi>x</mi><annotation>{}</annotation></semantics></math>",
    "<math><mtext><table><mglyph><style><!--</style>{}</mglyph></table></mtext></math>",
    "<math><mi><malignmark><style><img src=x onerror=alert(1)></style>{}</malignmark></mi></math>",
    "<math><mtext><svg><style>{}</style></svg></mtext></math>",
    "<math><maction actiontype='statusline' xlink:href='javascript:alert(1)'>{}</maction></math>",
    "<math><mtext><mi>{}</mi></mtext></math>",
    "<math><math><mi>{}</mi></math></math>",
    "<math><mi id='x'>{}</mi></math>",
    "<mi>{}</mi><math><mi>x</mi></math>",
    "<table><math><mtext><td>{}</td></mtext></math></table>",
    "<math><mrow>" * 30 + "{}" + "</mrow></math>" * 30,
]


@pytest.mark.parametrize("formula", HOSTILE_FORMULAS)
@pytest.mark.parametrize("inner", ["x", "<img src=x onerror=alert(1)>"])
def test_formula_with_anything_else_is_dropped(formula: str, inner: str) -> None:
    safe = sanitise(formula.format(inner))
    assert not re.search(r"<(?:m|style|svg|annotation)|alert", safe)
    assert sanitise(safe) == safe


@pytest.mark.parametrize(
    "attribute",
    [
        'href="javascript:x()"',
        'xlink:href="https://e.org"',
        'onclick="x()"',
        'style="color:red"',
        'display="x y"',
        'id="x"',
        "display=block/onclick=x()",
    ],
)
def test_formula_with_an_unknown_attribute_or_value_is_dropped(attribute: str) -> None:
    assert sanitise(f"a<math {attribute}><mi>x</mi></math>b") == "ab"
    assert sanitise(f"a<math><mi {attribute}>x</mi></math>b") == "ab"


def test_attribute_that_holds_a_formula_stays_an_attribute() -> None:
    html = '<img alt="<math><mi>x</mi></math>" src="https://e.org/a.png" onerror="x()">'
    alt = "&lt;math&gt;&lt;mi&gt;x&lt;/mi&gt;&lt;/math&gt;"
    assert sanitise(html) == f'<img alt="{alt}" src="https://e.org/a.png">'


def test_vectors_leave_no_formula() -> None:
    table = tomllib.loads(VECTORS.read_text("utf-8"))
    formulas = [text for texts in table.values() for text in texts if "<math" in text.lower()]
    assert len(formulas) >= 9
    for text in formulas:
        safe = sanitise(text)
        assert "<math" not in safe
        assert sanitise(safe) == safe


@pytest.mark.parametrize("sign", ["&amp;", "\N{NO-BREAK SPACE}"])
def test_too_many_escaped_characters_are_rejected(sign: str) -> None:
    assert sanitise(f"<p>{sign * 20_000}</p>")
    with pytest.raises(ExtractError, match="more than 200,000 characters"):
        sanitise(f"<p>{sign * 1_000_000}</p>")
