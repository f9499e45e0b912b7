"""An article under a new address is the one that it was, if it says the same; else it is another one."""

from dataclasses import replace

import pytest

from feedpub.builder.identity import url_key
from feedpub.builder.merge import Arrival
from feedpub.builder.moves import recognised
from feedpub.model import Article, Entry, Item
from tests.support.feeds import entry

TEXT = " ".join(f"word{n}" for n in range(100))
OLD = replace(entry(), url="https://example.org/old", title="The pier stays", text=TEXT)


def arrival(title: str = "The pier stays", text: str = TEXT) -> Arrival:
    url = "https://example.org/new"
    return Arrival(Item(url), Article(url, title, text=text), (url_key(url),), rank=0, source="s")


def keys(arrival: Arrival, *entries: Entry) -> tuple[str, ...]:
    (found,) = recognised([arrival], entries)
    return found.keys


def test_the_same_article_has_its_old_key_too() -> None:
    """After its own, which leads to it from now on."""
    assert keys(arrival(), OLD) == ("example.org/new", "example.org/old")


@pytest.mark.parametrize(
    "changed",
    [arrival(title="THE PIER STAYS!"), arrival(text=f"Read more. {TEXT}"), arrival(text=TEXT.replace("word50", "a"))],
)
def test_small_differences_do_not_matter(changed: Arrival) -> None:
    """Case, punctuation, another word or two."""
    assert "example.org/old" in keys(changed, OLD)


@pytest.mark.parametrize(
    ("other", "stored"),
    [
        (arrival(title="The pier goes"), OLD),
        (arrival(text="Something else was said under the same headline a week later."), OLD),
        (arrival(text=TEXT[:300]), OLD),
        (arrival(), replace(OLD, url="", slug="the-pier-stays")),
    ],
)
def test_another_article_is_a_new_one(other: Arrival, stored: Entry) -> None:
    """One with another title, with other words, or with only a part of them; and saved articles do not move."""
    assert keys(other, stored) == ("example.org/new",)
