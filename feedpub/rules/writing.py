"""New rules for a site → the text of its file, with all that a person wrote there as it was. Owns how it is written."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from feedpub.errors import ConfigError
from feedpub.rules.lookup import shown
from feedpub.rules.model import Ruleset
from feedpub.rules.toml import load

LINE = 100  # columns; a longer list has a line for each of its rules


@dataclass(frozen=True, slots=True)
class Draft:
    """Rules that somebody thinks of: what is added to a site's file, by the names that it has there."""

    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    date: str = ""

    def __bool__(self) -> bool:
        return bool(self.remove or self.keep or self.title or self.author or self.date)


def extended(text: str, draft: Draft, file: Path) -> str:
    """A file's text with a draft's rules: lists grow, single values are replaced. Raises ConfigError."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"{shown(file)}: {error}; mend the file first") from error
    for name in ("remove", "keep"):
        rules = getattr(draft, name)
        known = document.get(name)
        if known is None and rules:
            document[name] = _array(name, rules)
        elif rules:
            if not isinstance(known, Array):
                raise ConfigError(f"{shown(file)}: {name} is no list; mend the file first")
            _extend(known, name, rules)
    for name in ("title", "author", "date"):
        if value := getattr(draft, name):
            document[name] = value
    return tomlkit.dumps(document)


def read_back(text: str, file: Path) -> Ruleset:
    """What a file of that text would say. Raises ConfigError, with the file that is meant."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / file.name
        written.write_text(text, encoding="utf-8")
        try:
            return load(written, shown(file))
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(written), shown(file))) from error


def write(text: str, file: Path) -> None:
    """Put a text in a file's place, whole or not at all; only what can be read back. Raises ConfigError."""
    read_back(text, file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, prefix=".", delete=False) as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        made = Path(new.name)
        made.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        made.replace(file)
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be written: {error.strerror}") from error


def _array(name: str, rules: tuple[str, ...]) -> Array:
    array = tomlkit.array()
    _extend(array, name, rules)
    return array


def _extend(array: Array, name: str, rules: tuple[str, ...]) -> None:
    """Add rules to a list, in the way it is written: in a line, or a line each."""
    new = [rule for rule in rules if rule not in array]
    lines = "\n" in array.as_string()
    length = len(name) + len(array.as_string()) + sum(len(rule) + 4 for rule in new)
    if not lines and length > LINE:
        array.multiline(multiline=True)
    for rule in new:
        if lines:
            array.add_line(rule)
        else:
            array.append(rule)
