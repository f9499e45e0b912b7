"""Negotiate the content coding and conditional requests (RFC 9110, sections 12.5.3 and 13)."""

import gzip
import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

IDENTITY_CODING = "identity"
COMPRESSIBLE_TYPES = ("br", "gzip")
# By preference, for codings that a client accepts equally
OFFERED_CODINGS = (*COMPRESSIBLE_TYPES, IDENTITY_CODING)
_BROTLI_QUALITY = 6  # 11 takes 100 times as long and saves another tenth
_GZIP_LEVEL = 6
_LAST_RESORT_WEIGHT = 1e-6  # of the identity coding, if the client does not name it
_ETAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def compress(body: bytes, coding: str) -> bytes:
    """Return a body in a content coding. The same body always gives the same bytes."""
    if coding == "br":
        import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 -- many clients never accept it

        return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
    if coding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return body


@lru_cache(maxsize=256)
def choose_coding(accepted: bytes | None, offered: tuple[str, ...]) -> str | None:
    """Return the coding for a response.

    Args:
        accepted: The Accept-Encoding header; None if there is none.
        offered: Available codings, the preferred ones first.

    Returns:
        One of the offered codings; None if the client accepts none.
    """
    if accepted is None:
        return IDENTITY_CODING
    weights = _parse_weights(accepted)
    default = weights.get("*", 0.0)
    if "*" not in weights:
        weights.setdefault(IDENTITY_CODING, _LAST_RESORT_WEIGHT)
    # `max` returns the first of equals
    best = max(offered, key=lambda coding: weights.get(coding, default))
    return best if weights.get(best, default) > 0 else None


def _parse_weights(accepted: bytes) -> dict[str, float]:
    weights = {}
    for item in accepted.decode("latin-1").lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if coding:
            weights["gzip" if coding == "x-gzip" else coding] = _parse_weight(parameters)
    return weights


def _parse_weight(parameters: list[str]) -> float:
    """Return the value of `q`; 0 if it is invalid."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return min(weight, 1.0) if weight > 0 else 0.0  # also for "nan"
    return 1.0


def is_not_modified(
    none_match: bytes | None, modified_since: bytes | None, etag: bytes, modified: int
) -> bool:
    """Return True if the client already has the current version, so that a 304 is enough.

    Args:
        none_match: The If-None-Match header. It takes precedence.
        modified_since: The If-Modified-Since header.
        etag: The current version's ETag, with its quotes.
        modified: When it was written, in seconds since 1970.
    """
    if none_match is not None:
        return none_match.strip() == b"*" or etag in _ETAG.findall(none_match)
    since = _parse_date(modified_since) if modified_since else None
    return since is not None and modified <= since


@lru_cache(maxsize=256)
def http_date(seconds: int) -> bytes:
    """Return a time as HTTP headers write it."""
    return formatdate(seconds, usegmt=True).encode()


@lru_cache(maxsize=256)
def _parse_date(date: bytes) -> float | None:
    """Parse a date in any of HTTP's three formats; None if it is invalid."""
    text = date.decode("latin-1")
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
