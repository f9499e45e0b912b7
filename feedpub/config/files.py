"""From a file to its text, and from that to a document, or to a ConfigError that says on which line it is no TOML."""

import os
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from feedpub.config.errors import ConfigFinding, find_location
from feedpub.config.toml_lines import KeyPath, TomlLines
from feedpub.core.errors import ConfigError

DEFAULT_NAME = Path("config/feedpub.toml")

_LONG_NUMBER = re.compile(r"\d[\d_]{4000}")
_SYNTAX = (  # what tomllib says, and what usually helps
    ("Invalid value", 'text stands in quotes: key = "value"'),
    ("Expected newline or end of document", "one setting a line, and text in quotes"),
    ("Expected '='", "a setting is written key = value"),
    ("Cannot overwrite a value", "this key is given twice"),
    (
        "Cannot declare",
        "this table is given twice; several feeds and sources have two brackets: [[feed]]",
    ),
    ("Cannot mutate immutable namespace", "this key is given twice"),
    ("Unterminated string", "a quotation mark is missing"),
    ('Expected "\'"', "a quotation mark is missing"),
    ("Unclosed array", "a closing ] is missing"),
    ("Unclosed inline table", "a table in braces stands on one line and ends in }"),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text between single quotes"),
    ("Illegal character", "the line is not finished, or a stray character stands in it"),
)


def read_config_file(path: Path) -> str:
    """The text of a config file. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `feedpub add URL` and `feedpub import FILE` make one, or name yours with -c FILE "
            "or in $FEEDPUB_CONFIG"
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"{path}: a folder; name the file in it: -c {path / DEFAULT_NAME.name}"
        ) from None
    except OSError as error:
        raise explain_unreadable(path, error) from error
    return _decoded(body, path)


def read_feed_file(path: Path) -> str:
    """The text of a file in the folder of feeds. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise explain_unreadable(path, error) from error
    return _decoded(body, path)


def explain_unreadable(path: Path, error: OSError) -> ConfigError:
    """What the system says of a file or folder that it does not give."""
    return ConfigError(f"{path}: cannot be read: {error.strerror}")


def _decoded(body: bytes, path: Path) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def read_verbatim(path: Path) -> str:
    """The text with its line ends and its byte order mark, for those who write it back.

    Raises ConfigError.
    """
    read_config_file(path)  # names what cannot be read as text
    return path.read_bytes().decode("utf-8")


def parse_toml(text: str, path: Path) -> dict[str, object]:
    """What a text says that stands, or is to stand, in a file. Raises ConfigError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error), text, path)) from None
    except RecursionError:
        raise ConfigError(
            f"{path}:1: brackets nested hundreds deep; a config needs three"
        ) from None
    except ValueError:  # of Python: it reads no numbers of thousands of digits
        line = next(
            (n for n, line in enumerate(text.splitlines(), 1) if _LONG_NUMBER.search(line)), 1
        )
        raise ConfigError(f"{path}:{line}: a number of thousands of digits") from None


def _syntax(message: str, text: str, path: Path) -> str:
    """A syntax error with its line; the line's own text is not shown: it may hold a password."""
    what, _, place = message.rpartition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)\)", place)
    line, column = (
        (found[1], f"column {found[2]}") if found else (text.rstrip().count("\n") + 1, "at the end")
    )
    hint = next((f"; {hint}" for start, hint in _SYNTAX if what.startswith(start)), "")
    return f"{path}:{line}: {column}: {what[:1].lower()}{what[1:]}{hint}"


# SECTION: The files that a config is made of: the main one, and those in feeds.d beside it, which
# hold feeds and nothing else.
#
# Owns what feeds.d is called and which of its files count, and where in them a part of the whole
# stands.

FEEDS_FOLDER = "feeds.d"
_FEEDS = "feed"
_NO_LIST = "must be a list of tables, each headed [[feed]], with two brackets"

ConfigIssue = tuple[int, int, str]
"""The number of the file, counted from 0.

The line, or 0 for the file as a whole; what is said, place and all.
"""


def config_files(config: Path) -> tuple[Path, ...]:
    """The files of a config in the order in which they count: the main one, then those in feeds.d by name.

    Hidden ones, and what does not end in .toml, are the editor's. Raises ConfigError: the folder
    cannot be read.
    """
    folder = config.parent / FEEDS_FOLDER
    try:
        names = os.listdir(folder)  # noqa: PTH208 -- ten thousand names are sorted faster than as many paths
    except OSError as error:
        if os.path.lexists(folder):
            raise explain_unreadable(folder, error) from error
        names = []
    return (
        config,
        *(folder / name for name in sorted(names) if name.endswith(".toml") and name[0] != "."),
    )


