"""The sanitiser, the last step before publishing.

Of SVG images, drawing parts stay; active parts are a reason to reject the image.
"""

import re
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from feedpub.cleaner.sanitize import sanitise, sanitise_svg
from feedpub.core.errors import ExtractError

DECLARED = "<?xml version='1.0' encoding='utf-8'?>\n"
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_PIXEL = "data:image/png;base64,iVBORw0KGgo="

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


def svg(inner: str, attributes: str = "") -> bytes:
    return f"<svg {_NAMESPACES}{attributes}>{inner}</svg>".encode()


def names(picture: bytes) -> list[str]:
    """Return the elements and attributes of an image in order, without namespaces."""
    found: list[str] = []
    for element in etree.fromstring(picture).iter():
        found += [
            etree.QName(element).localname,
            *(etree.QName(str(key)).localname for key in element.attrib),
        ]
    return found


DRAWN = {
    "a-path": (
        '<path d="M0 0h10v10z" fill="#123" stroke="rgb(1, 2, 3)" transform="translate(1 2) '
        'rotate(45)"/>'
    ),
    "a-gradient": '<defs><linearGradient id="g"><stop offset="0" '
    'stop-color="red"/></linearGradient></defs>'
    '<rect width="9" height="9" fill="url(#g)" clip-path="url(\'#c\')"/>',
    "a-symbol": (
        '<symbol id="s"><circle r="3"/></symbol><use href="#s" x="2"/><use xlink:href="#s"/>'
    ),
    "a-text": (
        '<text x="1" y="2" font-family="Serif (Old)">One <tspan '
        'dy="3">two</tspan></text><title>A</title>'
    ),
    "a-style": '<style type="text/css">.a:nth-child(2n) { fill: url( "#g" ) } @media print { .a '
    "> b { y: calc(1px) } }</style>",
    "pixels": f'<image width="1" height="1" href="{_PIXEL}"/>',
    "a-filter": (
        '<filter id="f"><feGaussianBlur stdDeviation="2"/></filter><g style="filter: '
        "url(#f) "
        'blur(2px)"/>'
    ),
}


@pytest.mark.parametrize("inner", DRAWN.values(), ids=DRAWN)
def test_drawing_elements_and_attributes_stay(inner: str) -> None:
    picture = sanitise_svg(svg(inner))
    assert names(picture) == names(svg(inner))
    assert sanitise_svg(picture) == picture


DROPPED = {
    "comments-and-instructions": "<!-- c --><?php echo 1 ?>",
    "metadata": "<metadata><r:RDF xmlns:r='urn:r'><r:x/></r:RDF></metadata>",
    "data-of-an-editor": (
        "<s:view xmlns:s='http://sodipodi.example/' s:zoom='2'><g onload='x()'/></s:view>"
    ),
    "no-namespace": "<script xmlns=''>alert(1)</script>",
}


@pytest.mark.parametrize("inner", DROPPED.values(), ids=DROPPED)
def test_invisible_elements_are_dropped(inner: str) -> None:
    picture = sanitise_svg(svg(f"<text>One {inner}two</text>"))
    assert names(picture) == ["svg", "text"]
    assert etree.fromstring(picture).xpath("string()") == "One two"


def test_attributes_that_do_not_draw_are_dropped() -> None:
    inner = (
        '<a href="javascript:alert(1)" xlink:href="https://e.example/" target="_top"><g '
        'data-x="1" tabindex="0"/></a>'
    )
    assert names(
        sanitise_svg(svg(inner, ' xml:base="https://e.example/" xml:space="preserve"'))
    ) == [
        "svg",
        "space",
        "a",
        "g",
    ]


def test_doctype_and_processing_instructions_are_dropped() -> None:
    before = (
        '<?xml version="1.0" encoding="iso-8859-1"?><?xml-stylesheet '
        'href="https://e.example/a.css"?><!DOCTYPE svg>'
    )
    picture = sanitise_svg(
        before.encode() + svg("<title>Ölmühle</title>").decode().encode("latin-1")
    )
    assert picture.decode().startswith(f"{DECLARED}<svg ")
    assert "Ölmühle" in picture.decode()


def test_foreign_object_is_replaced_by_its_fallback() -> None:
    inner = (
        "<switch><foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>A</p>"
        "</foreignObject><text>A</text></switch>"
    )
    assert names(sanitise_svg(svg(inner))) == ["svg", "switch", "text"]


