"""Test all files of ftr-site-config, and some of its rules on real pages."""

import json
import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from feedpub import extract
from feedpub.cleaner.rules import Ruleset, SiteRuleSet
from feedpub.core.errors import ExtractError
from feedpub.core.urls import bare_host_from_url
from tests.support.shared import shared_data

WANTED = 20


def test_all_files_load_with_few_issues() -> None:
    files = list(SiteRuleSet(ftr=shared_data("data/ftr-site-config")).files())
    assert len(files) == 2040
    issues = [str(problem) for _, rules in files for problem in rules.issues]
    assert len(issues) == 30
    assert all(
        Path(line.split(":")[0]).is_file() and int(line.split(":")[1]) > 0 for line in issues
    )
    assert any(
        "polygon.com.txt:1: body:" in line and "contains() is given 1 arguments" in line
        for line in issues
    )
    assert sum(len(rules.content) for _, rules in files) > 1700
    assert sum(len(rules.tests) for _, rules in files) > 2600


def pages() -> dict[str, dict[str, Any]]:
    """Return a page of each host of the news sets."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("fundus", "newspaper"):
        with lzma.open(
            shared_data(f"bench/extraction/data/{name}.jsonl.xz"), "rt", encoding="utf-8"
        ) as lines:
            for line in lines:
                page = json.loads(line)
                if "html" in page:
                    found.setdefault(bare_host_from_url(page["url"]), page)
    return found


@pytest.mark.slow
def test_rules_find_articles_of_real_pages() -> None:
    folder = shared_data("data/ftr-site-config")
    book = SiteRuleSet(ftr=folder)
    held: Counter[str] = Counter()
    for host, page in pages().items():
        if held["right"] >= WANTED + 5 or not (folder / f"{host}.txt").exists():
            continue
        held[_verdict(page, book.rules_for(page["url"]))] += 1
    assert held["right"] >= WANTED, held


def _verdict(page: dict[str, Any], rules: Ruleset) -> str:
    try:
        article = extract(page["html"], page["url"], rules=rules)
    except ExtractError:
        return "no article"
    if not any(removed.reason == "outside the site's content rule" for removed in article.removed):
        return "rule finds nothing"
    wanted = [" ".join(line.split()) for line in page["text"].split("\n") if len(line) > 60]
    text = " ".join(article.text.split())
    return "right" if sum(line in text for line in wanted) >= 0.8 * len(wanted) > 0 else "wrong"
