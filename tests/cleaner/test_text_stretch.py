"""The stretch of a saved text that is the article, found by its words."""

import pytest

from feedpub.cleaner.plain_text_boilerplate import article_stretch, likelihood
from feedpub.cleaner.text_blocks import TextBlock

PROSE = (
    (
        "The council voted on Monday to keep the old pier, he said, after a debate that lasted "
        "until midnight."
    ),
    (
        "Work will begin in spring, and the harbour master said that the first boats would land "
        "there before the summer."
    ),
    "She had told the council that nobody knew what the timber would cost.",
)
SUBSCRIBE = "Subscribe to our newsletter to get the latest news delivered to your inbox."
COOKIES = (
    "We use cookies to improve your experience; by using our site you agree to our privacy policy."
)


def kept_paragraphs(*lines: str) -> list[str]:
    blocks = [TextBlock(line) for line in lines]
    return [blocks[number].text for number in article_stretch(blocks)]


def test_surroundings_are_outside_the_stretch() -> None:
    assert kept_paragraphs(SUBSCRIBE, *PROSE, COOKIES, SUBSCRIBE) == list(PROSE)


def test_single_unlikely_line_does_not_end_the_stretch() -> None:
    assert kept_paragraphs(PROSE[0], SUBSCRIBE, *PROSE[1:]) == [PROSE[0], SUBSCRIBE, *PROSE[1:]]


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
def test_text_of_unknown_words_is_kept_complete(lines: tuple[str, ...]) -> None:
    assert kept_paragraphs(*lines) == list(lines)


def test_removed_lines_do_not_count() -> None:
    gone = TextBlock(SUBSCRIBE, reason="phrase")
    blocks = [gone, *map(TextBlock, PROSE), gone]
    assert [number for number in article_stretch(blocks) if not blocks[number].reason] == [1, 2, 3]


def test_empty_text_has_an_empty_stretch() -> None:
    assert list(article_stretch([])) == []


def test_item_is_more_likely_than_the_same_line() -> None:
    assert (
        likelihood(TextBlock("larch", 0))
        > likelihood(TextBlock("larch"))
        == pytest.approx(0.5, abs=0.1)
    )
