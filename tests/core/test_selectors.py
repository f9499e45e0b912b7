"""CSS and XPath selectors of the config."""

import pytest
from lxml import etree

from feedpub.core.html import parse_html
from feedpub.core.selectors import (
    anchor_xpath,
    check_xpath,
    select_elements,
    selects_nodes,
    split_outside_brackets,
)

PAGE = parse_html(
    '<main><h2><a href="/1">One</a></h2><h2><a href="/2"><b>Two</b> too</a></h2><p>End</p></main>'
)
HREFS = ["/1", "/2"]


@pytest.mark.parametrize(
    "selector",
    [
        "h2 a",
        "xpath://h2/a",
        "xpath:descendant::h2/a",
        "xpath://h2/a/@href",
        "xpath://a | //h2/a",
        "xpath://h2/a/text()",
    ],
)
def test_css_and_xpath_select_the_same_links(selector: str) -> None:
    assert [element.get("href") for element in select_elements(PAGE, selector)] == HREFS


def test_attribute_selects_its_element_once() -> None:
    assert len(select_elements(PAGE, "xpath://a/@* | //a")) == 2


@pytest.mark.parametrize("selector", ["xpath://h3", "xpath:string(//a)", "xpath:count(//a)"])
def test_an_expression_that_selects_no_node_gives_no_element(selector: str) -> None:
    assert select_elements(PAGE, selector) == []


def test_an_expression_that_fails_on_a_page_is_a_value_error() -> None:
    """An empty page has no `<a>`, so libxml2 does not evaluate the predicate there."""
    with pytest.raises(ValueError, match="Invalid type"):
        select_elements(PAGE, "xpath://a[count(string(.)) = 1]")


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        ("//a[", "invalid"),
        ("//a[last(1)]", "last() is given 1 arguments"),
        ("//a[re:match(., 'x')]", "no function re:match()"),
        ("//a[matches(., 'x')]", "no function matches()"),
    ],
)
def test_a_mistake_is_found_without_a_page(expression: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=r"not XPath 1\.0: ") as caught:
        check_xpath(expression)
    assert mistake in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "nodes"),
    [
        ("//a", True),
        ("//a/@href", True),
        ("//a/text()", True),
        ("string(//a)", False),
        ("count(//a)", False),
        ("//a = 'x'", False),
    ],
)
def test_the_type_of_a_result_is_known_without_a_page(expression: str, *, nodes: bool) -> None:
    assert selects_nodes(expression) is nodes


@pytest.mark.parametrize(
    ("expression", "anchored"),
    [
        ("//li", "//li"),
        (".//li", "//li"),
        ("./html/body", "/html/body"),
        ("html/body//li", "/html/body//li"),
        ("descendant::li[1]", "/descendant::li[1]"),
        ("(//li)[2]", "(//li)[2]"),
        ("id('x')/li", "id('x')/li"),
        (".//a | descendant::b[@c='|']", "//a | /descendant::b[@c='|']"),
    ],
)
def test_relative_paths_are_anchored_at_the_document(expression: str, anchored: str) -> None:
    assert anchor_xpath(expression) == anchored
    etree.XPath(anchored)


def test_relative_paths_are_anchored_below_html() -> None:
    assert anchor_xpath(".//a | body/b | //c", "/html/") == "/html//a | /html/body/b | //c"


def test_splitting_keeps_brackets_and_quotes_together() -> None:
    assert split_outside_brackets(" .ads,, div[x='a,b'] , p:not(.a,.b) ", ",") == [
        ".ads",
        "div[x='a,b']",
        "p:not(.a,.b)",
    ]
