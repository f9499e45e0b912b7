"""Whether a client has the newest version already (RFC 9110, section 13)."""

import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

_ETAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def is_current(none_match: bytes | None, modified_since: bytes | None, etag: bytes, modified: int) -> bool:
    """Whether a 304 says all there is to say.

    Args:
        none_match: If-None-Match; where it is sent, it alone counts.
        modified_since: If-Modified-Since.
        etag: of the newest version, in its quotes.
        modified: when that was written, in seconds since 1970.
    """
    if none_match is not None:
        return none_match.strip() == b"*" or etag in _ETAG.findall(none_match)
    since = _seconds(modified_since) if modified_since else None
    return since is not None and modified <= since


@lru_cache(maxsize=256)
def http_date(seconds: int) -> bytes:
    """The form in which headers have a moment."""
    return formatdate(seconds, usegmt=True).encode()


@lru_cache(maxsize=256)
def _seconds(date: bytes) -> float | None:
    """A date in any of the three forms that HTTP knows; None for what is none of them."""
    text = date.decode("latin-1")
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
