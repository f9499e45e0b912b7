"""The address of an image."""

import pytest
from lxml.html import HtmlElement, fromstring

from feedpub.cleaner.images import render_image, resolve_link

BASE = "https://example.org/news/a"


def element(html: str, tag: str = "img") -> HtmlElement:
    root = fromstring(f"<div>{html}</div>")
    return next(iter(root.iter(tag)))


@pytest.mark.parametrize(
    ("html", "address"),
    [
        pytest.param('<img src="/a.jpg">', "https://example.org/a.jpg", id="plain"),
        pytest.param(
            '<img src="b.jpg" srcset="/big.jpg 1600w">',
            "https://example.org/news/b.jpg",
            id="own-choice",
        ),
        pytest.param(
            '<img src="data:image/gif;base64,R0" data-src="/a.jpg">',
            "https://example.org/a.jpg",
            id="lazy",
        ),
        pytest.param(
            '<img src="/blank.gif" data-lazy-src="/a.jpg">',
            "https://example.org/a.jpg",
            id="placeholder",
        ),
        pytest.param(
            '<img srcset="/s.jpg 400w, /m.jpg 1200w, /l.jpg 4000w">',
            "https://example.org/m.jpg",
            id="set",
        ),
        pytest.param(
            '<img data-srcset="/one.jpg 1x, /two.jpg 2x">',
            "https://example.org/two.jpg",
            id="densities",
        ),
        pytest.param(
            '<img srcset="/one.jpg .5x, /two.jpg .2x">',
            "https://example.org/one.jpg",
            id="fractions",
        ),
        pytest.param(
            '<img srcset="/one.jpg 1.2.3w, /two.jpg 2x">',
            "https://example.org/two.jpg",
            id="odd-size",
        ),
        pytest.param(
            '<picture><source srcset="/p.webp 800w"><img src="data:,"></picture>',
            "https://example.org/p.webp",
            id="picture",
        ),
        pytest.param(
            '<img src="//cdn.example/a b.jpg">', "https://cdn.example/a%20b.jpg", id="no-scheme"
        ),
    ],
)
def test_image_address_is_resolved_from_lazy_attributes_and_sets(html: str, address: str) -> None:
    assert render_image(element(html), BASE) == f'<img src="{address}" alt="">'


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/pixel.gif" width="1" height="1">',
        '<img src="/me.jpg" width="40" height="40">',
        '<img src="data:image/gif;base64,R0">',
        '<img alt="nothing">',
        '<img src="javascript:x">',
    ],
)
def test_icons_trackers_and_placeholders_are_dropped(html: str) -> None:
    assert render_image(element(html), BASE) == ""


def test_image_keeps_its_alt_text_and_size() -> None:
    html = '<img src="/a.jpg" alt="A &quot;pier&quot;" width="640px" height="480">'
    assert render_image(element(html), BASE) == (
        '<img src="https://example.org/a.jpg" alt="A &quot;pier&quot;" width="640" height="480">'
    )


def test_image_in_noscript_is_used() -> None:
    assert render_image(element('<noscript><img src="/a.jpg"></noscript>', "noscript"), BASE)


def test_only_the_first_sources_of_a_picture_are_read() -> None:
    sources = '<source srcset="">' * 30 + '<source srcset="/late.webp">'
    assert render_image(element(f'<picture>{sources}<img src="data:,"></picture>'), BASE) == ""


def test_relative_image_without_a_base_is_dropped() -> None:
    assert render_image(element('<img src="/a.jpg">'), None) == ""


@pytest.mark.parametrize(
    "address", ["javascript:x", "http://[broken", "/relative", "data:text/html,x", "ftp://e.org/x"]
)
def test_unusable_link_resolves_to_none(address: str) -> None:
    assert resolve_link(address, None) is None
