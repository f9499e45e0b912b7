"""New rules for a site → the text of its file, with all that a person wrote there; and its place on the disk."""

from dataclasses import dataclass
from pathlib import Path

from feedpub.config.additions import with_rules
from feedpub.config.writing import save
from feedpub.rules.lookup import shown
from feedpub.rules.model import Ruleset
from feedpub.rules.toml import parse


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
    lists = {"remove": draft.remove, "keep": draft.keep}
    single = {"title": draft.title, "author": draft.author, "date": draft.date}
    return with_rules(text, lists, single, shown(file))


def read_back(text: str, file: Path) -> Ruleset:
    """What a file of that text would say. Raises ConfigError, with the file that is meant."""
    return parse(text, Path(shown(file)))


def write(text: str, file: Path) -> None:
    """Put a text in a file's place, whole or not at all; only what can be read back. Raises ConfigError."""
    read_back(text, file)
    save(file, text)
