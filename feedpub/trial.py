"""Rules tried on the pages that their files name: does the cleaner find there what it must?

Asks nobody for a page unless it is handed something that fetches.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from feedpub import articles
from feedpub.builder.identity import url_key
from feedpub.errors import SourceError
from feedpub.isolation import Isolation
from feedpub.model import Article, Page
from feedpub.paging import Pages
from feedpub.rules import Problem, RuleBook, Ruleset, Sample, host_of

Verdict: TypeAlias = Literal["ok", "failed", "no page"]
SUFFIXES = frozenset({".html", ".htm", ".xhtml"})  # of saved pages
_BEGINNING = 200_000  # bytes of a saved page in which it says where it is from
_ADDRESS = re.compile(
    rb"""<!--\s*saved from url=\(\d+\)(\S+)"""
    rb"""|<link\b(?=[^<>]*\brel=["']?canonical\b)[^<>]*\bhref=["']?([^"'\s>]+)"""
    rb"""|<meta\b(?=[^<>]*\bproperty=["']?og:url\b)[^<>]*\bcontent=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a page.

    Attributes:
        said: what is wrong, or why nothing could be tried; "" where all is well.
    """

    sample: Sample
    verdict: Verdict
    said: str = ""


def to_try(book: RuleBook, hosts: Iterable[str] = ()) -> Iterator[Sample]:
    """The pages that the rules want to be tried on, by file; those of the named hosts, or all."""
    wanted = {host_of(f"https://{host}/") for host in hosts}
    rulesets: list[Ruleset] = [*book.own.values(), *(rules for _, rules in book.files())]
    for rules in rulesets:
        yield from (sample for sample in rules.tests if not wanted or host_of(sample.url) in wanted)


def problems_of(book: RuleBook, hosts: Sequence[str] = ()) -> Iterator[Problem]:
    """The lines of rule files that cannot be used; of the files that are named for the hosts, or of all."""
    wanted = {host_of(f"https://{host}/") for host in hosts}
    for name, rules in book.files():
        if not wanted or Path(name).stem in wanted:
            yield from rules.problems


def saved_pages(folder: Path) -> Mapping[str, Path]:
    """The saved pages below a folder by the address that they say they are from, or that they are named for."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            with path.open("rb") as file:
                beginning = file.read(_BEGINNING)
            for match in _ADDRESS.finditer(beginning):
                address = next(filter(None, match.groups())).decode("utf-8", "replace")
                if host_of(address):
                    found.setdefault(_key(address), path)
            found.setdefault(_named(path.stem), path)
    return found


def saved_page(url: str, pages: Mapping[str, Path]) -> Pages | None:
    """The page of an address among saved ones; None where there is none."""
    path = pages.get(_key(url)) or pages.get(_named(url))
    return Pages((Page(url, path.read_bytes(), "text/html"),), url) if path else None


def tried(sample: Sample, book: RuleBook, find: Callable[[str], Pages | None], isolation: Isolation) -> Trial:
    """Try a page: an article has to be found on it where the rules say, with all the texts that the test names."""
    try:
        pages = find(sample.url)
        if pages is None:
            return Trial(sample, "no page", "no page at hand")
        rules = book.of(pages.url)
        found = isolation.call(sample.url, articles.from_pages, pages, rules)
    except SourceError as error:
        return Trial(sample, "failed", error.reason)
    wrong = tuple(_wrong(sample, found.article, rules))
    return Trial(sample, "failed" if wrong else "ok", "; ".join(wrong))


def _wrong(sample: Sample, article: Article, rules: Ruleset) -> Iterator[str]:
    text = _squashed(f"{article.title} {article.text}")
    yield from (f"missing: {words}" for words in sample.contains if _squashed(words) not in text)
    told = {removed.text: removed.reason for removed in article.removed}
    if rules.content and (reason := told.get(rules.content[0].written)):
        yield reason


def _key(url: str) -> str:
    try:
        return url_key(url)
    except ValueError:  # of what a page says, or a person wrote
        return url


def _named(name: str) -> str:
    """An address as a file is named for it: letters and digits, and a dash for all else between them."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^https?://(?:www\.)?", "", name.lower())).strip("-")


def _squashed(text: str) -> str:
    return " ".join(text.split()).casefold()
