"""From a file to its text, and from that to a document, or to a ConfigError that says on which line it is no TOML."""

import re
import tomllib
from pathlib import Path

from feedpub.errors import ConfigError

DEFAULT = Path("config/feedpub.toml")

_LONG_NUMBER = re.compile(r"\d[\d_]{4000}")
_SYNTAX = (  # what tomllib says, and what usually helps
    ("Invalid value", 'text stands in quotes: key = "value"'),
    ("Expected newline or end of document", "one setting a line, and text in quotes"),
    ("Expected '='", "a setting is written key = value"),
    ("Cannot overwrite a value", "this key is given twice"),
    ("Cannot declare", "this table is given twice; several feeds and sources have two brackets: [[feed]]"),
    ("Cannot mutate immutable namespace", "this key is given twice"),
    ("Unterminated string", "a quotation mark is missing"),
    ('Expected "\'"', "a quotation mark is missing"),
    ("Unclosed array", "a closing ] is missing"),
    ("Unclosed inline table", "a table in braces stands on one line and ends in }"),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text between single quotes"),
    ("Illegal character", "the line is not finished, or a stray character stands in it"),
)


def read(path: Path) -> str:
    """The text of a config file. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `feedpub add URL` and `feedpub import FILE` make one, or name yours with -c FILE "
            "or in $FEEDPUB_CONFIG"
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder; name the file in it: -c {path / DEFAULT.name}") from None
    except OSError as error:
        raise unreadable(path, error) from error
    return _decoded(body, path)


def read_feeds(path: Path) -> str:
    """The text of a file in the folder of feeds. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    return _decoded(body, path)


def unreadable(path: Path, error: OSError) -> ConfigError:
    """What the system says of a file or folder that it does not give."""
    return ConfigError(f"{path}: cannot be read: {error.strerror}")


def _decoded(body: bytes, path: Path) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def exact(path: Path) -> str:
    """The text with its line ends and its byte order mark, for those who write it back. Raises ConfigError."""
    read(path)  # names what cannot be read as text
    return path.read_bytes().decode("utf-8")


def parsed(text: str, path: Path) -> dict[str, object]:
    """What a text says that stands, or is to stand, in a file. Raises ConfigError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error), text, path)) from None
    except RecursionError:
        raise ConfigError(f"{path}:1: brackets nested hundreds deep; a config needs three") from None
    except ValueError:  # of Python: it reads no numbers of thousands of digits
        line = next((n for n, line in enumerate(text.splitlines(), 1) if _LONG_NUMBER.search(line)), 1)
        raise ConfigError(f"{path}:{line}: a number of thousands of digits") from None


def _syntax(message: str, text: str, path: Path) -> str:
    """A syntax error with its line; the line's own text is not shown: it may hold a password."""
    what, _, place = message.rpartition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)\)", place)
    line, column = (found[1], f"column {found[2]}") if found else (text.rstrip().count("\n") + 1, "at the end")
    hint = next((f"; {hint}" for start, hint in _SYNTAX if what.startswith(start)), "")
    return f"{path}:{line}: {column}: {what[:1].lower()}{what[1:]}{hint}"
