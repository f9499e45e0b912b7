"""Segmentation of a page into blocks and boxes."""

import pytest

from feedpub.cleaner.layout import Layout, Place
from feedpub.cleaner.segment import segment
from feedpub.core.html import parse_html


def layout(page: str) -> Layout:
    return segment(parse_html(page))


def texts(page: str) -> list[str]:
    return [block.text for block in layout(page).blocks]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("<p>one<p>two", ["one", "two"], id="paragraphs"),
        pytest.param(
            "<div>one<div>two</div>three</div>", ["one", "two", "three"], id="text-around-a-box"
        ),
        pytest.param("<p>one <b>two</b> <i>three</i></p>", ["one two three"], id="inline"),
        pytest.param("<p>one<br>two</p>", ["one\ntwo"], id="line-break"),
        pytest.param(
            "<div>one<br> <br>two<br/><br/><br/>three</div>",
            ["one", "two", "three"],
            id="double-break",
        ),
        pytest.param(
            "<p>one<script>x()</script> two<style>y{}</style></p>", ["one two"], id="script"
        ),
        pytest.param(
            "<p>one <span class='sr-only'>unseen</span>two</p>", ["one two"], id="screen-reader"
        ),
        pytest.param("<h2>one<a class=headerlink href='#one'>¶</a></h2>", ["one"], id="permalink"),
        pytest.param("<p>one <a href='/c-sharp'>#</a></p>", ["one #"], id="link-of-one-sign"),
        pytest.param("<p> \n <span> </span></p>", [], id="blank"),
        pytest.param(
            "<ul><li>one<li>two<ul><li>three</ul></ul>", ["one", "two", "three"], id="lists"
        ),
        pytest.param(
            "<p>one<select><option>x</select> two<input value=x>", ["one two"], id="controls"
        ),
        pytest.param("<p>one<button>press</button>", ["one", "press"], id="button"),
        pytest.param("<x-body><x-para>one</x-para>two</x-body>", ["one", "two"], id="own-elements"),
        pytest.param("<pre>a\n  b</pre>", ["a\nb"], id="code-keeps-its-lines"),
        pytest.param("<p>one<wbr>two <b>three</b></p>", ["onetwo three"], id="break-opportunity"),
        pytest.param("plain", ["plain"], id="no-markup"),
    ],
)
def test_block_ends_at_block_tags_and_double_line_breaks(page: str, expected: list[str]) -> None:
    assert texts(page) == expected


def test_noscript_text_is_used_on_a_page_without_other_text() -> None:
    assert texts("<div id=app></div><noscript><p>one<p>two</noscript>") == ["one", "two"]
    assert texts(f"<p>{'long ' * 100}</p><noscript><p>one</noscript>") == [("long " * 100).strip()]


def test_article_in_noscript_is_used() -> None:
    prose = "The ferry left at ten past six. " * 20
    page = (
        f"<p>{prose}</p><div><script type='text/template'><p>{prose}</script><noscript>"
        f"<p>{prose}</noscript></div>"
    )
    assert texts(page) == [prose.strip()] * 2
    assert texts(f"<p>{prose}</p><noscript><p>Please enable scripts.</noscript>") == [prose.strip()]


def test_characters_in_links_and_emphasis_are_counted() -> None:
    (block,) = layout('<p>See   <a href="/x">the   map</a> and <b>stay</b></p>').blocks
    assert (block.text, block.links) == ("See the map and stay", ["/x"])
    assert 5 <= block.link_chars <= 8
    assert 3 <= block.bold_chars <= 5


def test_link_around_boxes_counts_for_all_of_them() -> None:
    found = layout('<a href="/x" class="card"><div>one</div><div>two</div></a>three')
    assert [block.link_chars for block in found.blocks] == [3, 3, 0]
    assert "a|card" in [box.name for box in found.boxes]


def test_wrapper_is_the_inline_element_around_a_run() -> None:
    first, second = layout(
        '<div><span class="credit">Photo: me</span></div><div><b class="x">A</b> long rest</div>'
    ).blocks
    assert (first.wrapper, second.wrapper) == ("span|credit", "")


def test_box_holds_a_range_of_blocks() -> None:
    found = layout("<div id=a><p>one<p>two</div><div id=b>three</div>")
    ranges = {box.name: (box.first, box.last) for box in found.boxes}
    assert (ranges["div|a"], ranges["div|b"], ranges["body"]) == ((0, 2), (2, 3), (0, 3))


def test_path_of_a_block_starts_at_the_body() -> None:
    found = layout("<main><article><p>one</p></article></main>")
    assert [found.boxes[index].tag for index in found.path(found.blocks[0])] == [
        "body",
        "main",
        "article",
        "p",
    ]


@pytest.mark.parametrize(
    ("page", "place"),
    [
        ("<nav><p>x", Place.NAV),
        ('<div role="navigation"><p>x', Place.NAV),
        ("<table><tr><td>x", Place.TABLE),
        ("<h2><span>x", Place.HEADING),
        ("<div hidden><p>x", Place.HIDDEN),
        ('<div style="display: none"><p>x', Place.HIDDEN),
        ('<p aria-hidden="true">x', Place.HIDDEN),
        ("<figure><figcaption>x", Place.FIGURE | Place.CAPTION),
    ],
)
def test_place_is_read_from_tags_roles_and_visibility(page: str, place: Place) -> None:
    found = layout(page)
    assert found.boxes[found.blocks[0].box].place == place


def test_image_behind_source_elements_is_found() -> None:
    (block,) = layout(
        '<picture><source srcset="a.webp"><source srcset="b.webp"><img src="c.jpg"></picture>'
    ).blocks
    assert block.pictures == 1


def test_picture_between_paragraphs_is_a_block_without_text() -> None:
    found = layout('<p>one</p><img src="a.jpg"><p>two <img src="b.jpg"></p>')
    assert [(block.text, block.pictures) for block in found.blocks] == [
        ("one", 0),
        ("", 1),
        ("two", 1),
    ]
