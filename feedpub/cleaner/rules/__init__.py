"""What people know of sites, as data: our own files and those of ftr-site-config → one value that the cleaner obeys.

    model      the value: expressions, each with the file and line that it stands in
    toml       our own: what the config's [feed.rules] and sites/<host>.toml say
    ftr        the text files of ftr-site-config
    lookup     which of them know a host
    writing    rules that are added to our own

Reads files and looks at no page: what an expression finds there is the cleaner's and the paging's
matter.
"""

from feedpub.cleaner.rules.edit import RuleDraft
from feedpub.cleaner.rules.model import MAX_PAGES, FollowLink, Rule, RuleIssue, Ruleset, RuleTest
from feedpub.cleaner.rules.rule_book import (
    SiteRuleSet,
    open_rules,
    display_path,
    rule_host,
    site_rule_files,
)
from feedpub.cleaner.rules.toml import coerce_ruleset, parse_ruleset

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
    "open_rules",
    "parse_ruleset",
    "display_path",
    "rule_host",
    "site_rule_files",
]
