"""Characters that no document can hold (XML 1.0, section 2.2): taken out of what is read, before anything looks at it.

Beyond the controls these are halves of surrogate pairs, which are no characters, and U+FFFE and
U+FFFF.
"""

import re

_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\f\r"})  # HTML takes a form feed for a blank
_BLANKS = bytes.maketrans(b"\f", b" ")
_UNSOUND = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)

# What a terminal takes for a command, and the two overrides of direction, which make a text read as
# another one.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


def strip_terminal_commands(text: str) -> str:
    """Drop what commands a terminal.

    Control characters but for line breaks and tabs, and overrides of direction.
    """
    return _COMMANDS.sub("", text)


def escape_commands(document: str) -> str:
    """Write what commands a terminal as JSON's escapes; the JSON document says the same."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def shorten(text: str, max_chars: int) -> str:
    """Return the beginning of a line of text, cut between two words if it has any, and with an ellipsis."""
    if len(text) <= max_chars:
        return text
    return f"{text[:max_chars].rpartition(' ')[0] or text[: max_chars - 1]}…"


def strip_invalid_characters(text: str) -> str:
    """The text without them, and with a space for each form feed."""
    return _UNSOUND.sub("", text).replace("\f", " ")


def escape_control_characters(text: str) -> str:
    """Return a text that everything can write.

    Halves of surrogate pairs, as bytes in file names become, escaped.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def strip_invalid_markup(text: str) -> bytes:
    """HTML in UTF-8, without them and without references to them; half of a surrogate pair becomes a question mark.

    lxml reads them, but allows nobody to write them: what they are left in breaks later.
    """
    encoded = text.encode("utf-8", "replace").translate(_BLANKS, _CONTROLS)
    return _REFERENCE.sub(b"", encoded.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b""))


# SECTION: Numbers of things and lengths of texts, as people say them: "1 feed", "2 addresses".

# Thai, Lao, Burmese, Khmer, Japanese and Chinese put no spaces between words
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    "1 file", "2 files"; with a plural that is not made by an s: "2 addresses".
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def split_length(text: str) -> tuple[int, int]:
    """Return how many words between spaces a text has, and how many characters of scripts without spaces."""
    spaced, characters = _UNSPACED.subn(" ", text)
    return sum(any(map(str.isalnum, word)) for word in spaced.split()), characters


def count_words(text: str) -> int:
    """Return the number of words.

    Characters of scripts without spaces count as one each, as in word processors.
    """
    return sum(split_length(text))
