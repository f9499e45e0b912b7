"""What a person has said about a site."""

import pytest

from feedpub.cleaner import site_rules
from feedpub.cleaner.blocks import cut
from feedpub.cleaner.tree import parse
from feedpub.config import SiteRules
from feedpub.model import Removed

PAGE = "<div class=a><p>one<p class=ad>two <b>ad</b></div><p>Sponsored by three<p><i class=in>four</i>"


def test_elements_that_never_belong_are_taken_out() -> None:
    """Each is listed with the rule that named it."""
    tree = parse(PAGE)
    removed = list(site_rules.strip(tree, SiteRules(remove=(".ad", "text:x", ".none"))))
    assert removed == [Removed("two ad", "rule '.ad'")]
    assert "two" not in tree.text_content()


def test_texts_that_never_belong_are_named_by_how_they_begin() -> None:
    """With the rule as the reason."""
    layout = cut(parse(PAGE))
    assert list(site_rules.unwanted(layout, SiteRules(remove=("text: Sponsored", ".ad")))) == [
        (2, "rule 'text: Sponsored'")
    ]


@pytest.mark.parametrize(("selector", "blocks"), [(".a", {0, 1}), (".in", {3}), (".none", set()), (None, set())])
def test_the_article_is_where_a_rule_says(selector: str | None, blocks: set[int]) -> None:
    """A selector that matches nothing says nothing."""
    tree = parse(PAGE)
    assert site_rules.content(tree, cut(tree), SiteRules(content=selector)) == blocks
