"""Secrets in the paths of addresses: the tokens of private feeds, calendars and webhooks.

They are known by their shape: at least 16 letters and digits mixed as in no word, slug, date or
number.
"""

import re
from dataclasses import replace
from urllib.parse import unquote

from feedpub.core.errors import MAX_REASON_CHARS
from feedpub.core.models import RunResult
from feedpub.core.text import shorten

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
# in one that is a token whatever stands around it; short ids at the end of slugs have up to 12
_MIN_ALONE = 14


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
    is_random = max(random, default=0) >= _MIN_ALONE or sum(random) >= max(
        _MIN_RANDOM, _MIN_SHARE * total
    )
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


# SECTION: What an outcome says to everybody: in the terminal, the log, on the status page, in the
# health feed and in alerts.

MAX_LOCATION_CHARS = 500  # of an address that something is wrong with


def redact_result(outcome: RunResult) -> RunResult:
    """The outcome without the passwords and tokens of addresses in it, and with nothing that commands a terminal."""
    if not outcome.problems:
        return outcome
    told = (
        replace(
            p,
            where=_printable(p.where, MAX_LOCATION_CHARS),
            reason=_printable(p.reason, MAX_REASON_CHARS),
        )
        for p in outcome.problems
    )
    return replace(outcome, problems=tuple(told))


def _printable(text: str, max_chars: int) -> str:
    shown = shorten(redact(text), max_chars)
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in shown)


_USERINFO = re.compile(r"^(\s*[a-z][a-z0-9+.-]*:)?([/\\]{2})[^/\\?#]*@", re.IGNORECASE)
_ANY_USERINFO = re.compile(r"(?<=://)[^/\\?#\s]*@")
# Each part of these ends where the next begins, so that a text is read once: by whoever wrote an
# address, it may be
# megabytes of "?" or ".".
_NAME = r"[^=?&;#\s]*"
_TELLTALE = (  # of a parameter: "feed_token", "apiKey", "auth"
    rf"{_NAME}(?:token|secret|passw(?:or)?d|api_?key|signature|session(?:_?id)?|credentials?)"
    rf"|(?:{_NAME}[-_.])?(?:key|pass|pwd|auth|sig|sid)"
)
# A value ends before the "." or ")" of the sentence that it stands in.
_SECRET = re.compile(rf"([?&;](?:{_TELLTALE})=)(?:[^&;#\s]*[^&;#\s:,.)]|[^&;#\s])", re.IGNORECASE)
_DIGEST = re.compile(rf"([?&;]{_NAME}=)[0-9a-f]{{32,}}+(?=[:,.)]*+(?:[&;#\s]|$))", re.IGNORECASE)


def strip_credentials(url: str) -> str:
    """The URL without user and password, for messages.

    Also of one that cannot be parsed or printed.
    """
    shown = _USERINFO.sub(r"\1\2", url)
    return (
        shown if shown.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in shown)
    )


def redact(text: str) -> str:
    """A text for everybody to read.

    Addresses in it lose user, password, and tokens in the path and the query.
    """
    return mask_paths(_DIGEST.sub(r"\1…", _SECRET.sub(r"\1…", _ANY_USERINFO.sub("", text))))


def secrets_in(url: str) -> list[str]:
    """The values in an address that `discreet` leaves out.

    Servers repeat them under other names.
    """
    found = [
        found[0].removeprefix(found[1])
        for pattern in (_SECRET, _DIGEST)
        for found in pattern.finditer(url)
    ]
    return found + secrets_in_path(url)
