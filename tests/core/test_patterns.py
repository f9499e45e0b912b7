"""The pattern language of the config."""

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
def test_a_pattern_fits_text(pattern: str, text: str) -> None:
    """Words in any case and spacing, rests of words, signs, scripts without spaces, regular expressions."""
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
def test_a_pattern_wants_whole_words(pattern: str, text: str) -> None:
    """A word inside another word is not that word."""
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
def test_a_pattern_fits_an_address(pattern: str) -> None:
    """A plain part, a glob over the path, the host and path or the whole, or a regular expression."""
    assert matches_url(pattern, ADDRESS)


@pytest.mark.parametrize(
    "pattern", ["/sport/", "/2024/*", "example.org/news/*", "*/news", r"re:/\d{5}/"]
)
def test_a_glob_fits_the_whole(pattern: str) -> None:
    """A glob is held against the whole address, or host and path, or path; never against a part."""
    assert not matches_url(pattern, ADDRESS)


@pytest.mark.parametrize(
    ("pattern", "reason"), [("re:(", "not a regular expression"), ("re:", "empty"), (" ", "empty")]
)
def test_a_pattern_that_cannot_be_used_says_why(pattern: str, reason: str) -> None:
    """The config's loader turns this into its own message."""
    with pytest.raises(ValueError, match=reason):
        compile_pattern(pattern)


@pytest.mark.parametrize("match", [matches_pattern, matches_url])
def test_a_pattern_that_takes_too_long_is_an_error(match: Callable[[str, str], bool]) -> None:
    """It would take for ever; whoever wrote it is told which it is."""
    with pytest.raises(ResourceLimitError, match="takes more than 1 s for a text of"):
        match("re:(?:a|a){2,}c", f"https://example.org/{'a' * 60} nobody c")