@dataclass(frozen=True)
class ConfigFile:
    """One file of a config, read.

    Attributes:
        number: among the files of the config; 0 is the main one.
        document: what it says; its feeds are those of `feeds`.
    """

    number: int
    path: Path
    text: str
    document: Mapping[str, object]

    @property
    def feeds(self) -> Sequence[object]:
        """Its feeds, not looked at yet."""
        found = self.document.get(_FEEDS)
        return found if isinstance(found, list) else ()

    def line_of(self, at: KeyPath) -> int:
        """On which line something stands."""
        return self._positions.line_of(at)

    @cached_property
    def _positions(self) -> TomlLines:  # only what is wrong needs a line
        return TomlLines(self.text)

    def make_issue(self, finding: ConfigFinding) -> ConfigIssue:
        """What is wrong in this file."""
        line = self.line_of(finding.path)
        return (
            self.number,
            line,
            f"{self.path}:{line}: {find_location(finding.path, self.document)}: {finding.text}",
        )

    def find_unexpected_tables(self) -> Iterator[ConfigFinding]:
        """What has no place in it: what is no list of feeds, and in feeds.d whatever is no feed."""
        if not isinstance(self.document.get(_FEEDS, []), list):
            yield ConfigFinding((_FEEDS,), _NO_LIST)
        for key in self.document if self.number else ():
            if key != _FEEDS:
                yield ConfigFinding(
                    (key,),
                    f"a file in {FEEDS_FOLDER} holds only [[feed]]; write this into the main config",
                )


class MergedConfig:
    """The files of a config as one document: the main one's, with the feeds of all.

    Args:
        parts: the main one first.

    Attributes:
        document: for the loader, which may complete it.
    """

    def __init__(self, parts: Sequence[ConfigFile]) -> None:
        self._parts = parts
        self._starts: list[int] = []  # of each part: how many feeds stand before its own
        feeds: list[object] = []
        for part in parts:
            self._starts.append(len(feeds))
            feeds += part.feeds
        self.document = {key: value for key, value in parts[0].document.items() if key != _FEEDS}
        self.document |= {_FEEDS: feeds} if feeds else {}

    def find_unexpected_tables(self) -> list[ConfigIssue]:
        """What has no place in its file."""
        return [
            part.make_issue(finding)
            for part in self._parts
            for finding in part.find_unexpected_tables()
        ]

    def make_issue(self, finding: ConfigFinding) -> ConfigIssue:
        """What is wrong in the document, said of the file in which it stands."""
        part, at = self._place(finding.path)
        return part.make_issue(finding._replace(path=at))

    def describe_position(self, at: KeyPath, here: KeyPath) -> str:
        """Where something stands, for who looks at something else.

        "on line 3", "at feeds.d/b.toml:3".
        """
        (part, path), (own, _) = self._place(at), self._place(here)
        line = part.line_of(path)
        return f"on line {line}" if part is own else f"at {part.path}:{line}"

    def _place(self, at: KeyPath) -> tuple[ConfigFile, KeyPath]:
        """The file in which a part of the document stands, and its place there."""
        match at:
            case (key, int(number), *rest) if key == _FEEDS:
                part = bisect_right(self._starts, number) - 1
                return self._parts[part], (_FEEDS, number - self._starts[part], *rest)
        return self._parts[0], at


def find_feed_file(config: Path, feed: str) -> tuple[Path, int] | None:
    """The file in which a feed stands, and its number among the feeds there.

    None where it is in none.
    """
    return next(
        ((file, number) for name, file, number in find_feed_files(config) if name == feed), None
    )


def find_feed_files(config: Path) -> Iterator[tuple[str, Path, int]]:
    """The name of each feed, the file in which it stands, and its number among the feeds there.

    Files that cannot be read, or are no TOML, are passed over: that is for the loader to say.
    """
    for file in config_files(config):
        try:
            feeds = ConfigFile(0, file, "", parse_toml(read_feed_file(file), file)).feeds
        except ConfigError:
            continue
        for number, feed in enumerate(feeds):
            if isinstance(feed, dict) and isinstance(name := feed.get("name"), str):
                yield name, file, number
