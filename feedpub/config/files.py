"""Read the files of a config: the main one, and those in feeds.d, which contain only feeds."""

import os
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from feedpub.config.errors import ConfigFinding, describe_path
from feedpub.config.toml_lines import KeyPath, TomlLines
from feedpub.core.errors import ConfigError

DEFAULT_NAME = Path("config/feedpub.toml")
FEEDS_FOLDER = "feeds.d"
_FEEDS = "feed"
_LONG_NUMBER = re.compile(r"\d[\d_]{4000}")
_SYNTAX_HINTS = (  # the beginning of tomllib's message, and the usual cause
    ("Invalid value", 'text must be in quotes: key = "value"'),
    (
        "Expected newline or end of document",
        "write one setting per line, and text in quotes",
    ),
    ("Expected '='", "a setting is written key = value"),
    ("Cannot overwrite a value", "this key is given twice"),
    (
        "Cannot declare",
        "this table is given twice; feeds and sources need two brackets: [[feed]]",
    ),
    ("Cannot mutate immutable namespace", "this key is given twice"),
    ("Unterminated string", "a quotation mark is missing"),
    ('Expected "\'"', "a quotation mark is missing"),
    ("Unclosed array", "a closing ] is missing"),
    ("Unclosed inline table", "an inline table must be on one line and end with }"),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text between single quotes"),
    ("Illegal character", "the line is incomplete or contains a stray character"),
)

ConfigIssue = tuple[int, int, str]
"""A problem: the number of its file, its line (0 for the entire file), and the message.

Issues are sorted by the first two.
"""


def read_config_file(path: Path) -> str:
    """Return the text of the main config file.

    Raises:
        ConfigError: it cannot be read; the message explains how to create or name one.
    """
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `feedpub add URL` or `feedpub import FILE` creates one, or "
            "name another with -c FILE or $FEEDPUB_CONFIG"
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"{path}: is a folder; name the file in it: -c {path / DEFAULT_NAME.name}"
        ) from None
    except OSError as error:
        raise explain_unreadable(path, error) from error
    return _decode(body, path)


def read_feed_file(path: Path) -> str:
    """Return the text of a file in feeds.d.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise explain_unreadable(path, error) from error
    return _decode(body, path)


def read_verbatim(path: Path) -> str:
    """Return a config file's text with its line ends and byte order mark, to be written back.

    Raises:
        ConfigError: it cannot be read.
    """
    read_config_file(path)  # raises the errors
    return path.read_bytes().decode("utf-8")


def explain_unreadable(path: Path, error: OSError) -> ConfigError:
    """Return the error for a file or folder that the system does not let feedpub read."""
    return ConfigError(f"{path}: cannot be read: {error.strerror}")


def _decode(body: bytes, path: Path) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def parse_toml(text: str, path: Path) -> dict[str, object]:
    """Parse the text of a file.

    Raises:
        ConfigError: it is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_explain_syntax_error(str(error), text, path)) from None
    except RecursionError:
        raise ConfigError(
            f"{path}:1: brackets nested hundreds deep; a config needs three"
        ) from None
    except ValueError:  # Python refuses to parse numbers of thousands of digits
        line = _find_long_number(text)
        raise ConfigError(f"{path}:{line}: a number has thousands of digits") from None


