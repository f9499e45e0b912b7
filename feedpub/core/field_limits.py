"""Limits of what an article says of itself beside its text: titles, names, categories, addresses of media.

Whoever writes a page or a feed chooses how long they are. Cut here, once, they are short for
everybody who stores, compares, filters, publishes or logs them.
"""

import hashlib
from dataclasses import replace
from typing import TypeVar

from feedpub.core.models import Article, Entry, Item
from feedpub.core.text import shorten

MAX_TITLE_CHARS = 500
MAX_SUMMARY_CHARS = 10_000  # of a feed it may be all the text that there is
MAX_NAME_CHARS = 200
MAX_AUTHORS = 30
MAX_CATEGORIES = 50
MAX_ENCLOSURES = 100
MAX_URL_CHARS = 8192
_MAX_VERSION_CHARS = 1000

T = TypeVar("T", Item, Article, Entry)


def limit_fields(record: T) -> T:
    """Return an item, article or entry with no field beyond its limit.

    Texts for people are cut at a word.
    """
    limited = replace(
        record,
        title=shorten(record.title, MAX_TITLE_CHARS),
        summary=shorten(record.summary, MAX_SUMMARY_CHARS),
        authors=_limit_names(record.authors, MAX_AUTHORS),
        categories=_limit_names(record.categories, MAX_CATEGORIES),
    )
    if isinstance(limited, Article):
        return limited
    fitting = [
        each for each in limited.enclosures[:MAX_ENCLOSURES] if len(each.url) <= MAX_URL_CHARS
    ]
    limited = replace(limited, enclosures=tuple(fitting))
    return (
        replace(limited, version=_limit_version(limited.version))
        if isinstance(limited, Item)
        else limited
    )


def _limit_names(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shorten(name, MAX_NAME_CHARS) for name in names[:most]))


def _limit_version(version: str) -> str:
    """Return a version as it is, or its digest, which differs where the version does."""
    if len(version) <= _MAX_VERSION_CHARS:
        return version
    return hashlib.sha256(version.encode("utf-8", "replace")).hexdigest()
