"""Patterns of the config match texts and URLs."""

from collections.abc import Callable

import pytest

from feedpub.core.errors import ResourceLimitError
from feedpub.core.patterns import compile_pattern, matches_pattern, matches_url

ADDRESS = "https://www.example.org/news/2024/ice-melts?page=2"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("ice", "The ice melts"),
        ("ICE", "The ice melts"),
        ("ice melts", "The ice\u00a0 melts."),
        ("sport*", "Motor and sports news"),
        ("C++", "Learning C++ today"),
        ("天気", "東京の天気予報"),
        ("re:^The", "The ice melts"),
        ("re:m.lt", "The ice MELTS"),
    ],
)
def test_pattern_matches_a_text(pattern: str, text: str) -> None:
    assert matches_pattern(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("ice", "The price rises"),
        ("ice", "Icecream for all"),
        ("sport", "Sports news"),
        ("sport*", "Transport news"),
        ("ice melts", "The ice slowly melts"),
        ("re:^ice", "The ice melts"),
    ],
)
def test_pattern_matches_complete_words_only(pattern: str, text: str) -> None:
    assert not matches_pattern(pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "/news/",
        "EXAMPLE.org",
        "/news/*",
        "*/2024/*",
        "https://www.example.org/*",
        "www.example.org/news/*",
        r"re:/\d{4}/",
    ],
)
def test_pattern_matches_a_url(pattern: str) -> None:
    assert matches_url(pattern, ADDRESS)


@pytest.mark.parametrize(
    "pattern", ["/sport/", "/2024/*", "example.org/news/*", "*/news", r"re:/\d{5}/"]
)
def test_glob_matches_a_complete_url_only(pattern: str) -> None:
    """It can omit the scheme, or scheme and host."""
    assert not matches_url(pattern, ADDRESS)


@pytest.mark.parametrize(
    ("pattern", "reason"), [("re:(", "not a regular expression"), ("re:", "empty"), (" ", "empty")]
)
def test_invalid_pattern_is_an_error(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compile_pattern(pattern)


@pytest.mark.parametrize("match", [matches_pattern, matches_url])
def test_pattern_that_takes_too_long_is_an_error(match: Callable[[str, str], bool]) -> None:
    with pytest.raises(ResourceLimitError, match="takes more than 1 s for a text of"):
        match("re:(?:a|a){2,}c", f"https://example.org/{'a' * 60} b c")
