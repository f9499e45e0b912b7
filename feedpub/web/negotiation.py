"""Which compression a client takes (RFC 9110, section 12.5.3), and how to compress."""

import gzip
import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

import brotli  # type: ignore[import-untyped]

IDENTITY_CODING = "identity"
COMPRESSIBLE_TYPES = ("br", "gzip")
OFFERED_CODINGS = (
    *COMPRESSIBLE_TYPES,
    IDENTITY_CODING,
)  # the best first, among those that a client likes equally
_BROTLI_QUALITY = 6  # of 11, which takes 100 times as long and saves another tenth
_GZIP_LEVEL = 6


def compress(body: bytes, coding: str) -> bytes:
    """The body in a coding; the same bytes for the same body."""
    if coding == "br":
        return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if coding == "gzip" else body


@lru_cache(maxsize=256)
def choose_coding(accepted: bytes | None, offered: tuple[str, ...]) -> str | None:
    """The coding to answer in.

    Args:
        accepted: Accept-Encoding; None where the client sent none.
        offered: what there is, the best first.

    Returns:
        One of those offered; None where the client takes none of them.
    """
    if accepted is None:
        return IDENTITY_CODING
    weights = _weights(accepted)
    rest = weights.get("*")
    liked = {coding: weights.get(coding, _unnamed(coding, rest)) for coding in offered}
    best = max(offered, key=lambda coding: liked[coding])  # of equals, the first
    return best if liked[best] > 0 else None


def _unnamed(coding: str, rest: float | None) -> float:
    """How much a client likes a coding that it does not name.

    None at all, but for the plain bytes, as a last way.
    """
    if rest is not None:
        return rest
    return 1e-6 if coding == IDENTITY_CODING else 0.0


def _weights(accepted: bytes) -> dict[str, float]:
    weights = {}
    for item in accepted.decode("latin-1").lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if coding:
            weights["gzip" if coding == "x-gzip" else coding] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    """What stands after q=; what cannot be read counts as "rather not"."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return min(weight, 1.0) if weight > 0 else 0.0  # "nan" is not
    return 1.0


# SECTION: Whether a client has the newest version already (RFC 9110, section 13).

_ETAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def is_not_modified(
    none_match: bytes | None, modified_since: bytes | None, etag: bytes, modified: int
) -> bool:
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
