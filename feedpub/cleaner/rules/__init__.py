"""Site rules: selectors and other instructions for the cleaner, per site.

    model      the common form of all rules; each knows the file and line it comes from
    ftr        the text files of ftr-site-config
    rule_book  our own format: [feed.rules] of the config, and sites/<host>.toml; which rules apply
               to a host
    edit       add rules to a file
    testing    run the tests that rule files contain

This package reads rule files. It does not evaluate rules on pages: that is the task of
`cleaner.apply_rules` and `cleaner.pagination`.
"""

from feedpub.cleaner.rules.edit import RuleDraft
from feedpub.cleaner.rules.model import MAX_PAGES, FollowLink, Rule, RuleIssue, Ruleset, RuleTest
from feedpub.cleaner.rules.rule_book import (
    SiteRuleSet,
    coerce_ruleset,
    display_path,
    open_rules,
    parse_ruleset,
    site_rule_files,
)

__all__ = [
    "MAX_PAGES",
    "FollowLink",
    "Rule",
    "RuleDraft",
    "RuleIssue",
    "RuleTest",
    "Ruleset",
    "SiteRuleSet",
    "coerce_ruleset",
    "display_path",
    "open_rules",
    "parse_ruleset",
    "site_rule_files",
]