REFUSED = {
    "script": ("<script>alert(1)</script>", "it contains a <script>"),
    "script-under-a-prefix": (
        "<s:script xmlns:s='http://www.w3.org/2000/svg'/>",
        "it contains a <script>",
    ),
    "script-in-xhtml": (
        "<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>",
        "it contains a <script>",
    ),
    "foreign-object": (
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
        "<foreignObject>",
    ),
    "foreign-object-alone": ("<switch><foreignObject/></switch>", "it contains a <foreignObject>"),
    "handler": ("<g onclick='alert(1)'/>", "it contains an event handler, onclick"),
    "handler-in-capitals": ("<g ONLOAD='alert(1)'/>", "it contains an event handler, ONLOAD"),
    "animated-link": (
        "<a><set attributeName='href' to='javascript:alert(1)'/></a>",
        "it contains a <set>",
    ),
    "animation": (
        "<rect><animate attributeName='x' values='0;9' dur='1s'/></rect>",
        "it contains a <animate>",
    ),
    "use-of-another-file": (
        "<use href='https://e.example/a.svg#x'/>",
        "it refers to https://e.example/a.svg#x",
    ),
    "relative-use": ("<use xlink:href='other.svg#x'/>", "it refers to other.svg#x"),
    "image-from-elsewhere": ("<image href='//e.example/a.png'/>", "it refers to //e.example/a.png"),
    "svg-in-an-image": (
        "<image href='data:image/svg+xml;base64,AAAA'/>",
        "it refers to data:image/svg",
    ),
    "script-address": ("<image href='&#106;avascript:alert(1)'/>", "it refers to javascript:alert"),
    "imported-style": (
        "<style>@IMPORT 'https://e.example/a.css';</style>",
        "its style may refer to another resource",
    ),
    "style-with-url": (
        "<style>rect { fill: url(https://e.example/a.svg#x) }</style>",
        "its style may refer to another resource",
    ),
    "style-in-parts": (
        "<style>a {}<g/>b { fill: URL('//e.example/') }</style>",
        "its style may refer to another resource",
    ),
    "escaped-style": (
        "<style>rect { fill: u\\72l(https://e.example/) }</style>",
        "its style may refer to another resource",
    ),
    "style-with-image-set": (
        "<g style='mask: image-set(\"a.png\" 1x)'/>",
        r"resource, with image-set\(\)",
    ),
    "attribute-with-url": (
        "<rect fill='url(https://e.example/a.svg#x)'/>",
        r"resource, with url\(\)",
    ),
    "font-from-elsewhere": (
        "<style>@font-face { src: url(data:font/woff;base64,AA) }</style>",
        r"resource, with url",
    ),
}


@pytest.mark.parametrize(("inner", "reason"), REFUSED.values(), ids=REFUSED)
def test_active_or_fetching_picture_is_rejected(inner: str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        sanitise_svg(svg(f"<rect width='9' height='9'/>{inner}"))


BROKEN = {
    "no-xml": (b"\x89PNG\r\n", "not well-formed SVG"),
    "empty": (b"", "not well-formed SVG"),
    "html": (b"<html><body><svg></svg></body></html>", "not SVG"),
    "no-namespace": (b"<svg><rect/></svg>", "not SVG"),
    "not-well-formed": (svg("<g>"), "not well-formed SVG"),
    "entity": (b"<!DOCTYPE svg [<!ENTITY a '<script/>'>]>" + svg("&a;"), "its own entities"),
    "laughs": (
        b"<!DOCTYPE svg [<!ENTITY a '%s'>]>" % (b"ha" * 50_000) + svg(f"<g id='{'&a;' * 1000}'/>"),
        "not well-formed SVG",
    ),
    "file": (
        b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + svg("<text>&a;</text>"),
        "entities",
    ),
    "depth": (svg("<g>" * 5000 + "</g>" * 5000), "not well-formed SVG"),
    "namespaces": (
        svg("".join(f"<x xmlns='urn:{n}'/>" for n in range(60))),
        "more than 50 namespaces",
    ),
    "size": (svg(" " * 10_000_000), "larger than 10 MB"),
}


@pytest.mark.parametrize(("body", "reason"), BROKEN.values(), ids=BROKEN)
def test_non_svg_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        sanitise_svg(body)
