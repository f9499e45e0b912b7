"""Selectors as a person would write them."""

import pytest
from cssselect import HTMLTranslator

from feedpub.cleaner.selectors import SelectorIndex, is_lasting_name
from feedpub.core.html import parse_html

PAGE = """<html><body class="post-9"><div id="story" class="col-8 story-body">
<p class="lede">One</p><p>Two</p><p>Three</p>
<aside class="mt-4 promo css-1q2w3e">A</aside><aside class="promo teaser">B</aside>
<div data-testid="sign-up"><span>C</span></div>
<ul class="flex"><li>D</li><li>E</li></ul>
</div><div><i>F</i></div></body></html>"""


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("One", ".lede"),
        ("Two", "#story > p:nth-of-type(2)"),
        ("A", ".promo"),  # what its build, and its margin, call it does not last
        ("B", ".teaser"),  # the rarer name
        ("C", '[data-testid="sign-up"] > span'),  # the only one: nothing is counted
        ("E", "#story > ul > li:nth-of-type(2)"),
        ("F", ""),  # nothing around it has a name
    ],
)
def test_the_shortest_name_that_lasts(text: str, selector: str) -> None:
    """Its own, else its place below the next name outwards; and it finds what it was made for."""
    tree = parse_html(PAGE)
    (element,) = [each for each in tree.iter() if each.text == text]
    assert SelectorIndex(tree).selector_for(element) == selector
    assert not selector or element in tree.xpath(HTMLTranslator().css_to_xpath(selector))


def test_a_name_of_its_own_goes_before_a_place() -> None:
    """Nothing is counted where a class does; the whole page is named by nothing."""
    tree = parse_html(PAGE)
    census = SelectorIndex(tree)
    named = [
        census.named_selector(each) for each in tree.iter() if each.get("class") or each.get("id")
    ]
    assert named == ["", "#story", ".lede", ".promo", ".teaser", ""]
    assert census.count[".promo"] == 2


@pytest.mark.parametrize(
    "name",
    [
        "promo",
        "join-box",
        "c-newsletter__form",
        "relatedPosts",
        "ad_slot",
        "share2",
        "h2-teaser",
        "o-box",
    ],
)
def test_names_that_say_what_something_is(name: str) -> None:
    """They stand on the site's other pages, too."""
    assert is_lasting_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "css-1q2w3e",
        "sc-bdVaJa",
        "mt-4",
        "col-md-6",
        "flex",
        "a1b2c3d4",
        "post-12345",
        "md:flex",
        "_3xK9",
        "is-active",
        "",
    ],
)
def test_names_that_do_not_last(name: str) -> None:
    """Made up by a build, numbers of articles, how something looks, and what a selector cannot hold."""
    assert not is_lasting_name(name)
