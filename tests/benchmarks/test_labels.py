"""Check the labels from gold texts, which the model is trained on."""

import pytest

from tests.benchmarks.labels import align, segments

FIRST = "the ferry left at ten past six with forty cars on deck"
SECOND = "a lorry full of milk was the last to come on board"


@pytest.mark.parametrize(
    ("blocks", "labels"),
    [
        pytest.param(["home", FIRST, SECOND, "imprint"], [False, True, True, False], id="around"),
        pytest.param([FIRST, "read more", SECOND], [True, False, True], id="between"),
        pytest.param(
            ["milk", FIRST, "pros", SECOND], [False, True, True, True], id="short-block-in-the-gap"
        ),
        pytest.param(
            [SECOND, FIRST, SECOND], [False, True, True], id="the-order-settles-duplicates"
        ),
        pytest.param([SECOND, "x", FIRST], [True, False, True], id="another-order"),
        pytest.param(["", "x"], [False, False], id="nothing"),
    ],
)
def test_blocks_of_the_gold_text_are_found(blocks: list[str], labels: list[bool]) -> None:
    """Prefer the text's order if it decides between two equal blocks."""
    gold = f"{FIRST}\npros\n{SECOND}" if "pros" in blocks else f"{FIRST}\n{SECOND}"
    assert align(blocks, gold)[0] == labels


def test_share_of_the_gold_text_on_the_page() -> None:
    assert align([FIRST, "x"], FIRST)[1] == 1
    assert align(["x", "y"], FIRST)[1] == 0


def test_segments_label_the_blocks_that_hold_them() -> None:
    """Ignore a wanted segment in two blocks, but label all blocks with an unwanted one."""
    blocks = ["a menu", "a wanted story", "a menu again", "twice", "twice", "other"]
    assert segments(blocks, ["wanted", "twice"], ["menu"]) == {0: False, 1: True, 2: False}
