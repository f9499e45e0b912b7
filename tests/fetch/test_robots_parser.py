"""Parse robots.txt, by the cases of Google's own parser, rewritten in tests/vectors/robots.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from feedpub.fetch import robots_parser
from feedpub.fetch.robots import AGENT
from feedpub.fetch.robots_parser import (
    MAX_SITEMAPS,
    RobotsRules,
    extract_product_token,
    parse_directives,
    parse_robots,
)
from feedpub.fetch.url import parse_url

VECTORS = tomllib.loads(
    (Path(__file__).parent.parent / "vectors" / "robots.toml").read_text("utf-8")
)


def expand(text: str) -> str:
    return re.sub(r"\$LONG\((\d+), (\w)\)", lambda found: int(found[1]) * found[2], text)


def robots_body(case: dict[str, Any]) -> bytes:
    return case["latin1"].encode("latin-1") if "latin1" in case else expand(case["file"]).encode()


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["name"])
def test_rules_match_those_of_googles_parser(case: dict[str, Any]) -> None:
    """So do the stored rules: those for feedpub only, as a file of their own."""
    for agent in case.get("agents", [case.get("agent", "FooBot")]):
        read = parse_robots(robots_body(case), agent)
        for rules in (read, parse_robots(read.text.encode(), agent)):
            for allowed in case.get("allowed", ()):
                assert rules.allows(expand(allowed)), f"{allowed[:80]} is allowed for {agent}"
            for refused in case.get("refused", ()):
                assert not rules.allows(expand(refused)), f"{refused[:80]} is refused for {agent}"
            assert list(rules.sitemaps) == case.get("sitemaps", [])
    if "directives" in case:
        assert len(list(parse_directives(robots_body(case)))) == case["directives"]


def test_product_token_is_a_complete_token() -> None:
    [agents] = VECTORS["agent"]
    for name in [*agents["valid"], AGENT]:
        assert extract_product_token(name) == name
    for name in agents["invalid"]:
        assert not name or extract_product_token(name) != name


@pytest.mark.parametrize(("url", "path"), VECTORS["path"][0]["addresses"])
def test_paths_are_compared_as_they_are_sent(url: str, path: str) -> None:
    assert parse_url(url).path == path


@pytest.mark.parametrize(("written", "compared"), VECTORS["pattern"][0]["values"])
def test_patterns_are_encoded_like_paths(written: str, compared: str) -> None:
    assert parse_robots(f"user-agent: *\nallow: {written}".encode(), AGENT).allow == (compared,)


def test_crawl_delay_applies_to_the_agents_before_it() -> None:
    assert (
        parse_robots(
            b"User-agent: slow\nCrawl-delay: 9\nUser-agent: *\nDisallow: /x", AGENT
        ).crawl_delay
        == 0
    )
    assert (
        parse_robots(
            b"User-agent: feedpub\nCrawl-delay: 9\nUser-agent: b\nDisallow: /x", AGENT
        ).crawl_delay
        == 9
    )


def test_only_rules_for_feedpub_are_kept() -> None:
    others = "".join(f"User-agent: bot{'x' * n}\nDisallow: /{n}\n" for n in range(100))
    rules = parse_robots(f"{others}User-agent: *\nDisallow: /x\n".encode(), AGENT)
    assert rules.text == "User-agent: *\nDisallow: /x"
    assert rules.size < 300


def test_number_and_length_of_sitemaps_are_limited() -> None:
    many = "".join(f"Sitemap: https://a.example/{n}\n" for n in range(2 * MAX_SITEMAPS))
    assert (
        len(parse_robots(f"Sitemap: /{'x' * 5000}\n{many}".encode(), AGENT).sitemaps)
        == MAX_SITEMAPS
    )


def test_matching_takes_linear_time() -> None:
    pattern = "/" + "*a" * 8000 + "b$"
    assert RobotsRules(disallow=(pattern,)).allows("/" + "a" * 8000)
    assert robots_parser._matches("*a*a*a*", "xaxaxa")
    assert not robots_parser._matches("*a*a*a$", "xaxaxb")
