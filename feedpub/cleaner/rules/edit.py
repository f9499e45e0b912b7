"""New rules for a site → the text of its file, with all that a person wrote there.

And its place on the disk.
"""

from dataclasses import dataclass
from pathlib import Path

from feedpub.cleaner.rules.model import Ruleset
from feedpub.cleaner.rules.rule_book import display_path
from feedpub.cleaner.rules.toml import parse_rules
from feedpub.config.edit import append_rules, save_config


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Rules that somebody thinks of.

    What is added to a site's file, by the names that it has there.
    """

    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    date: str = ""

    def __bool__(self) -> bool:
        return bool(self.remove or self.keep or self.title or self.author or self.date)


def extend_rules(text: str, draft: RuleDraft, file: Path) -> str:
    """A file's text with a draft's rules.

    Lists grow, single values are replaced. Raises ConfigError.
    """
    lists = {"remove": draft.remove, "keep": draft.keep}
    single = {"title": draft.title, "author": draft.author, "date": draft.date}
    return append_rules(text, lists, single, display_path(file))


def read_rules(text: str, file: Path) -> Ruleset:
    """What a file of that text would say. Raises ConfigError, with the file that is meant."""
    return parse_rules(text, Path(display_path(file)))


def write_rules(text: str, file: Path) -> None:
    """Put a text in a file's place, whole or not at all.

    Only what can be read back. Raises ConfigError.
    """
    read_rules(text, file)
    save_config(file, text)
