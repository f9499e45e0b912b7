"""Add rules to a site's file, and preserve everything that its author wrote there."""

from dataclasses import dataclass
from pathlib import Path

from feedpub.cleaner.rules.model import Ruleset
from feedpub.cleaner.rules.rule_book import display_path, parse_rules


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Rules to add to a site's file, under the names that they have there."""

    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    date: str = ""

    def __bool__(self) -> bool:
        return bool(self.remove or self.keep or self.title or self.author or self.date)


def extend_rules(text: str, draft: RuleDraft, file: Path) -> str:
    """Return a file's text with a draft's rules: lists grow, single values are replaced.

    Raises:
        ConfigError: the text has errors.
    """
    from feedpub.config.edit import append_rules

    lists = {"remove": draft.remove, "keep": draft.keep}
    single = {"title": draft.title, "author": draft.author, "date": draft.date}
    return append_rules(text, lists, single, display_path(file))


def read_rules(text: str, file: Path) -> Ruleset:
    """Parse a text as the content of a file.

    Raises:
        ConfigError: the text has errors; the message names the file.
    """
    return parse_rules(text, Path(display_path(file)))


def write_rules(text: str, file: Path) -> None:
    """Replace a file atomically, if the text is valid.

    Raises:
        ConfigError: the text has errors.
    """
    from feedpub.config.edit import save_config

    read_rules(text, file)
    save_config(file, text)
