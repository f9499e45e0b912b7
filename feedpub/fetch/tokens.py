"""Secrets in the paths of addresses: the tokens of private feeds, calendars and webhooks.

They are known by their shape: at least 16 letters and digits mixed as in no word, slug, date or number.
"""

import re
from urllib.parse import unquote

MIN_TOKEN_LENGTH = 16  # letters and digits
_PATH = re.compile(r"(?<=://)([^/\s?#]*)(/[^\s?#\"<>]+)")
_SEGMENT = re.compile(r"[^/]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PART = re.compile(r"[A-Za-z0-9]+")  # of a slug: a word or a number; of a token: anything
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # a word in CamelCase, or capitals
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{6}", re.IGNORECASE)
_DIGITS = "0123456789"
_MIN_PIECES = 3
_MAX_PIECE_LENGTH = 2.5  # characters on average; in names in CamelCase it is more
_MIN_SHARE = 0.6  # of a token's characters; of a slug that ends in a short id it is less
_MIN_RANDOM = 10  # letters and digits in all random parts
_MIN_ALONE = 14  # in one that is a token whatever stands around it; short ids at the end of slugs have up to 12


def mask_paths(text: str) -> str:
    """Return a text in whose addresses each part of a path that holds a token is "…"."""
    return _PATH.sub(lambda found: found[1] + _SEGMENT.sub(_mask, found[2]), text)


def secrets_in_path(url: str) -> list[str]:
    """Return the parts of an address's path, or of a path, that `mask_paths` masks."""
    address = url.partition("?")[0].partition("#")[0]
    path = address.partition("://")[2].partition("/")[2] if "://" in address else address
    return [segment for segment in path.split("/") if _holds_token(segment)]


def _mask(segment: re.Match[str]) -> str:
    core = segment[0].rstrip(",.;:)")  # of the sentence around it
    return f"…{segment[0][len(core) :]}" if _holds_token(core) else segment[0]


def _holds_token(segment: str) -> bool:
    if len(segment) < MIN_TOKEN_LENGTH:
        return False
    parts = _PART.findall(unquote(segment))
    total = sum(map(len, parts))
    random = [len(part) for part in parts if _is_random(part)]
    is_random = max(random, default=0) >= _MIN_ALONE or sum(random) >= max(_MIN_RANDOM, _MIN_SHARE * total)
    return total >= MIN_TOKEN_LENGTH and (is_random or _UUID.search(segment) is not None)


def _is_random(part: str) -> bool:
    """Return whether digits stand among letters, or capitals among small letters, as in no word."""
    letters = part.strip(_DIGITS)  # "covid19", "2nd"
    if letters and not letters.isalpha():
        return True
    pieces = _PIECE.findall(letters)
    if len(pieces) < _MIN_PIECES:
        return False
    return len(letters) < _MAX_PIECE_LENGTH * len(pieces) or _CONSONANTS.search(letters) is not None
