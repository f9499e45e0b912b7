"""Match texts and URLs against the patterns of the config.

- `re:` begins a regular expression. It is searched anywhere in a title, text or URL, in any case.
- In a text, a pattern is a word or phrase that must match complete words. `*` matches the rest of
  a word (`sport*`).
- In a URL, a pattern with `*` is a glob for the complete URL, for the URL without its scheme, or
  for its path and query (`*/news/*`, `example.org/news/*`, `/news/*`). A pattern without `*` is a
  substring (`/news/`).
"""

import re
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

from feedpub.core.errors import ResourceLimitError
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    import regex

REGEX = "re:"
_COUNT = re.compile(r"\{(\d*+),?(\d*+)\}")
_MAX_REPETITIONS = 10_000_000  # the product of all counts; regex writes out what is repeated
_MAX_SECONDS = 1.0  # for one pattern and one text


def matches_pattern(pattern: str, text: str) -> bool:
    """Return True if a text contains the words of a pattern, in any case and spacing.

    Raises:
        ResourceLimitError: the pattern takes too long, as nested repetitions do: `re:(a+)+$`.
    """
    return _search(pattern, text)


def matches_url(pattern: str, url: str) -> bool:
    """Return True if a pattern matches an absolute URL.

    Raises:
        ResourceLimitError: the pattern takes too long.
    """
    if pattern.startswith(REGEX):
        return _search(pattern, url)
    pattern = pattern.casefold()
    if "*" not in pattern:
        return pattern in url.casefold()
    without_scheme = url.partition("://")[2]
    path = "/" + without_scheme.partition("/")[2]
    return any(matches_glob(pattern, form.casefold()) for form in (url, without_scheme, path))


def _search(pattern: str, text: str) -> bool:
    expression = compile_pattern(pattern)
    try:
        # `concurrent` releases the interpreter lock, so that other threads continue.
        return expression.search(text, timeout=_MAX_SECONDS, concurrent=True) is not None
    except TimeoutError:
        raise ResourceLimitError(
            f"the pattern {pattern!r} takes more than {_MAX_SECONDS:g} s for a text of "
            f"{pluralize(len(text), 'character')}: write it without nested repetitions"
        ) from None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """Compile a pattern for texts to a regular expression.

    Raises:
        ValueError: the pattern is empty, or its regular expression is invalid; the message states
            the position.
    """
    import regex  # noqa: PLC0415 -- many configs have no patterns

    expression = pattern.removeprefix(REGEX).strip()
    if not expression:
        raise ValueError("an empty pattern would match everything")
    if not pattern.startswith(REGEX):
        expression = _phrase_expression(expression)
    elif _count_repetitions(expression) > _MAX_REPETITIONS:
        raise ValueError(
            f"{pattern!r} repeats too much: the product of the numbers in {{}} exceeds "
            f"{_MAX_REPETITIONS:,}"
        )
    try:
        return regex.compile(expression, regex.IGNORECASE)
    except regex.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def _count_repetitions(expression: str) -> int:
    counts = [max(1, int(low or 0), int(high or 0)) for low, high in _COUNT.findall(expression)]
    return prod(counts)


def _phrase_expression(phrase: str) -> str:
    """Return a regular expression for complete words in any spacing.

    A phrase that begins or ends with a punctuation mark needs no word boundary there.
    """
    words = [re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()]
    start = r"(?<!\w)" if _needs_boundary(phrase[0]) else ""
    end = r"(?!\w)" if _needs_boundary(phrase[-1]) else ""
    return start + r"\s+".join(words) + end


def _needs_boundary(char: str) -> bool:
    """Return True for a letter or digit of a script that puts spaces between words."""
    is_thai_or_lao = "\u0e00" <= char <= "\u0eff"
    is_east_asian = "\u3040" <= char <= "\u9fff"
    return char.isalnum() and not is_thai_or_lao and not is_east_asian


def matches_glob(pattern: str, text: str) -> bool:
    """Match a glob against an entire text, in linear time."""
    if "*" not in pattern:
        return pattern == text
    first, *between, last = pattern.split("*")
    if not text.startswith(first):
        return False
    position = len(first)
    for part in between:
        position = text.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return text.endswith(last) and len(text) - len(last) >= position
