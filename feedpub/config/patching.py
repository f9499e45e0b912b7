"""A change of one source's block in the file where it stands: as text, as a diff; with `writing`, the only write there.

Comments, order and line ends stay. The changed text counts only once the real loader finds in it what was there, and
the change.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import InlineTable

from feedpub.config.loading import parse
from feedpub.config.models import Config
from feedpub.config.parts import home
from feedpub.config.positions import Positions
from feedpub.config.reading import exact, read
from feedpub.config.sources import Source
from feedpub.config.writing import MARK, save
from feedpub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Patch:
    """A config file as it is and as it would be, whole, with the marks that it has."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        old, new = (text.removeprefix(MARK).replace("\r\n", "\n").splitlines() for text in (self.before, self.after))
        return "\n".join(difflib.unified_diff(old, new, str(self.path), str(self.path), lineterm=""))

    def apply(self) -> None:
        """Write it, in one step. Raises ConfigError: the file changed meanwhile, or cannot be written."""
        if exact(self.path) != self.before:
            raise ConfigError(f"{self.path}: changed meanwhile; run the command again")
        save(self.path, self.after)


def patched(
    path: Path, feed: str, source: Source, changes: Mapping[str, str | None], environ: Mapping[str, str] = os.environ
) -> Patch:
    """The file in which a feed stands, with some keys of a source changed, found good by the loader; writes nothing.

    Args:
        path: the main config file.
        feed: the name of the source's feed.
        source: as it was loaded.
        changes: key → its new value; None to leave it out.
        environ: as for `load`.

    Raises:
        ConfigError: the config cannot be used, has no such source, or could not be used with the change.
    """
    file, at = home(path, feed) or (path, 0)
    whole = exact(file)
    text = whole.removeprefix(MARK)
    before = _parsed(path, file, text, environ)
    place = _place(before, feed, source, file)
    changed = _changed(text, (at, place[1]), changes)
    after = _parsed(path, file, changed, environ)
    _hold_apart(before, after, place, changes, file)
    return Patch(file, whole, whole[: len(whole) - len(text)] + changed)


def _parsed(path: Path, file: Path, text: str, environ: Mapping[str, str]) -> Config:
    """The whole config with a text in one of its files. Raises ConfigError."""
    return parse(text, path, environ) if file == path else parse(read(path), path, environ, {file: text})


def _place(config: Config, feed: str, source: Source, file: Path) -> tuple[int, int]:
    """The positions of a feed among all, and of its source."""
    for at, each in enumerate(config.feed):
        if each.name == feed and source in each.source:
            return at, each.source.index(source)
    raise ConfigError(f"{file}: the source of the feed {feed} is not in it any more as it was")


def _changed(text: str, place: tuple[int, int], changes: Mapping[str, str | None]) -> str:
    """A file's text with the keys changed; a new one goes below the source's address."""
    newline = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text)
    table: Any = document["feed"][place[0]]["source"][place[1]]
    new: dict[str, str] = {}
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif key in table or isinstance(table, InlineTable):
            table[key] = value
        else:
            new[key] = value
    changed = tomlkit.dumps(document)
    return _with_lines(changed, place, new, newline) if new else changed


def _with_lines(text: str, place: tuple[int, int], new: Mapping[str, str], newline: str) -> str:
    """Lines below that of a source's address: at a block's end they would stand behind the comments of the next."""
    lines = text.split("\n")
    number = Positions(text).line(("feed", place[0], "source", place[1], "url"))
    above = lines[number - 1]
    indent = above[: len(above) - len(above.lstrip())]
    written = (f"{indent}{key} = {tomlkit.item(value).as_string()}{newline[:-1]}" for key, value in new.items())
    return "\n".join([*lines[:number], *written, *lines[number:]])


def _hold_apart(
    before: Config, after: Config, place: tuple[int, int], changes: Mapping[str, str | None], path: Path
) -> None:
    """The keys of the source must be all that changed. Raises ConfigError."""
    old, new = before.model_dump(), after.model_dump()
    at, number = place
    changed = dict(new["feed"][at]["source"][number])
    right = all(changed.pop(key, None) == value for key, value in changes.items())
    was = {key: value for key, value in old["feed"][at]["source"][number].items() if key in changed}
    for dump in (old, new):
        feed = dump["feed"][at]
        feed["source"] = [*feed["source"][:number], None, *feed["source"][number + 1 :]]
    if not right or old != new or any(changed[key] != value for key, value in was.items()):
        raise ConfigError(
            f"{path}: more than the source of the feed {before.feed[at].name} would change; do it by hand"
        )
