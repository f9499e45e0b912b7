"""Segmentation of a page into blocks and boxes.

Links that only share the page are removed, with their text and their box.
"""

import pytest

from feedpub.cleaner.extract import extract
from feedpub.cleaner.images import has_addressee
from feedpub.cleaner.layout import Layout, Place
from feedpub.cleaner.segment import segment
from feedpub.core.html import parse_html

URL = "https://gazette.example/news/pier"
TEXT = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the hall. "
)
SHARING = (
    "mailto:?Subject=The%20pier&amp;body=https%3A%2F%2Fgazette.example%2Fnews%2Fpier",
    "mailto:?subject=The pier",
    "MAILTO:%20?subject=The pier",
    "whatsapp://send?text=The%20pier",
    "sms:?body=The%20pier",
    "sms:?&amp;body=The%20pier",
    "sms:&amp;body=The%20pier",
    "fb-messenger://share/?link=https%3A%2F%2Fgazette.example",
    "tg://msg_url?url=https%3A%2F%2Fgazette.example",
    "viber://forward?text=The%20pier",
    "threema://compose?text=The%20pier",
    "javascript:window.print()",
    "javascript:shareArticle('x')",
)


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


def article(middle: str) -> str:
    body = f"<p>{TEXT * 3}</p><p>{TEXT * 3}</p>{middle}<p>{TEXT * 3}</p><p>{TEXT * 3}</p>"
    page = (
        f"<html><head><title>The pier stays</title></head><body><article><h1>The pier "
        f"stays</h1>{body}</article>"
    )
    return extract(page.encode(), URL).html


@pytest.mark.parametrize("href", SHARING)
@pytest.mark.parametrize("box", ["<p>{}</p>", "<ul><li>{}</li></ul>", "<div><span>{}</span></div>"])
def test_share_link_is_removed_with_its_box(href: str, box: str) -> None:
    links = (
        f'<a href="{href}">Pass it on to others</a> <a href="{href}"><img src="/icon.png" '
        f'alt="Pass"></a>'
    )
    assert article(box.format(links)) == article("")


@pytest.mark.parametrize("href", SHARING)
def test_share_link_in_a_sentence_leaves_its_text(href: str) -> None:
    html = article(
        f'<p>{TEXT} You may <a href="{href}">pass this on to others</a> as you like. {TEXT}</p>'
    )
    assert "You may pass this on to others as you like." in html.replace("<span>", "").replace(
        "</span>", ""
    )
    assert "<a" not in html


@pytest.mark.parametrize(
    "href",
    [
        "mailto:desk@gazette.example",
        "mailto:desk@gazette.example?subject=The%20pier",
        "mailto:?to=desk@gazette.example",
    ],
)
def test_link_with_an_addressee_stays(href: str) -> None:
    assert f'<a href="{href}">the desk</a>' in article(
        f'<p>{TEXT} Write to <a href="{href}">the desk</a>. {TEXT}</p>'
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mailto:ann@example.org", True),
        ("mailto:?cc=ann@example.org", True),
        ("mailto:", False),
        ("mailto:?subject=x", False),
        ("tel:+491234", True),
        ("tel:", False),
        ("https://example.org/", False),
    ],
)
def test_addressee_is_found_in_path_or_headers(address: str, expected: bool) -> None:  # noqa: FBT001
    assert has_addressee(address) is expected
