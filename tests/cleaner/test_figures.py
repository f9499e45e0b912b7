"""Pictures go with the text around them, captions with their pictures."""

import pytest

from feedpub.cleaner.blocks import cut
from feedpub.cleaner.figures import captions, is_caption, pictures
from feedpub.cleaner.tree import parse

PROSE = "The ferry left at ten past six with forty cars, a lorry full of milk and most of the school on deck. " * 2


def test_a_picture_among_kept_text_is_kept() -> None:
    """Whatever the figure is wrapped in; beside text that goes, it goes."""
    figure = '<div><figure><img src="a.jpg"><figcaption>c</figcaption></figure></div>'
    layout = cut(parse(f"<main><p>{PROSE}</p>{figure}<p>{PROSE}</p></main><aside><p>{PROSE}</p>{figure}</aside>"))
    kept = [block.text == PROSE.strip() and number < 4 for number, block in enumerate(layout.blocks)]
    chosen = pictures(layout, kept)
    assert chosen == {1}
    assert list(captions(layout, chosen)) == [2]


def test_a_picture_with_text_in_its_block_follows_the_text() -> None:
    """A teaser's picture is the teaser's."""
    layout = cut(parse(f'<p>{PROSE}</p><p>{PROSE}</p><p><img src="a.jpg"> Another story</p>'))
    assert pictures(layout, [True, True, False]) == frozenset()
    assert pictures(layout, [True, True, True]) == {2}


def test_a_caption_without_a_figure_stands_right_behind() -> None:
    """Its class tells that it is one."""
    layout = cut(
        parse(f'<p>{PROSE}</p><div><img src="a.jpg"><p class="wp-caption-text">c</p></div><p class="caption">d</p>')
    )
    assert list(captions(layout, frozenset({1}))) == [2]


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
def test_what_a_caption_is(html: str, caption: bool) -> None:  # noqa: FBT001 -- an example's outcome
    """Its tag says so, or its name; a table's caption is none."""
    layout = cut(parse(html))
    assert is_caption(layout, layout.blocks[0]) is caption
