"""What people know of sites, as data: our own files and those of ftr-site-config → one value that the cleaner obeys.

    model      the value: expressions, each with the file and line that it stands in
    toml       our own: what the config's [feed.rules] and sites/<host>.toml say
    ftr        the text files of ftr-site-config
    lookup     which of them know a host
    writing    rules that are added to our own

Reads files and looks at no page: what an expression finds there is the cleaner's and the paging's matter.
"""

from feedpub.rules.lookup import RuleBook, host_of, open_rules, shown, site_files
from feedpub.rules.model import MOST_PAGES, Link, Problem, Rule, Ruleset, Sample
from feedpub.rules.toml import any_ruleset, as_ruleset
from feedpub.rules.writing import Draft

__all__ = [
    "MOST_PAGES",
    "Draft",
    "Link",
    "Problem",
    "Rule",
    "RuleBook",
    "Ruleset",
    "Sample",
    "any_ruleset",
    "as_ruleset",
    "host_of",
    "open_rules",
    "shown",
    "site_files",
]
