"""Clean, escape, shorten and measure texts, and format times relative to now.

XML 1.0 (section 2.2) allows neither control characters, nor lone surrogates, nor U+FFFE and
U+FFFF. They are removed from all input before it is parsed.
"""

import re
from datetime import datetime, timedelta

_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\f\r"})  # HTML treats a form feed as white space
_FORM_FEED_TO_SPACE = bytes.maketrans(b"\f", b" ")
_INVALID = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])"
    rb"|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
# Characters that a terminal obeys, and the two overrides of the text direction, which disguise a
# text as a different one.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")
# Thai, Lao, Burmese, Khmer, Japanese and Chinese put no spaces between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))  # name, seconds


def strip_invalid_characters(text: str) -> str:
    """Remove the characters that XML does not allow; a form feed becomes a space."""
    return _INVALID.sub("", text).replace("\f", " ")


def strip_invalid_markup(text: str) -> bytes:
    """Encode HTML as UTF-8 without the characters that XML does not allow, and references to them.

    lxml reads such characters but refuses to write them. A lone surrogate becomes a question mark.
    """
    encoded = text.encode("utf-8", "replace").translate(_FORM_FEED_TO_SPACE, _CONTROLS)
    encoded = encoded.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    return _REFERENCE.sub(b"", encoded)


def strip_terminal_commands(text: str) -> str:
    """Remove control characters, except line breaks and tabs, and overrides of the direction."""
    return _COMMANDS.sub("", text)


def escape_commands(document: str) -> str:
    """Write the terminal commands in a JSON document as JSON escapes; its meaning is the same."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def escape_control_characters(text: str) -> str:
    """Escape lone surrogates, which represent undecodable bytes in file names."""
    return text.encode("utf-8", "backslashreplace").decode()


def shorten(text: str, max_chars: int) -> str:
    """Cut a line of text between two words, if possible, and append an ellipsis."""
    if len(text) <= max_chars:
        return text
    return f"{text[:max_chars].rpartition(' ')[0] or text[: max_chars - 1]}…"


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 file", "2 files".

    Args:
        number: determines the form of the noun.
        noun: its singular.
        plural: its plural, if that is not the singular and an s: "addresses".
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def split_length(text: str) -> tuple[int, int]:
    """Return the number of words between spaces, and of characters of scripts without spaces."""
    spaced, characters = _UNSPACED.subn(" ", text)
    words = sum(any(map(str.isalnum, word)) for word in spaced.split())
    return words, characters


def separate_characters(text: str) -> str:
    """Put spaces around each character of scripts without spaces, so that each is a word."""
    return _UNSPACED.sub(r" \g<0> ", text)


def count_words(text: str) -> int:
    """Return the number of words; a character of a script without spaces counts as a word."""
    return sum(split_length(text))


def format_age(moment: datetime, now: datetime) -> str:
    """Format how long ago a moment was, in the largest unit that fits: "3 hours ago"."""
    length = _format_length(now - moment)
    return f"{length} ago" if length else "just now"


def format_relative(moment: datetime, now: datetime) -> str:
    """Format a past or future moment: "3 hours ago", "in 24 minutes"."""
    if moment <= now:
        return format_age(moment, now)
    return f"in {_format_length(moment - now) or 'less than a minute'}"


def _format_length(length: timedelta) -> str:
    """Format a length in complete units, rounded down; "" for less than a minute."""
    seconds = length.total_seconds()
    for name, size in _UNITS:
        if seconds >= size:
            return pluralize(int(seconds // size), name)
    return ""
