"""Run the tests in rule files: the article of a page must contain the given texts.

Pages are fetched only through the `find_page` function that the caller passes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from feedpub.cleaner import articles
from feedpub.cleaner.pagination import PageSequence
from feedpub.cleaner.rules.model import RuleIssue, Ruleset, RuleTest
from feedpub.cleaner.rules.rule_book import SiteRuleSet
from feedpub.core.article_keys import url_key
from feedpub.core.errors import SourceError
from feedpub.core.models import Article, Page
from feedpub.core.process_pool import Executor
from feedpub.core.urls import bare_host_from_url

RuleTestStatus: TypeAlias = Literal["ok", "failed", "no page"]
PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})  # of saved pages
_HEAD_BYTES = 200_000  # of a saved page that are searched for its URL
_SAVED_FROM = re.compile(
    rb"""<!--\s*saved from url=\(\d+\)(\S+)"""
    rb"""|<link\b(?=[^<>]*\brel=["']?canonical\b)[^<>]*\bhref=["']?([^"'\s>]+)"""
    rb"""|<meta\b(?=[^<>]*\bproperty=["']?og:url\b)[^<>]*\bcontent=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """The result of a test.

    Attributes:
        test: the test.
        status: its status.
        message: the reason of a failure, or of a test that could not run; else "".
    """

    test: RuleTest
    status: RuleTestStatus
    message: str = ""


def select_rule_tests(site_rules: SiteRuleSet, hosts: Iterable[str] = ()) -> Iterator[RuleTest]:
    """Yield the tests of the named hosts, or all tests if none are named."""
    selected = _normalise_hosts(hosts)
    rulesets = list(site_rules.own.values())
    rulesets += [rules for _, rules in site_rules.files()]
    for rules in rulesets:
        for test in rules.tests:
            if not selected or bare_host_from_url(test.url) in selected:
                yield test


def rule_issues(site_rules: SiteRuleSet, hosts: Sequence[str] = ()) -> Iterator[RuleIssue]:
    """Yield the unusable lines in the files of the named hosts, or in all files."""
    selected = _normalise_hosts(hosts)
    for name, rules in site_rules.files():
        if not selected or Path(name).stem in selected:
            yield from rules.issues


def _normalise_hosts(hosts: Iterable[str]) -> set[str]:
    return {bare_host_from_url(f"https://{host}/") for host in hosts}


def saved_pages(folder: Path) -> Mapping[str, Path]:
    """Return the saved pages below a folder, by the URL in the page and by file name."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in PAGE_SUFFIXES or not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        for match in _SAVED_FROM.finditer(head):
            url = next(filter(None, match.groups())).decode("utf-8", "replace")
            if bare_host_from_url(url):
                found.setdefault(_page_key(url), path)
        found.setdefault(_file_name_key(path.stem), path)
    return found


def saved_page(url: str, pages: Mapping[str, Path]) -> PageSequence | None:
    """Return the saved page of a URL, or None."""
    path = pages.get(_page_key(url)) or pages.get(_file_name_key(url))
    return PageSequence((Page(url, path.read_bytes(), "text/html"),), url) if path else None


def _page_key(url: str) -> str:
    try:
        return url_key(url)
    except ValueError:  # the URL comes from a page, or is typed by hand
        return url


def _file_name_key(name: str) -> str:
    """Reduce a URL to the form that file names take: letters and digits joined by dashes."""
    address = re.sub(r"^https?://(?:www\.)?", "", name.lower())
    return re.sub(r"[^a-z0-9]+", "-", address).strip("-")


def run_rule_test(
    test: RuleTest,
    site_rules: SiteRuleSet,
    find_page: Callable[[str], PageSequence | None],
    executor: Executor,
) -> RuleTestResult:
    """Extract the article of a test's page and compare it with the expected texts.

    Args:
        test: the test.
        site_rules: all rules.
        find_page: returns the page of a URL, or None if it is not available.
        executor: runs the extraction.
    """
    try:
        pages = find_page(test.url)
        if pages is None:
            return RuleTestResult(test, "no page", "no saved page of this URL")
        rules = site_rules.rules_for(pages.url)
        found = executor.call(test.url, articles.article_from_pages, pages, rules)
    except SourceError as error:
        return RuleTestResult(test, "failed", error.reason)
    failures = tuple(_failures(test, found.article, rules))
    return RuleTestResult(test, "failed" if failures else "ok", "; ".join(failures))


def _failures(test: RuleTest, article: Article, rules: Ruleset) -> Iterator[str]:
    text = _normalise(f"{article.title} {article.text}")
    for expected in test.contains:
        if _normalise(expected) not in text:
            yield f"missing: {expected}"
    if rules.content:  # if it matches nothing, the cleaner reports it as a removal
        removal_reasons = {removed.text: removed.reason for removed in article.removed}
        if reason := removal_reasons.get(rules.content[0].source):
            yield reason


def _normalise(text: str) -> str:
    return " ".join(text.split()).casefold()
