"""The files that a config is made of: the main one, and those in feeds.d beside it, which hold feeds and nothing else.

Owns what feeds.d is called and which of its files count, and where in them a part of the whole stands.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from feedpub.config.messages import Finding, where
from feedpub.config.positions import KeyPath, Positions
from feedpub.config.reading import parsed, read_feeds, unreadable
from feedpub.errors import ConfigError

FOLDER = "feeds.d"
_FEEDS = "feed"
_NO_LIST = "must be a list of tables, each headed [[feed]], with two brackets"

Problem = tuple[int, int, str]
"""The number of the file, counted from 0; the line, or 0 for the file as a whole; what is said, place and all."""


def files(config: Path) -> tuple[Path, ...]:
    """The files of a config in the order in which they count: the main one, then those in feeds.d by name.

    Hidden ones, and what does not end in .toml, are the editor's. Raises ConfigError: the folder cannot be read.
    """
    folder = config.parent / FOLDER
    try:
        names = os.listdir(folder)  # noqa: PTH208 -- ten thousand names are sorted faster than as many paths
    except OSError as error:
        if os.path.lexists(folder):
            raise unreadable(folder, error) from error
        names = []
    return (config, *(folder / name for name in sorted(names) if name.endswith(".toml") and name[0] != "."))


@dataclass(frozen=True)
class Part:
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

    def line(self, at: KeyPath) -> int:
        """On which line something stands."""
        return self._positions.line(at)

    @cached_property
    def _positions(self) -> Positions:  # only what is wrong needs a line
        return Positions(self.text)

    def problem(self, finding: Finding) -> Problem:
        """What is wrong in this file."""
        line = self.line(finding.path)
        return self.number, line, f"{self.path}:{line}: {where(finding.path, self.document)}: {finding.text}"

    def strange(self) -> Iterator[Finding]:
        """What has no place in it: what is no list of feeds, and in feeds.d whatever is no feed."""
        if not isinstance(self.document.get(_FEEDS, []), list):
            yield Finding((_FEEDS,), _NO_LIST)
        for key in self.document if self.number else ():
            if key != _FEEDS:
                yield Finding((key,), f"a file in {FOLDER} holds only [[feed]]; write this into the main config")


class Whole:
    """The files of a config as one document: the main one's, with the feeds of all.

    Args:
        parts: the main one first.

    Attributes:
        document: for the loader, which may complete it.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._starts: list[int] = []  # of each part: how many feeds stand before its own
        feeds: list[object] = []
        for part in parts:
            self._starts.append(len(feeds))
            feeds += part.feeds
        self.document = {key: value for key, value in parts[0].document.items() if key != _FEEDS}
        self.document |= {_FEEDS: feeds} if feeds else {}

    def strange(self) -> list[Problem]:
        """What has no place in its file."""
        return [part.problem(finding) for part in self._parts for finding in part.strange()]

    def problem(self, finding: Finding) -> Problem:
        """What is wrong in the document, said of the file in which it stands."""
        part, at = self._place(finding.path)
        return part.problem(finding._replace(path=at))

    def seen_from(self, at: KeyPath, here: KeyPath) -> str:
        """Where something stands, for who looks at something else: "on line 3", "at feeds.d/b.toml:3"."""
        (part, path), (own, _) = self._place(at), self._place(here)
        line = part.line(path)
        return f"on line {line}" if part is own else f"at {part.path}:{line}"

    def _place(self, at: KeyPath) -> tuple[Part, KeyPath]:
        """The file in which a part of the document stands, and its place there."""
        match at:
            case (key, int(number), *rest) if key == _FEEDS:
                part = bisect_right(self._starts, number) - 1
                return self._parts[part], (_FEEDS, number - self._starts[part], *rest)
        return self._parts[0], at


def home(config: Path, feed: str) -> tuple[Path, int] | None:
    """The file in which a feed stands, and its number among the feeds there; None where it is in none."""
    return next(((file, number) for name, file, number in homes(config) if name == feed), None)


def homes(config: Path) -> Iterator[tuple[str, Path, int]]:
    """The name of each feed, the file in which it stands, and its number among the feeds there.

    Files that cannot be read, or are no TOML, are passed over: that is for the loader to say.
    """
    for file in files(config):
        try:
            feeds = Part(0, file, "", parsed(read_feeds(file), file)).feeds
        except ConfigError:
            continue
        for number, feed in enumerate(feeds):
            if isinstance(feed, dict) and isinstance(name := feed.get("name"), str):
                yield name, file, number
