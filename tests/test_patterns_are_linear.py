"""No regular expression lets a text hold the interpreter lock: the time that it takes grows with the text alone.

While a pattern is at work, no other thread runs: neither the scheduler nor the web server. Whoever
writes a page, a
feed or a header chooses the text.
"""

import re

import pytest

from tests.support.patterns import MAX_SECONDS, SIZE, Compiled, Cost, collect_patterns, measure

FEWEST = 280  # patterns of the package


@pytest.mark.slow(seconds=12)
def test_every_pattern_reads_a_long_text_quickly() -> None:
    """100 kB of a pattern's own alphabet take it at most 50 ms of CPU, by whichever method."""
    patterns = collect_patterns()
    costs = {place: measure(pattern) for place, pattern in patterns.items()}
    slowest = sorted(costs, key=lambda place: -costs[place].seconds)
    for place in slowest[:5]:
        print(_described(place, patterns[place], costs[place]))
    slow = [place for place in slowest if costs[place].seconds > MAX_SECONDS]
    assert not slow, "\n".join(_described(place, patterns[place], costs[place]) for place in slow)
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
def test_a_slow_pattern_is_found(pattern: str | bytes) -> None:
    """Repetitions that begin anywhere, that are inside each other, or that overlap."""
    assert measure(re.compile(pattern)).seconds > MAX_SECONDS


@pytest.mark.parametrize(
    "pattern", [r"\s", r"(?<!\s)\s++$", r"\A[\w.+-]{1,127}/[\w.+-]{1,127}", r"<[^<>]*+>"]
)
def test_a_quick_pattern_is_not(pattern: str) -> None:
    """Repetitions that begin in one place, and that nothing takes back."""
    assert measure(re.compile(pattern)).seconds <= MAX_SECONDS


def test_patterns_are_found_wherever_they_are() -> None:
    """As constants, in tables, in data files and in the calls that use them."""
    places = collect_patterns().keys()
    assert {
        "builder.prepare._MEDIA_TYPE",
        "sources.kinds._SIGNATURES[0][0]",
        "cleaner.embeds.load_embeds()['vimeo.com'][1]",
        "cleaner.metadata.names.words(en).join",
    } <= places
    assert any(place.startswith("config.durations:") for place in places)


def _described(place: str, pattern: Compiled, cost: Cost) -> str:
    start, unit = cost.attack
    text = f"{start!r} + {unit!r} * n, {cost.size:,} of {SIZE:,} characters"
    return (
        f"{cost.seconds * 1000:.1f} ms: {place}, {cost.method} of {text}: {pattern.pattern!r:.150}"
    )
