"""XPath and the CSS made of it find the same elements, or there is no CSS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from feedpub.cli.importers.xpath import to_css, to_css_within

PAGE = html.document_fromstring(
    """<html><body id="top"><nav><a href="/about" class="menu item">About</a></nav><main class="news list">
    <h1>News</h1><ul class="items"><li class="first"><a href="/news/1" title="One">1</a></li><li><b>no link</b></li>
    <li class="item"><h2><a href="/news/2">2</a></h2><p>text</p><p class="items">more</p></li></ul>
    <div class="item wide" data-kind="advert"><a href="https://ads.example.org/">Ad</a><a name="anchor">4</a></div>
    <div class="items"><div class="item"><section><a href="/news/3#c">3</a></section></div></div></main>
    <footer><ul><li><a href="/imprint">Imprint</a></li><li class="item last">x</li></ul></footer></body></html>"""
)


def elements(element: etree._Element, expression: str) -> list[etree._Element]:
    """What an XPath finds from an element on."""
    found = element.xpath(expression)
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, etree._Element)]


AXES = st.sampled_from(["/", "//", "/descendant-or-self::*/", "/child::", "/descendant::"])
NAMES = st.sampled_from(["*", "div", "li", "a", "ul", "p", "h2"])
TERMS = st.sampled_from(
    [
        "@class",
        "@href",
        "not(@href)",
        "@class='item'",
        '@class = "items"',
        "contains(@href, 'news')",
        "contains(@class,'item')",
        "starts-with(@href, '/news')",
        "not(contains(@class, 'item'))",
        "contains(concat(' ', normalize-space(@class), ' '), ' item ')",
        'contains(concat(" ",@class," ")," items ")',
        "not(contains(concat(' ', normalize-space(@class), ' '), ' wide '))",
        "(@class and contains(@class, 'item') and contains(concat(' ', normalize-space(@class), ' '), ' item '))",
        "(@class and @href) or (@name)",
        "count(preceding-sibling::*) = 0",
        "count(following-sibling::li) = 1",
    ]
)
PREDICATES = st.lists(TERMS, min_size=1, max_size=3).map(" and ".join) | st.sampled_from(
    ["1", "2", "last()", "position()=1", "position() = last()"]
)
STEPS = st.tuples(NAMES, st.lists(PREDICATES, max_size=2)).map(
    lambda s: s[0] + "".join(f"[{p}]" for p in s[1])
)
PATHS = st.tuples(
    st.sampled_from(["//", ".//", "descendant::", "/descendant::", "descendant-or-self::"]),
    STEPS,
    st.lists(st.tuples(AXES, STEPS).map("".join), max_size=3),
).map(lambda parts: parts[0] + parts[1] + "".join(parts[2]))


@given(st.lists(PATHS, min_size=1, max_size=2).map(" | ".join))
def test_what_is_said_in_css_is_the_same(expression: str) -> None:
    """Whatever the steps and predicates: exactly the same elements in the same order."""
    css = to_css(expression)
    if css is not None:
        assert PAGE.cssselect(css) == PAGE.getroottree().xpath(expression), css


@given(st.tuples(st.sampled_from(["", "./", ".//", "descendant::", "child::"]), STEPS).map("".join))
def test_what_is_said_within_an_element_is_the_same(expression: str) -> None:
    """Joined to the selector of the element."""
    css = to_css_within(expression)
    if css is not None:
        within = PAGE.cssselect("ul.items li, main")
        wanted = {found for element in within for found in elements(element, expression)}
        assert {*PAGE.cssselect(f"ul.items li {css}"), *PAGE.cssselect(f"main {css}")} == wanted, (
            css
        )


@pytest.mark.parametrize(
    ("expression", "css"),
    [
        ('//div[@class="news-item"]', 'div[class="news-item"]'),
        ("//*[@id='list']/li[2]/a", '[id="list"] > li:nth-of-type(2) > a'),
        ("/html/body/main//article", "html > body > main article"),
        (
            "//li[contains(concat(' ', normalize-space(@class), ' '), ' new ')]//a[@href]",
            "li.new a[href]",
        ),
        ("//h2/a | //h3/a", "h2 > a, h3 > a"),
        ("//ul/li[last()]", "ul > li:last-of-type"),
        ("//a[@title='x and y | z']", 'a[title="x and y | z"]'),
    ],
)
def test_examples(expression: str, css: str) -> None:
    """As people would write them."""
    assert to_css(expression) == css


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "   ",
        "//",
        "//li[",
        "//li]",
        "(//li)[2]",
        "//a/..",
        "//a/ancestor::article",
        "//a/@href",
        "//h2[text()='News']",
        "//h2[contains(., 'News')]",
        "//li[a]",
        "//li[@class][1]",
        "/descendant::li[2]",
        "//a[@x='1' or @y='2']",
        "//a[contains(@href, '')]",
        "//LI",
        "//svg:path",
        "id('x')",
        "//a[@b='\"']",
        "//a | (//b)[1]",
    ],
)
def test_what_css_cannot_say_is_not_said(expression: str) -> None:
    """Better the page's structure than other elements."""
    assert to_css(expression) is None
