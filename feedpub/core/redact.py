"""Remove passwords and tokens from texts and URLs.

Tokens in the paths of private feeds, calendars and webhooks are recognised by their form: at least
16 letters and digits, mixed as in no word, slug, date or number.
"""

import re
from dataclasses import replace
from urllib.parse import unquote

from feedpub.core.errors import MAX_REASON_CHARS
from feedpub.core.models import RunResult
from feedpub.core.text import shorten

MAX_LOCATION_CHARS = 500  # of a URL in a reported problem
_USERINFO = re.compile(r"^(\s*[a-z][a-z0-9+.-]*:)?([/\\]{2})[^/\\?#]*@", re.IGNORECASE)
_ANY_USERINFO = re.compile(r"(?<=://)[^/\\?#\s]*@")
# Each part of these expressions ends where the next one begins, so that matching takes linear
# time: an attacker can send megabytes of "?" or ".".
_NAME = r"[^=?&;#\s]*"
_SECRET_NAME = (  # of a parameter: "feed_token", "apiKey", "auth"
    rf"{_NAME}(?:token|secret|passw(?:or)?d|api_?key|signature|session(?:_?id)?|credentials?)"
    rf"|(?:{_NAME}[-_.])?(?:key|pass|pwd|auth|sig|sid)"
)
# A value ends before the "." or ")" of the surrounding sentence.
_SECRET = re.compile(
    rf"([?&;](?:{_SECRET_NAME})=)(?:[^&;#\s]*[^&;#\s:,.)]|[^&;#\s])", re.IGNORECASE
)
_DIGEST = re.compile(rf"([?&;]{_NAME}=)[0-9a-f]{{32,}}+(?=[:,.)]*+(?:[&;#\s]|$))", re.IGNORECASE)

_PATH = re.compile(r"(?<=://)([^/\s?#]*)(/[^\s?#\"<>]+)")
_SEGMENT = re.compile(r"[^/]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PART = re.compile(r"[A-Za-z0-9]+")  # of a slug: a word or a number; of a token: anything
_WORD_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # a word in CamelCase, or capitals
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{6}", re.IGNORECASE)
_DIGITS = "0123456789"
_MIN_TOKEN_CHARS = 16  # letters and digits
_MIN_PIECES = 3
_MAX_PIECE_CHARS = 2.5  # on average; names in CamelCase have more
_MIN_RANDOM_SHARE = 0.6  # of a token; a slug that ends in a short id has less
_MIN_RANDOM_CHARS = 10  # in all random parts together
# A random part of this length is a token in any context; ids at the end of slugs have up to 12.
_MIN_RANDOM_PART_CHARS = 14


def redact(text: str) -> str:
    """Remove user, password and tokens from each URL in a text."""
    text = _ANY_USERINFO.sub("", text)
    text = _SECRET.sub(r"\1…", text)
    text = _DIGEST.sub(r"\1…", text)
    return mask_paths(text)


def redact_result(result: RunResult) -> RunResult:
    """Remove secrets and control characters from the problems of a run.

    The terminal, the log, the status page, the health feed and alerts all show them.
    """
    if not result.problems:
        return result
    problems = []
    for problem in result.problems:
        where = _make_printable(problem.where, MAX_LOCATION_CHARS)
        reason = _make_printable(problem.reason, MAX_REASON_CHARS)
        problems.append(replace(problem, where=where, reason=reason))
    return replace(result, problems=tuple(problems))


def _make_printable(text: str, max_chars: int) -> str:
    text = shorten(redact(text), max_chars)
    if text.isprintable():
        return text
    return "".join(map(_replace_unprintable, text))


def _replace_unprintable(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\ufffd"


def strip_credentials(url: str) -> str:
    """Remove user and password from a URL, even if it is invalid or unprintable."""
    shown = _USERINFO.sub(r"\1\2", url)
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else "\ufffd" for c in shown)


def find_secrets(url: str) -> list[str]:
    """Return the values that `redact` removes from a URL's path and query.

    Servers repeat them elsewhere under other names.
    """
    found: list[str] = []
    for pattern in (_SECRET, _DIGEST):
        found += [match[0].removeprefix(match[1]) for match in pattern.finditer(url)]
    return found + secrets_in_path(url)


def mask_paths(text: str) -> str:
    """Replace each path segment that contains a token by "…", in all URLs of a text."""
    return _PATH.sub(lambda found: found[1] + _SEGMENT.sub(_mask_segment, found[2]), text)


def secrets_in_path(url: str) -> list[str]:
    """Return the path segments of a URL, or of a path, that `mask_paths` replaces."""
    path = url.partition("?")[0].partition("#")[0]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    return [segment for segment in path.split("/") if _contains_token(segment)]


def _mask_segment(segment: re.Match[str]) -> str:
    core = segment[0].rstrip(",.;:)")  # the punctuation of the surrounding sentence
    return f"…{segment[0][len(core) :]}" if _contains_token(core) else segment[0]


def _contains_token(segment: str) -> bool:
    if len(segment) < _MIN_TOKEN_CHARS:
        return False
    parts = _PART.findall(unquote(segment))
    total = sum(map(len, parts))
    if total < _MIN_TOKEN_CHARS:
        return False
    if _UUID.search(segment):
        return True
    random = [len(part) for part in parts if _is_random(part)]
    if max(random, default=0) >= _MIN_RANDOM_PART_CHARS:
        return True
    return sum(random) >= max(_MIN_RANDOM_CHARS, _MIN_RANDOM_SHARE * total)


def _is_random(part: str) -> bool:
    """Return True if digits appear between letters, or capitals between small letters."""
    letters = part.strip(_DIGITS)  # "covid19", "2nd"
    if letters and not letters.isalpha():
        return True
    pieces = _WORD_PIECE.findall(letters)
    if len(pieces) < _MIN_PIECES:
        return False
    if len(letters) < _MAX_PIECE_CHARS * len(pieces):
        return True
    return _CONSONANTS.search(letters) is not None
