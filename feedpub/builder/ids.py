"""Make the ids of new entries, parse them, and name the pages of saved articles.

An id is never changed: readers recognise an entry by it.
"""

import re
import unicodedata
from collections.abc import Container
from datetime import UTC, datetime, time
from itertools import count

from feedpub.core.article_keys import key_digest
from feedpub.core.urls import host_from_url

_ID = re.compile(r"\Atag:([^,]+),(\d{4}-\d\d-\d\d):([^/]+)/([0-9a-f]{20})")
_MAX_SLUG_CHARS = 80


def new_entry_id(feed: str, key: str, base_url: str, now: datetime) -> str:
    """Return the id of a new entry, a tag URI (RFC 4151).

    It consists of the host of `base_url`, the current day, the feed's name, and a digest of the
    entry's key.
    """
    host = host_from_url(base_url)
    if not re.fullmatch(r"[a-z0-9.-]+", host):  # an IPv6 address is not allowed in a tag URI
        host = "localhost"
    return f"tag:{host},{now:%Y-%m-%d}:{feed}/{key_digest(key)}"


def is_id_of_feed(entry_id: str, feed: str) -> bool:
    """Return True if `new_entry_id` made the id for the feed."""
    found = _ID.fullmatch(entry_id)
    return found is not None and found[3] == feed


def host_from_id(entry_id: str) -> str:
    """Return the host of `base_url` on the day an id was made; "" if it is not one of ours."""
    found = _ID.fullmatch(entry_id)
    return found[1] if found else ""


def day_from_id(entry_id: str) -> datetime:
    """Return the start of the day on which an id was made.

    Raises:
        ValueError: it is not one of ours.
    """
    found = _ID.fullmatch(entry_id)
    if found is None:
        raise ValueError(f"not an id of feedpub: {entry_id!r}")
    return datetime.combine(datetime.fromisoformat(found[2]), time(), UTC)


def key_digest_from_id(entry_id: str) -> str:
    """Return the digest of the key that an id was made from."""
    return entry_id.rpartition("/")[2]


def page_slug(title: str, stem: str, taken: Container[str]) -> str:
    """Return an unused file stem for the page of a saved article.

    It is the title in ASCII, else the stem of its file; a number is added if it is taken.
    """
    base = _slugify(title) or _slugify(stem) or "article"
    slug = base
    numbers = count(2)
    while slug in taken:
        slug = f"{base}-{next(numbers)}"
    return slug


def _slugify(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    ascii_text = decomposed.encode("ascii", "ignore").decode().lower().replace("'", "")
    slug = "-".join(re.findall(r"[a-z0-9]+", ascii_text))
    if len(slug) <= _MAX_SLUG_CHARS:
        return slug
    at_word_end = slug[:_MAX_SLUG_CHARS].rpartition("-")[0]
    return at_word_end or slug[:_MAX_SLUG_CHARS]
