"""Rules tried on the pages that their files name: does the cleaner find there what it must?

Asks nobody for a page unless it is handed something that fetches.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from feedpub.cleaner import articles
from feedpub.cleaner.pagination import PageSequence
from feedpub.cleaner.rules.model import RuleIssue, Ruleset, RuleTest
from feedpub.cleaner.rules.rule_book import SiteRuleSet, rule_host
from feedpub.core.article_keys import url_key
from feedpub.core.errors import SourceError
from feedpub.core.models import Article, Page
from feedpub.core.process_pool import Executor

RuleTestStatus: TypeAlias = Literal["ok", "failed", "no page"]
PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})  # of saved pages
_BEGINNING = 200_000  # bytes of a saved page in which it says where it is from
_ADDRESS = re.compile(
    rb"""<!--\s*saved from url=\(\d+\)(\S+)"""
    rb"""|<link\b(?=[^<>]*\brel=["']?canonical\b)[^<>]*\bhref=["']?([^"'\s>]+)"""
    rb"""|<meta\b(?=[^<>]*\bproperty=["']?og:url\b)[^<>]*\bcontent=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """What came of trying a page.

    Attributes:
        said: what is wrong, or why nothing could be tried; "" where all is well.
    """

    test: RuleTest
    status: RuleTestStatus
    message: str = ""


def select_rule_tests(book: SiteRuleSet, hosts: Iterable[str] = ()) -> Iterator[RuleTest]:
    """The pages that the rules want to be tried on, by file; those of the named hosts, or all."""
    wanted = {rule_host(f"https://{host}/") for host in hosts}
    rulesets: list[Ruleset] = [*book.own.values(), *(rules for _, rules in book.files())]
    for rules in rulesets:
        yield from (
            sample for sample in rules.tests if not wanted or rule_host(sample.url) in wanted
        )


def rule_issues(book: SiteRuleSet, hosts: Sequence[str] = ()) -> Iterator[RuleIssue]:
    """The lines of rule files that cannot be used.

    Of the files that are named for the hosts, or of all.
    """
    wanted = {rule_host(f"https://{host}/") for host in hosts}
    for name, rules in book.files():
        if not wanted or Path(name).stem in wanted:
            yield from rules.issues


def saved_pages(folder: Path) -> Mapping[str, Path]:
    """The saved pages below a folder by the address that they say they are from, or that they are named for."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PAGE_SUFFIXES and path.is_file():
            with path.open("rb") as file:
                beginning = file.read(_BEGINNING)
            for match in _ADDRESS.finditer(beginning):
                address = next(filter(None, match.groups())).decode("utf-8", "replace")
                if rule_host(address):
                    found.setdefault(_key(address), path)
            found.setdefault(_named(path.stem), path)
    return found


def saved_page(url: str, pages: Mapping[str, Path]) -> PageSequence | None:
    """The page of an address among saved ones; None where there is none."""
    path = pages.get(_key(url)) or pages.get(_named(url))
    return PageSequence((Page(url, path.read_bytes(), "text/html"),), url) if path else None


def run_rule_test(
    sample: RuleTest,
    book: SiteRuleSet,
    find: Callable[[str], PageSequence | None],
    isolation: Executor,
) -> RuleTestResult:
    """Try a page.

    An article has to be found on it where the rules say, with all the texts that the test names.
    """
    try:
        pages = find(sample.url)
        if pages is None:
            return RuleTestResult(sample, "no page", "no page at hand")
        rules = book.rules_for(pages.url)
        found = isolation.call(sample.url, articles.article_from_pages, pages, rules)
    except SourceError as error:
        return RuleTestResult(sample, "failed", error.reason)
    wrong = tuple(_wrong(sample, found.article, rules))
    return RuleTestResult(sample, "failed" if wrong else "ok", "; ".join(wrong))


def _wrong(sample: RuleTest, article: Article, rules: Ruleset) -> Iterator[str]:
    text = _squashed(f"{article.title} {article.text}")
    yield from (f"missing: {words}" for words in sample.contains if _squashed(words) not in text)
    told = {removed.text: removed.reason for removed in article.removed}
    if rules.content and (reason := told.get(rules.content[0].source)):
        yield reason


def _key(url: str) -> str:
    try:
        return url_key(url)
    except ValueError:  # of what a page says, or a person wrote
        return url


def _named(name: str) -> str:
    """An address as a file is named for it.

    Letters and digits, and a dash for all else between them.
    """
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^https?://(?:www\.)?", "", name.lower())).strip("-")


def _squashed(text: str) -> str:
    return " ".join(text.split()).casefold()
