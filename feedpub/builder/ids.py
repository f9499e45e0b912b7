"""Make the ids of new entries, and the names of the pages of saved articles."""

import re
import unicodedata
from collections.abc import Container
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.core.article_keys import key_digest

_SLUG_LENGTH = 80


def new_entry_id(feed: str, key: str, base_url: str, now: datetime) -> str:
    """A tag.

    URI (RFC 4151) for a new entry: the publisher's host and the day, the feed, and a digest of its
    key.
    """
    host = urlsplit(base_url).hostname or "localhost"
    authority = (
        host if re.fullmatch(r"[a-z0-9.-]+", host) else "localhost"
    )  # an IPv6 address cannot stand in a tag
    return f"tag:{authority},{now:%Y-%m-%d}:{feed}/{key_digest(key)}"


def page_slug(title: str, stem: str, taken: Container[str]) -> str:
    """The file stem of a saved article's own page.

    Its title in ASCII, else its file's, numbered where taken.
    """
    base = _ascii(title) or _ascii(stem) or "article"
    names = (base if n == 1 else f"{base}-{n}" for n in range(1, 1_000_000))
    return next(name for name in names if name not in taken)


def _ascii(text: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    words = re.findall(r"[a-z0-9]+", plain.lower().replace("'", ""))
    cut = "-".join(words)[: _SLUG_LENGTH + 1]
    return (
        cut
        if len(cut) <= _SLUG_LENGTH
        else cut[:_SLUG_LENGTH].rpartition("-")[0] or cut[:_SLUG_LENGTH]
    )