def _find_long_number(text: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if _LONG_NUMBER.search(line):
            return number
    return 1


def _explain_syntax_error(message: str, text: str, path: Path) -> str:
    """Return a message with the line number, but not the line, which could contain a password."""
    what, _, position = message.rpartition(" (at ")
    line, column = str(text.rstrip().count("\n") + 1), "at the end"
    if found := re.fullmatch(r"line (\d+), column (\d+)\)", position):
        line, column = found[1], f"column {found[2]}"
    hint = ""
    for start, usual_cause in _SYNTAX_HINTS:
        if what.startswith(start):
            hint = f"; {usual_cause}"
            break
    return f"{path}:{line}: {column}: {what[:1].lower()}{what[1:]}{hint}"


def config_files(config: Path) -> tuple[Path, ...]:
    """Return the files of a config: the main one, then those in feeds.d, sorted by name.

    Only .toml files that are not hidden count.

    Raises:
        ConfigError: the folder cannot be read.
    """
    folder = config.parent / FEEDS_FOLDER
    try:
        names = os.listdir(folder)  # noqa: PTH208 -- sorting names is faster than sorting paths
    except OSError as error:
        if os.path.lexists(folder):
            raise explain_unreadable(folder, error) from error
        names = []
    toml_names = [name for name in names if name.endswith(".toml") and name[0] != "."]
    return (config, *(folder / name for name in sorted(toml_names)))


@dataclass(frozen=True)
class ConfigFile:
    """A parsed file of a config.

    Attributes:
        number: its position among the files; 0 is the main file.
        path: the file.
        text: its text.
        document: the parsed text.
    """

    number: int
    path: Path
    text: str
    document: Mapping[str, object]

    @property
    def feeds(self) -> Sequence[object]:
        """Return its feeds, not validated."""
        found = self.document.get(_FEEDS)
        return found if isinstance(found, list) else ()

    @cached_property
    def _lines(self) -> TomlLines:  # only needed for messages
        return TomlLines(self.text)

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a value."""
        return self._lines.line_of(path)

    def make_issue(self, finding: ConfigFinding) -> ConfigIssue:
        """Return the issue for a problem in this file."""
        line = self.line_of(finding.path)
        key = describe_path(finding.path, self.document)
        return self.number, line, f"{self.path}:{line}: {key}: {finding.text}"

    def find_unexpected_tables(self) -> Iterator[ConfigFinding]:
        """Yield the keys that do not belong in this file.

        `feed` must be a list of tables. A file in feeds.d must have no other key.
        """
        if not isinstance(self.document.get(_FEEDS, []), list):
            text = "must be a list of tables, each headed [[feed]], with two brackets"
            yield ConfigFinding((_FEEDS,), text)
        if self.number == 0:
            return
        for key in self.document:
            if key != _FEEDS:
                yield ConfigFinding(
                    (key,),
                    f"a file in {FEEDS_FOLDER} can contain only [[feed]]; move this to the main "
                    "config",
                )


class MergedConfig:
    """The files of a config as one document: the main file with the feeds of all files.

    Args:
        files: the main file first.

    Attributes:
        document: can be completed by the loader.
    """

    def __init__(self, files: Sequence[ConfigFile]) -> None:
        self._files = files
        self._starts: list[int] = []  # for each file, the number of feeds in the files before it
        feeds: list[object] = []
        for file in files:
            self._starts.append(len(feeds))
            feeds += file.feeds
        self.document = {key: value for key, value in files[0].document.items() if key != _FEEDS}
        if feeds:
            self.document[_FEEDS] = feeds

    def find_unexpected_tables(self) -> list[ConfigIssue]:
        """Return an issue for each key that does not belong in its file."""
        issues: list[ConfigIssue] = []
        for file in self._files:
            issues += map(file.make_issue, file.find_unexpected_tables())
        return issues

    def make_issue(self, finding: ConfigFinding) -> ConfigIssue:
        """Return the issue for a problem in the merged document."""
        file, path = self._find_file(finding.path)
        return file.make_issue(finding._replace(path=path))

    def describe_position(self, path: KeyPath, seen_from: KeyPath) -> str:
        """Describe the position of a value in relation to another: "on line 3", "at b.toml:3"."""
        (file, path_in_file), (own_file, _) = self._find_file(path), self._find_file(seen_from)
        line = file.line_of(path_in_file)
        return f"on line {line}" if file is own_file else f"at {file.path}:{line}"

    def _find_file(self, path: KeyPath) -> tuple[ConfigFile, KeyPath]:
        """Return the file that contains a part of the document, and the part's path there."""
        match path:
            case (key, int(number), *rest) if key == _FEEDS:
                index = bisect_right(self._starts, number) - 1
                return self._files[index], (_FEEDS, number - self._starts[index], *rest)
        return self._files[0], path


def find_feed_file(config: Path, feed: str) -> tuple[Path, int] | None:
    """Return the file that defines a feed, and the feed's position in it; None if there is none."""
    for name, file, number in find_feed_files(config):
        if name == feed:
            return file, number
    return None


def find_feed_files(config: Path) -> Iterator[tuple[str, Path, int]]:
    """Yield the name of each feed, the file that defines it, and the feed's position in it.

    Invalid files are skipped; the loader reports them.
    """
    for file in config_files(config):
        try:
            document = parse_toml(read_feed_file(file), file)
        except ConfigError:
            continue
        for number, feed in enumerate(ConfigFile(0, file, "", document).feeds):
            if isinstance(feed, dict) and isinstance(name := feed.get("name"), str):
                yield name, file, number
