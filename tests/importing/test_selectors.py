"""Selectors of items and of links in them, as one."""

import pytest

from feedpub.importing.selectors import in_own_page, links_in, split


@pytest.mark.parametrize(
    ("items", "link", "links"),
    [
        ("li.story", "h2 a", "li.story h2 a"),
        ("li.story", "> a", "li.story > a"),
        ("li.story", "", "li.story"),
        ("li.story", "a", "li.story"),
        ("li.story", "a:first", "li.story"),
        ("li.story", "a[href]", "li.story"),
        ("a.story", "a.story", "a.story"),
        ("li, div.x", "h2 a, h3 a", "li h2 a, li h3 a, div.x h2 a, div.x h3 a"),
        ("li:is(.a, .b)", ".more:first", "li:is(.a, .b) .more"),
        ('[title="a, b"]', "h2 a", '[title="a, b"] h2 a'),
    ],
)
def test_links_in_items(items: str, link: str, links: str) -> None:
    """Each combination, since a selector list cannot be nested."""
    assert links_in(items, link) == links


def test_splitting_keeps_what_belongs_together() -> None:
    """Quotes, brackets and parentheses hold."""
    assert split(" .ads,, div[x='a,b'] , p:not(.a,.b) ") == [".ads", "div[x='a,b']", "p:not(.a,.b)"]
    assert split("@a and contains(@b, ' and ') and @c", " and ") == ["@a", "contains(@b, ' and ')", "@c"]


def test_places_on_the_page_itself_are_known() -> None:
    """Where no other page is."""
    assert in_own_page('a[href^="#v"]')
    assert in_own_page("a[href='#top']")
    assert not in_own_page('#list a[href^="/x#"]')
