"""From a TOML file to a `Config`, or to one ConfigError that lists every problem with its line."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from feedpub.config.conflicts import conflicts
from feedpub.config.messages import Finding, findings, where
from feedpub.config.models import Config
from feedpub.config.positions import Positions
from feedpub.config.site_rules import SiteFile
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


def find_config(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The config file to use.

    The one that `-c` names, else $FEEDPUB_CONFIG, else feedpub.toml in the folder that systemd gives a service for its
    config, else config/feedpub.toml.
    """
    given = _given(environ, "CONFIGURATION_DIRECTORY")
    named = option or environ.get("FEEDPUB_CONFIG") or (Path(given, DEFAULT.name) if given else DEFAULT)
    return Path(os.path.expanduser(named))  # noqa: PTH111 -- pathlib's raises where there is no such home


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The config in a file, its paths absolute. Raises ConfigError: one line a problem, all of them at once.

    `environ` is asked for STATE_DIRECTORY, the folder that systemd gives a service for its state: relative paths of
    feeds and state start there.
    """
    return parse(read(path), path, environ)


def parse(text: str, path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The config in a text that stands, or is to stand, in a file. Raises ConfigError as `load` does."""
    document = _parse(text, path)
    _complete(document, environ)
    positions = Positions(text)
    found = list(conflicts(document, positions, path))
    try:
        config = Config.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        found += findings(error)
    else:
        if not found:
            return config
    raise ConfigError(_report(found, positions, path, document)) from None


def load_site(path: Path) -> tuple[SiteFile, Positions]:
    """The rules in a site's file, and on which lines they stand. Raises ConfigError, as `load` does."""
    return parse_site(read(path), path)


def parse_site(text: str, path: Path) -> tuple[SiteFile, Positions]:
    """The rules in a text that stands, or is to stand, in a site's file. Raises ConfigError as `load_site` does."""
    document = _parse(text, path)
    positions = Positions(text)
    try:
        return SiteFile.model_validate(document), positions
    except ValidationError as error:
        raise ConfigError(_report(findings(error, SiteFile), positions, path, document)) from None


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
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def exact(path: Path) -> str:
    """The same with its line ends and its byte order mark, for those who write it back. Raises ConfigError."""
    read(path)  # names what cannot be read as text
    return path.read_bytes().decode("utf-8")


def _parse(text: str, path: Path) -> dict[str, object]:
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


def _complete(document: dict[str, object], environ: Mapping[str, str]) -> None:
    """Fill in what the place of running decides: under systemd, feeds and state lie in the service's state folder."""
    settings = document.setdefault("feedpub", {})
    document.setdefault("rules", {})  # whose default is a path beside the config, too
    state = _given(environ, "STATE_DIRECTORY")
    if isinstance(settings, dict) and state:
        settings["output"] = _within(state, settings.get("output", "feeds"))
        settings["state"] = _within(state, settings.get("state", "."))


def _given(environ: Mapping[str, str], name: str) -> str:
    """A folder that systemd gives a service: the first, where it gives several; "" where it gives none."""
    return environ.get(name, "").partition(":")[0]


def _within(folder: str, written: object) -> object:
    """A relative path in a folder, which no number of .. leads out of; whatever else is written stays as it is."""
    if not isinstance(written, str) or not written.strip() or written.startswith(("/", "~")) or "://" in written:
        return written
    return os.path.join(folder, os.path.normpath(f"/{written}")[1:])  # noqa: PTH118 -- pathlib keeps the ..


def _report(found: Iterable[Finding], positions: Positions, path: Path, document: object) -> str:
    lines = {(positions.line(at), f"{where(at, document)}: {text}") for at, text in found}
    return "\n".join(f"{path}:{line}: {text}" for line, text in sorted(lines))
