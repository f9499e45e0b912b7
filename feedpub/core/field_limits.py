"""Limit the size of an article's fields other than its text: titles, names, media URLs.

The author of a page or feed controls their length. They are cut here once, so that every part that
stores, compares, filters, publishes or logs them can rely on the limits.
"""

import hashlib
from dataclasses import replace
from typing import TypeVar

from feedpub.core.models import Article, Entry, Item
from feedpub.core.text import shorten

MAX_TITLE_CHARS = 500
MAX_SUMMARY_CHARS = 10_000  # some feeds have all their text in it
MAX_NAME_CHARS = 200
MAX_AUTHORS = 30
MAX_CATEGORIES = 50
MAX_ENCLOSURES = 100
MAX_URL_CHARS = 8192
_MAX_VERSION_CHARS = 1000

T = TypeVar("T", Item, Article, Entry)


def limit_fields(record: T) -> T:
    """Return an item, article or entry with every field within its limit.

    Human-readable texts are cut between two words.
    """
    limited = replace(
        record,
        title=shorten(record.title, MAX_TITLE_CHARS),
        summary=shorten(record.summary, MAX_SUMMARY_CHARS),
        authors=limit_authors(record.authors),
        categories=_limit_names(record.categories, MAX_CATEGORIES),
    )
    if isinstance(limited, Article):
        return limited
    limited = replace(
        limited,
        source_name=shorten(limited.source_name, MAX_NAME_CHARS),
        source_url=limited.source_url if len(limited.source_url) <= MAX_URL_CHARS else "",
        rights=shorten(limited.rights, MAX_TITLE_CHARS),
    )
    enclosures = limited.enclosures[:MAX_ENCLOSURES]
    valid = [enclosure for enclosure in enclosures if len(enclosure.url) <= MAX_URL_CHARS]
    limited = replace(limited, enclosures=tuple(valid))
    if isinstance(limited, Item):
        return replace(limited, version=_limit_version(limited.version))
    return limited


def limit_authors(authors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the authors of an item, article or entry within their limits."""
    return _limit_names(authors, MAX_AUTHORS)


def _limit_names(names: tuple[str, ...], max_names: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shorten(name, MAX_NAME_CHARS) for name in names[:max_names]))


def _limit_version(version: str) -> str:
    """Return a version, or its digest if it is too long; versions are only compared."""
    if len(version) <= _MAX_VERSION_CHARS:
        return version
    return hashlib.sha256(version.encode("utf-8", "replace")).hexdigest()
