"""The content, the size and the format of a site's memory."""

import json
from itertools import permutations

import pytest

from feedpub import ExtractError
from feedpub.cleaner.site_memory import (
    MAX_BLOCKS,
    MAX_PAGES,
    MAX_TEXTS,
    SiteMemory,
    Trace,
    block_fingerprint,
)

SLOGAN = "All the news that fits on a postcard."
PROSE = (
    "A ferry carried the milk across the river before dawn, and nobody on the quay had asked it "
    "to do so. "
)
ORDERS = ["".join(letters) for letters in permutations("abcdef")]  # words that no other text has


def page(number: int) -> str:
    return (
        f"<title>{ORDERS[number]} | The Card</title><p>{SLOGAN}</p><p "
        f"class=story>{PROSE}{ORDERS[number]}</p>"
    )


def address(number: int) -> str:
    return f"https://example.org/{number}"


def memory(pages: int) -> SiteMemory:
    learned = SiteMemory()
    for number in range(pages):
        learned.learn(page(number), address(number))
    return learned


def count_pages(learned: SiteMemory, text: str, url: str | None = None) -> int:
    """Return the number of other pages with a text."""
    return (learned.pages_with(block_fingerprint(text)) & learned.other_pages(url)).bit_count()


def test_text_is_counted_once_a_page() -> None:
    learned = SiteMemory()
    learned.learn(f"<p>{SLOGAN}</p><p>{SLOGAN}</p>", address(1))
    assert count_pages(learned, SLOGAN) == 1


def test_page_itself_is_not_counted() -> None:
    learned = memory(3)
    assert (
        count_pages(learned, SLOGAN, address(1)),
        learned.other_pages(address(1)).bit_count(),
    ) == (
        2,
        2,
    )
    assert (
        count_pages(learned, SLOGAN, address(9)),
        learned.other_pages(address(9)).bit_count(),
    ) == (
        3,
        3,
    )


def test_page_learned_twice_is_counted_once() -> None:
    learned = memory(2)
    learned.learn(page(5), address(1))
    assert learned == memory(2)


def test_page_without_a_url_is_identified_by_its_text() -> None:
    learned = SiteMemory()
    for _ in range(2):
        learned.learn(page(1))
    assert learned.other_pages(None).bit_count() == 1


def test_unreadable_page_raises_and_is_not_remembered() -> None:
    learned = SiteMemory()
    with pytest.raises(ExtractError, match="empty"):
        learned.learn(" ", address(1))
    assert learned == SiteMemory()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("12 Comments", "7 comments!", True),
        ("12 comments", "12 readers", False),
        ("Printed  on 4 May", "printed on 5 May", True),
        (f"{PROSE} It rose by 3 per cent.", f"{PROSE} It rose by 4 per cent.", False),
        ("水が3度あがった", "水が4度あがった", True),
        ("—", "…", False),
    ],
)
def test_fingerprint_ignores_case_spacing_and_punctuation(one: str, other: str, same: bool) -> None:  # noqa: FBT001 -- an example's outcome
    assert (block_fingerprint(one) == block_fingerprint(other)) is same


def test_new_prose_is_counted_by_kind_of_box() -> None:
    learned = memory(2)
    first, second = learned.new_prose(None)
    assert len(first) == len(second) == 1
    assert first.keys() == second.keys()
    assert list(learned.new_prose(address(0))) == [second]


def test_box_kind_counts_texts_and_repeats() -> None:
    learned = memory(4)
    slogan, story = (
        learned.box_kinds()[learned.texts[block_fingerprint(text)].kind]
        for text in (SLOGAN, PROSE + ORDERS[0])
    )
    assert (slogan.pages.bit_count(), slogan.texts, slogan.repeated) == (4, 4, 4)
    assert (story.pages.bit_count(), story.texts, story.repeated) == (4, 4, 0)


def test_serialised_memory_is_equal_and_stable() -> None:
    learned = memory(5)
    again = SiteMemory.from_bytes(learned.to_bytes())
    assert (again, again.to_bytes()) == (learned, learned.to_bytes())
    assert again.to_bytes() == memory(5).to_bytes()


def test_serialised_memory_has_no_words_of_a_page() -> None:
    stored = memory(3).to_bytes().decode()
    assert not any(word in stored for word in ("postcard", "ferry", "story", "Card", "example"))


@pytest.mark.parametrize("version", [0, 1, 99])
def test_memory_of_another_version_is_empty(version: int) -> None:
    assert (
        SiteMemory.from_bytes(json.dumps({"version": version, "texts": {"00": 1}}).encode())
        == SiteMemory()
    )


def test_oldest_pages_are_dropped_with_their_own_texts() -> None:
    learned = memory(MAX_PAGES + 1)
    assert len(learned.pages) < MAX_PAGES
    assert count_pages(learned, SLOGAN) == len(learned.pages)
    assert count_pages(learned, PROSE + ORDERS[0]) == 0
    assert count_pages(learned, PROSE + ORDERS[MAX_PAGES]) == 1


def test_size_of_a_memory_is_limited() -> None:
    learned = memory(10)
    learned.texts.update({f"{number:010x}": Trace(1, "") for number in range(MAX_TEXTS)})
    learned.learn(
        "".join(f"<p>{number} {'x' * number}</p>" for number in range(MAX_BLOCKS + 10)),
        address(10),
    )
    assert len(learned.texts) <= MAX_BLOCKS + 20
    assert len(learned.pages) == 9
    assert count_pages(learned, SLOGAN) == 8
    assert len(learned.to_bytes()) < 60_000
