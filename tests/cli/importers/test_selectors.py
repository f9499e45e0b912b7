"""Selectors of items and of links in them become one selector."""

import pytest

from feedpub.cli.importers.selectors import (
    leads_to_own_page,
    link_selector,
    xpath_link_selector,
)
from feedpub.core.html import parse_html
from feedpub.core.selectors import select_elements

PAGE = parse_html(
    """<nav><a href="/about">About</a></nav><ul class="items">
    <li><h2><a href="/1">One</a></h2><a href="/1#comments">3</a></li>
    <li><h2><a href="/2">Two</a></h2></li></ul>"""
)


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
        ("//li[@class='story']", ".//h2/a", "xpath://li[@class='story']/.//h2/a"),
        ("//li", "", "xpath://li"),
    ],
)
def test_item_and_link_selectors_are_combined(items: str, link: str, links: str) -> None:
    assert link_selector(items, link) == links


@pytest.mark.parametrize(
    ("items", "address", "links"),
    [
        ("//li", "", "xpath://li"),
        ("//li", ".//a/@href", "xpath://li"),
        ("//li", "descendant::a[1]/@href", "xpath://li"),
        ("//li/a", "./@href", "xpath://li/a"),
        ("//li", "(descendant-or-self::a | ancestor::a)/@href", "xpath://li"),
        ("descendant::li", "h2/a/@href", "xpath:/descendant::li/h2/a/@href"),
        ("//li | //dt", "./h2/a/@href", "xpath:(//li | //dt)/./h2/a/@href"),
        ("(//ul)[1]/li", ".//h2/a/@href", "xpath:(//ul)[1]/li/.//h2/a/@href"),
        ("//li", "h2/a/@href | h3/a/@href", "xpath://li/h2/a/@href | //li/h3/a/@href"),
        ("//li", "concat('/', @id)", None),
        ("//li", "(.//a)[2]/@href", None),
        ("//li", "//nav/a/@href", None),
    ],
)
def test_xpath_of_items_and_addresses_is_kept(items: str, address: str, links: str | None) -> None:
    assert xpath_link_selector(items, address) == links


@pytest.mark.parametrize("address", ["h2/a/@href", ".//h2/a/@href", "./h2/descendant::a/@href"])
def test_combined_xpath_selects_the_links_of_the_items(address: str) -> None:
    selector = xpath_link_selector("//ul[@class='items']/li", address)
    assert selector is not None
    assert [a.get("href") for a in select_elements(PAGE, selector)] == ["/1", "/2"]


def test_links_to_places_on_the_listing_page_are_recognised() -> None:
    assert leads_to_own_page('a[href^="#v"]')
    assert leads_to_own_page("a[href='#top']")
    assert not leads_to_own_page('#list a[href^="/x#"]')
