"""Where in a saved text the article stands, by its lines' words."""

import pytest

from feedpub.cleaner.plain_text_boilerplate import article_stretch, likelihood
from feedpub.cleaner.text_blocks import TextBlock

PROSE = (
    "The council voted on Monday to keep the old pier, he said, after a debate that lasted until midnight.",
    "Work will begin in spring, and the harbour master said that the first boats would land there before the summer.",
    "She had told the council that nobody knew what the timber would cost.",
)
SUBSCRIBE = "Subscribe to our newsletter to get the latest news delivered to your inbox."
COOKIES = (
    "We use cookies to improve your experience; by using our site you agree to our privacy policy."
)


def kept(*lines: str) -> list[str]:
    blocks = [TextBlock(line) for line in lines]
    return [blocks[number].text for number in article_stretch(blocks)]


def test_what_surrounds_an_article_is_outside() -> None:
    """No line of it is a known phrase.

    Its words are those of what surrounds articles everywhere.
    """
    assert kept(SUBSCRIBE, *PROSE, COOKIES, SUBSCRIBE) == list(PROSE)


def test_one_line_does_not_end_an_article() -> None:
    """The stretch is chosen as a whole: what stands between paragraphs is for others to judge."""
    assert kept(PROSE[0], SUBSCRIBE, *PROSE[1:]) == [PROSE[0], SUBSCRIBE, *PROSE[1:]]


@pytest.mark.parametrize(
    "lines",
    [
        (
            "Bryggan står kvar efter omröstningen i natt.",
            "Ingen vet vad det kostar ännu.",
            "Arbetet börjar i vår.",
        ),
        (
            "Daraja la zamani linabaki mahali pake.",
            "Kazi itaanza wakati wa masika.",
            "Hakuna anayejua gharama.",
        ),
        ("旧码头将保留下来。", "工程将于春季开始。", "没有人知道要花多少钱。"),
    ],
)
def test_words_that_nobody_knows_speak_for_nothing(lines: tuple[str, ...]) -> None:
    """A text is measured by its own mean, so that one in a language with few known words stays whole."""
    assert kept(*lines) == list(lines)


def test_lines_that_go_anyway_do_not_count() -> None:
    """Neither for nor against what stands beside them."""
    gone = TextBlock(SUBSCRIBE, reason="phrase")
    blocks = [gone, *map(TextBlock, PROSE), gone]
    assert [number for number in article_stretch(blocks) if not blocks[number].reason] == [1, 2, 3]


def test_no_lines_have_no_stretch() -> None:
    """An empty text has no article."""
    assert list(article_stretch([])) == []


def test_an_item_of_a_list_is_more_likely_the_articles() -> None:
    """Its words alone say little."""
    assert (
        likelihood(TextBlock("larch", 0))
        > likelihood(TextBlock("larch"))
        == pytest.approx(0.5, abs=0.1)
    )
