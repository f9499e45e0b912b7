"""Pictures and players: one usable address each."""

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
def test_a_picture_has_the_address_that_shows_it(html: str, address: str) -> None:
    """Lazy loading, sets of sizes and placeholders are seen through."""
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
def test_icons_counters_and_placeholders_are_no_pictures(html: str) -> None:
    """They are left out."""
    assert render_image(element(html), BASE) == ""


def test_a_pictures_words_and_size_are_kept() -> None:
    """Readers lay out the page by them."""
    html = '<img src="/a.jpg" alt="A &quot;pier&quot;" width="640px" height="480">'
    assert render_image(element(html), BASE) == (
        '<img src="https://example.org/a.jpg" alt="A &quot;pier&quot;" width="640" height="480">'
    )


def test_a_picture_for_browsers_without_scripts_counts() -> None:
    """The address inside noscript is a real one."""
    assert render_image(element('<noscript><img src="/a.jpg"></noscript>', "noscript"), BASE)


def test_of_a_pictures_sources_the_first_are_looked_at() -> None:
    """A page of thousands that are never closed takes no longer for it."""
    sources = '<source srcset="">' * 30 + '<source srcset="/late.webp">'
    assert render_image(element(f'<picture>{sources}<img src="data:,"></picture>'), BASE) == ""


def test_without_an_address_of_the_page_relative_ones_are_lost() -> None:
    """A feed has absolute addresses only."""
    assert render_image(element('<img src="/a.jpg">'), None) == ""


@pytest.mark.parametrize(
    "address", ["javascript:x", "http://[broken", "/relative", "data:text/html,x", "ftp://e.org/x"]
)
def test_what_a_feed_cannot_link_to_has_no_address(address: str) -> None:
    """Without a base, and for other schemes."""
    assert resolve_link(address, None) is None
