"""The rules of a site, applied to a page."""

import pytest

from feedpub.cleaner.apply_rules import RuleApplication
from feedpub.cleaner.rules import parse_ruleset
from feedpub.cleaner.segment import segment
from feedpub.config import SiteRules
from feedpub.core.html import parse_html
from feedpub.core.models import Removed

PAGE = (
    "<div class=a><p>one<p class=ad>two <b>ad</b></div><p>Sponsored by three<p><i class=in>four</i>"
)


def apply_rules_to_page(rules: SiteRules) -> RuleApplication:
    return RuleApplication(parse_html(PAGE), parse_ruleset(rules))


def test_remove_rule_removes_elements_and_reports_them() -> None:
    page = apply_rules_to_page(SiteRules(remove=(".ad", "text:x", ".none")))
    assert list(page.remove_matches()) == [Removed("two ad", "rule remove '.ad'")]
    assert "two" not in page.tree.text_content()


def test_text_rule_removes_blocks_by_their_beginning() -> None:
    page = apply_rules_to_page(SiteRules(remove=("text: Sponsored", ".ad")))
    assert list(page.find_removed_blocks(segment(page.tree))) == [
        (2, "rule remove 'text: Sponsored'")
    ]


@pytest.mark.parametrize(
    ("selector", "blocks"), [(".a", {0, 1}), (".in", {3}), (".none", set()), (None, set())]
)
def test_content_rule_selects_blocks(selector: str | None, blocks: set[int]) -> None:
    page = apply_rules_to_page(SiteRules(content=selector))
    assert page.find_content(segment(page.tree)) == blocks


def test_keep_rules_select_all_matching_blocks() -> None:
    page = apply_rules_to_page(SiteRules(keep=(".ad", ".in")))
    assert page.find_kept_blocks(segment(page.tree)) == {1, 3}
