"""Selectors of items and of links in them, as one."""

import pytest

from feedpub.cli.importers.xpath import is_on_own_page, link_selector, split_selectors


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
    assert link_selector(items, link) == links


def test_splitting_keeps_what_belongs_together() -> None:
    """Quotes, brackets and parentheses hold."""
    assert split_selectors(" .ads,, div[x='a,b'] , p:not(.a,.b) ") == [
        ".ads",
        "div[x='a,b']",
        "p:not(.a,.b)",
    ]
    assert split_selectors("@a and contains(@b, ' and ') and @c", " and ") == [
        "@a",
        "contains(@b, ' and ')",
        "@c",
    ]


def test_places_on_the_page_itself_are_known() -> None:
    """Where no other page is."""
    assert is_on_own_page('a[href^="#v"]')
    assert is_on_own_page("a[href='#top']")
    assert not is_on_own_page('#list a[href^="/x#"]')
