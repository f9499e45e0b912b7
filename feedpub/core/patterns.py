"""The pattern language of the config: words, globs, regular expressions. Owns its grammar only.

- `re:` and a regular expression: found anywhere, in either case, on titles, texts and addresses
alike.
- over text: a word or phrase, found as whole words; `*` stands for the rest of a word (`sport*`).
- over an address: with `*` a glob for the whole address, for it without its scheme, or for its path
  and query (`*/news/*`, `example.org/news/*`, `/news/*`); without `*` a plain part of it
  (`/news/`).
"""

import re
from functools import lru_cache
from math import prod

import regex

from feedpub.core.errors import ResourceLimitError
from feedpub.core.text import pluralize

REGEX = "re:"
_COUNT = re.compile(r"\{(\d*+),?(\d*+)\}")
_MOST_REPEATED = (
    10_000_000  # all counts of an expression multiplied: regex writes out what is repeated
)
_LONGEST = 1.0  # seconds that a pattern may take over one text


def matches_pattern(pattern: str, text: str) -> bool:
    """True where the words of a pattern stand in a text: case and the kind of white space do not matter.

    Raises:
        ResourceLimitError: the pattern takes too long over this text, as nested repetitions do:
            `re:(a+)+$`.
    """
    return _found(compile_pattern(pattern), pattern, text)


def matches_url(pattern: str, url: str) -> bool:
    """True where a pattern fits an absolute address. Raises ResourceLimitError as `matches` does."""
    if pattern.startswith(REGEX):
        return _found(compile_pattern(pattern), pattern, url)
    if "*" not in pattern:
        return pattern.casefold() in url.casefold()
    bare = url.partition("://")[2]
    path = "/" + bare.partition("/")[2]
    return any(matches_glob(pattern.casefold(), form.casefold()) for form in (url, bare, path))


def _found(expression: "regex.Pattern[str]", pattern: str, text: str) -> bool:
    try:
        return (
            expression.search(text, timeout=_LONGEST, concurrent=True) is not None
        )  # other threads go on
    except TimeoutError:
        raise ResourceLimitError(
            f"the pattern {pattern!r} takes more than {_LONGEST:g} s over a text of {pluralize(len(text), 'character')}: "
            "write it without a repetition inside another"
        ) from None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """The pattern over text as a regular expression.

    Raises:
        ValueError: the pattern is empty, or its regular expression is not one; the message says
            where.
    """
    expression = pattern.removeprefix(REGEX).strip()
    if not expression:
        raise ValueError("an empty pattern would match everything")
    if not pattern.startswith(REGEX):
        expression = _words(expression)
    elif (
        prod(
            max(1, *(int(number or 0) for number in counts))
            for counts in _COUNT.findall(expression)
        )
        > _MOST_REPEATED
    ):
        raise ValueError(
            f"{pattern!r} repeats too much: the numbers in {{}} multiplied make over {_MOST_REPEATED:,}"
        )
    try:
        return regex.compile(expression, regex.IGNORECASE)
    except regex.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def _words(phrase: str) -> str:
    """Whole words, however they are spaced. A sign at either end needs no word's edge there."""
    words = r"\s+".join(re.escape(word).replace(r"\*", r"\w*") for word in phrase.split())
    start = r"(?<!\w)" if _spaced(phrase[0]) else ""
    end = r"(?!\w)" if _spaced(phrase[-1]) else ""
    return start + words + end


def _spaced(char: str) -> bool:
    """True for the letters and digits of scripts that put spaces between words."""
    return char.isalnum() and not "\u0e00" <= char <= "\u0eff" and not "\u3040" <= char <= "\u9fff"


def matches_glob(pattern: str, text: str) -> bool:
    """Compare a glob with all of a text.

    The parts between its stars, each at the first place behind the one before.
    """
    if "*" not in pattern:
        return pattern == text
    first, *between, last = pattern.split("*")
    if not text.startswith(first):
        return False
    at = len(first)
    for part in between:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last) and len(text) - len(last) >= at
