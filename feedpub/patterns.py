"""The pattern language of the config: words, globs, regular expressions. Owns its grammar only.

- `re:` and a regular expression: found anywhere, in either case, on titles, texts and addresses alike.
- over text: a word or phrase, found as whole words; `*` stands for the rest of a word (`sport*`).
- over an address: with `*` a glob for the whole address, for it without its scheme, or for its path and query
  (`*/news/*`, `example.org/news/*`, `/news/*`); without `*` a plain part of it (`/news/`).
"""

import re
from functools import lru_cache

REGEX = "re:"


def matches(pattern: str, text: str) -> bool:
    """True where the words of a pattern stand in a text: case and the kind of white space do not matter."""
    return compile_pattern(pattern).search(text) is not None


def matches_url(pattern: str, url: str) -> bool:
    """True where a pattern fits an absolute address."""
    if pattern.startswith(REGEX):
        return compile_pattern(pattern).search(url) is not None
    if "*" not in pattern:
        return pattern.casefold() in url.casefold()
    bare = url.partition("://")[2]
    path = "/" + bare.partition("/")[2]
    return any(_glob(pattern).fullmatch(form) for form in (url, bare, path))


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern over text as a regular expression.

    Raises:
        ValueError: the pattern is empty, or its regular expression is not one; the message says where.
    """
    expression = pattern.removeprefix(REGEX).strip()
    if not expression:
        raise ValueError("an empty pattern would match everything")
    if not pattern.startswith(REGEX):
        expression = _words(expression)
    try:
        return re.compile(expression, re.IGNORECASE)
    except re.error as error:
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


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL)
