"""Nouns agree with their numbers, and texts of all scripts are measured."""

import pytest

from feedpub.builder.entry_html import reading_minutes
from feedpub.cleaner.extract import extract
from feedpub.core.errors import NoContentError
from feedpub.core.models import Page
from feedpub.core.text import count_words, pluralize, split_length
from feedpub.pipeline.repair.similarity import ListSimilarity
from feedpub.sources.listing_page import items_in

# 21 characters and two punctuation marks each
CHINESE = "市议会星期一晚上决定，在港口修建一座新的码头。" * 40
JAPANESE = "港の評議会は「新しい桟橋」を建てると決めた。" * 40
THAI = "สภาท่าเรือตัดสินใจสร้างท่าเรือใหม่" * 20
KOREAN = "항구 의회는 새로운 부두를 짓기로 결정했다. " * 40
ENGLISH = "The council — of the harbour town — decided to build a new pier. " * 40


def test_pluralize_uses_the_given_plural() -> None:
    assert [pluralize(n, "feed") for n in (0, 1, 2)] == ["0 feeds", "1 feed", "2 feeds"]
    assert [pluralize(n, "address", "addresses") for n in (1, 2)] == ["1 address", "2 addresses"]


@pytest.mark.parametrize(
    ("text", "words", "characters"),
    [
        (CHINESE, 0, 21 * 40),
        (JAPANESE, 0, 19 * 40),
        (THAI, 0, len(THAI)),
        (KOREAN, 6 * 40, 0),
        (ENGLISH, 12 * 40, 0),
        ("𠮷野家 serves 牛丼 since 1899.", 3, 5),
        ("", 0, 0),
    ],
    ids=["zh", "ja", "th", "ko", "en", "mixed", "empty"],
)
def test_words_and_characters_of_unspaced_scripts_are_counted(
    text: str, words: int, characters: int
) -> None:
    """Punctuation alone is not a word."""
    assert split_length(text) == (words, characters)
    assert count_words(text) == words + characters


@pytest.mark.parametrize(("text", "expected"), [(CHINESE, 2), (KOREAN, 1), (ENGLISH, 2)])
def test_reading_time_depends_on_words_and_characters(text: str, expected: int) -> None:
    """A minute is 400 characters or 230 words."""
    assert reading_minutes(text) == expected


def test_messages_use_the_singular_for_one_thing() -> None:
    url = "https://example.org/"
    with pytest.raises(NoContentError, match=r"it has 1 block of text "):
        extract(b"<html><body><p>Short.</p></body></html>", url)
    alone = Page(
        url, b'<html><body><p><i>See</i> <a href="/about">us</a></p></body></html>', "text/html"
    )
    with pytest.raises(NoContentError, match=r"among the 1 link of"):
        items_in(alone)
    with pytest.raises(NoContentError, match=r"matches 1 element without"):
        items_in(alone, "i")
    assert str(ListSimilarity(1, 1, 0, 0, 1, 1)) == "lists 1 of the 1 known article"
