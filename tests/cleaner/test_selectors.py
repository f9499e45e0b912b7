"""Short, lasting CSS selectors."""

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
        ("A", ".promo"),  # generated names and names of margins are ignored
        ("B", ".teaser"),  # the rarer name
        ("C", '[data-testid="sign-up"] > span'),  # the only child needs no position
        ("E", "#story > ul > li:nth-of-type(2)"),
        ("F", ""),  # no ancestor has a name
    ],
)
def test_selector_is_the_shortest_lasting_name_or_path(text: str, selector: str) -> None:
    tree = parse_html(PAGE)
    (element,) = [each for each in tree.iter() if each.text == text]
    assert SelectorIndex(tree).selector_for(element) == selector
    assert not selector or element in tree.xpath(HTMLTranslator().css_to_xpath(selector))


def test_named_selector_ignores_position_and_page_names() -> None:
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
def test_descriptive_name_lasts(name: str) -> None:
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
def test_generated_or_presentational_name_does_not_last(name: str) -> None:
    assert not is_lasting_name(name)
