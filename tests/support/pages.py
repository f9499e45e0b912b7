"""The golden pages.

Each is a folder with a page, the requirements that a person wrote, and the cleaner's result.
"""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from feedpub.cleaner.extract import extract
from feedpub.cleaner.rules import Ruleset, SiteRuleSet, open_rules, parse_ruleset
from feedpub.config import RuleFiles, SiteRules
from feedpub.core.models import Article

PAGES = Path(__file__).parents[1] / "pages"
SITES = PAGES.parents[1] / "config" / "sites"


@dataclass(frozen=True)
class GoldenPage:
    """A golden page. A person wrote `must` and `must_not`, which take precedence over `expected`.

    The rules that the case names apply, and those of config/sites for the host of its URL.
    """

    folder: Path
    why: str
    url: str
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    rules: Ruleset

    @property
    def name(self) -> str:
        return self.folder.name

    def article(self) -> Article:
        return extract((self.folder / "source.html").read_bytes(), self.url, rules=self.rules)


def golden_pages() -> list[GoldenPage]:
    """Return every golden page, by name."""
    book = open_rules(RuleFiles(sites=SITES))
    return [_case(file.parent, book) for file in sorted(PAGES.glob("*/case.toml"))]


def _case(folder: Path, book: SiteRuleSet) -> GoldenPage:
    case = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    rules = parse_ruleset(SiteRules(**case.pop("rules", {}))).merged_with(
        book.rules_for(case["url"])
    )
    must, must_not = tuple(case.pop("must")), tuple(case.pop("must_not"))
    return GoldenPage(folder, case.pop("why"), case.pop("url"), must, must_not, rules, **case)


def expected_files(article: Article) -> dict[str, str]:
    """Return the expected results of a page, by file name."""
    stated = {
        "url": article.url,
        "title": article.title,
        "authors": article.authors,
        "published": _moment(article.published),
        "updated": _moment(article.updated),
        "language": article.language,
        "site": article.site,
        "image": article.image,
        "summary": article.summary,
        "text": article.text.split("\n"),
    }
    return {
        "expected.html": article.html.rstrip("\n") + "\n",
        "expected.json": json.dumps(stated, ensure_ascii=False, indent=2) + "\n",
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
