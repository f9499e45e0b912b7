"""Pictures follow the text around them, captions follow their pictures."""

import pytest

from feedpub.cleaner.images import find_captions, find_images, is_caption
from feedpub.cleaner.layout import Layout
from feedpub.cleaner.page import count_words
from feedpub.cleaner.segment import segment
from feedpub.core.html import parse_html

PROSE = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of the "
    "school on deck. "
) * 2


def sizes(layout: Layout) -> list[int]:
    return [count_words(block) for block in layout.blocks]


def test_picture_follows_the_text_around_it() -> None:
    figure = '<div><figure><img src="a.jpg"><figcaption>c</figcaption></figure></div>'
    layout = segment(
        parse_html(
            f"<main><p>{PROSE}</p>{figure}<p>{PROSE}</p></main>"
            f"<aside><p>{PROSE}</p>{figure}</aside>"
        )
    )
    kept = [
        block.text == PROSE.strip() and number < 4 for number, block in enumerate(layout.blocks)
    ]
    chosen = find_images(layout, sizes(layout), kept)
    assert chosen == {1}
    assert list(find_captions(layout, chosen, {})) == [2]
    assert list(find_captions(layout, chosen, {2: "a credit"})) == []


def test_picture_with_text_in_its_block_follows_that_text() -> None:
    layout = segment(
        parse_html(f'<p>{PROSE}</p><p>{PROSE}</p><p><img src="a.jpg"> Another story</p>')
    )
    assert find_images(layout, sizes(layout), [True, True, False]) == frozenset()
    assert find_images(layout, sizes(layout), [True, True, True]) == {2}


def test_picture_with_the_link_of_a_removed_teaser_is_removed() -> None:
    card = '<div><a href="/b"><img src="b.jpg"></a><h4><a href="/b">Another story</a></h4></div>'
    layout = segment(
        parse_html(f'<p>{PROSE}</p>{card}<a href="/large.jpg"><img src="a.jpg"></a><p>{PROSE}</p>')
    )
    assert find_images(layout, sizes(layout), [True, False, False, False, True]) == {3}


def test_long_captions_of_a_gallery_do_not_remove_its_pictures() -> None:
    slide = f"<li><figure><img src=a.jpg><figcaption>{PROSE}</figcaption></figure></li>"
    layout = segment(
        parse_html(f"<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p><ul>{slide}{slide}</ul>")
    )
    chosen = find_images(layout, sizes(layout), [True, True, True, False, False, False, False])
    assert chosen == {3, 5}
    assert list(find_captions(layout, chosen, {})) == [4, 6]


def test_lead_picture_among_title_and_byline_stays() -> None:
    head = (
        "<h1>A headline of several words</h1><p>By Ines Varga, reporter</p><img src=a.jpg><p>A "
        "standfirst of words"
    )
    layout = segment(parse_html(f"<div>{head} {'and more ' * 10}</p></div>"))
    kept = [False, False, False, True]
    assert find_images(layout, [20, 20, 0, 30], kept) == frozenset()
    assert find_images(layout, [20, 20, 0, 30], kept, ignored=[0, 1]) == {2}


def test_caption_without_a_figure_is_the_next_block() -> None:
    layout = segment(
        parse_html(
            f'<p>{PROSE}</p><div><img src="a.jpg"><p class="wp-caption-text">c</p></div><p '
            f'class="caption">d</p>'
        )
    )
    assert list(find_captions(layout, {1}, {})) == [2]


@pytest.mark.parametrize(
    ("html", "caption"),
    [
        ("<figcaption><span>c</span></figcaption>", True),
        ('<p class="photo-caption">c</p>', True),
        ('<div class="Caption"><p>c</p></div>', True),
        ("<table><caption>c</caption></table>", False),
        ("<p>c</p>", False),
    ],
)
def test_caption_is_recognised_by_tag_or_class(html: str, caption: bool) -> None:  # noqa: FBT001 -- an example's outcome
    layout = segment(parse_html(html))
    assert is_caption(layout, layout.blocks[0]) is caption
