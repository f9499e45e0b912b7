"""The time of every regular expression grows linearly with the length of the text.

While a pattern is matched, no other thread runs: neither the scheduler nor the web server. The
authors of pages, feeds and headers choose the text.
"""

import re

import pytest

from tests.support.patterns import MAX_SECONDS, SIZE, Compiled, Cost, collect_patterns, measure

FEWEST = 280  # patterns of the package


@pytest.mark.slow(seconds=12)
def test_pattern_takes_at_most_50_ms_for_100_kb() -> None:
    """The text consists of the pattern's own alphabet, and each method of the pattern is tried."""
    patterns = collect_patterns()
    costs = {place: measure(pattern) for place, pattern in patterns.items()}
    slowest = sorted(costs, key=lambda place: -costs[place].seconds)
    for place in slowest[:5]:
        print(_describe(place, patterns[place], costs[place]))
    slow = [place for place in slowest if costs[place].seconds > MAX_SECONDS]
    assert not slow, "\n".join(_describe(place, patterns[place], costs[place]) for place in slow)
    assert len(patterns) >= FEWEST


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s+$",
        r"[\w.+-]+/[\w.+-]+",
        r"(a+)+b",
        r"(?:\w|_)*!",
        r"^(?:\s*<br>)+|(?:<br>\s*)+$",
        r"\.{2,}\d",
        rb"<!--.*?-->",
    ],
)
def test_slow_pattern_is_found(pattern: str | bytes) -> None:
    """Its repetitions begin anywhere, are nested, or overlap."""
    assert measure(re.compile(pattern)).seconds > MAX_SECONDS


@pytest.mark.parametrize(
    "pattern", [r"\s", r"(?<!\s)\s++$", r"\A[\w.+-]{1,127}/[\w.+-]{1,127}", r"<[^<>]*+>"]
)
def test_fast_pattern_is_not_reported(pattern: str) -> None:
    """Its repetitions begin in one place, or do not backtrack."""
    assert measure(re.compile(pattern)).seconds <= MAX_SECONDS


def test_patterns_are_found_in_constants_tables_data_files_and_calls() -> None:
    places = collect_patterns().keys()
    assert {
        "builder.rss_atom_text._MEDIA_TYPE",
        "sources.document._SIGNATURES[0][0]",
        "cleaner.embeds.load_embeds()['vimeo.com'][1]",
        "cleaner.metadata.authors.byline_words(en).join",
    } <= places
    assert any(place.startswith("config.types:") for place in places)


def _describe(place: str, pattern: Compiled, cost: Cost) -> str:
    start, unit = cost.attack
    text = f"{start!r} + {unit!r} * n, {cost.size:,} of {SIZE:,} characters"
    return (
        f"{cost.seconds * 1000:.1f} ms: {place}, {cost.method} of {text}: {pattern.pattern!r:.150}"
    )
