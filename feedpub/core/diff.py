"""Two states of an entry, or of an article → what differs.

Its paragraphs line by line, everything else by name.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from feedpub.core.models import Article, Entry

_FACTS = (
    "title",
    "authors",
    "url",
    "language",
    "image",
    "categories",
    "enclosures",
    "summary",
    "complete",
)
_BETWEEN_TAGS = re.compile(r"(?<=>)(?=<)")
_AROUND = 1  # paragraphs beside one that differs


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact about an entry that differs: its field's name, and both values."""

    name: str
    before: Any
    after: Any

    @property
    def lines(self) -> tuple[str, str]:
        """The line that goes, and the one that comes."""
        return f"-{self.name}: {_said(self.before)}", f"+{self.name}: {_said(self.after)}"


def diff_facts(
    before: Entry | Article, after: Entry | Article, names: Sequence[str] = _FACTS
) -> tuple[Difference, ...]:
    """What differs beside the text, of the fields of these names."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return tuple(Difference(name, old, new) for name, old, new in pairs if old != new)


def diff_text(before: Entry, after: Entry) -> tuple[str, ...]:
    """The paragraphs that differ, as a unified diff without its head."""
    return diff_lines(before.text, after.text)


def diff_lines(before: str, after: str) -> tuple[str, ...]:
    """The same of two texts."""
    return _unified(before.split("\n"), after.split("\n"))


def diff_markup(before: Entry, after: Entry) -> tuple[str, ...]:
    """The same of the HTML, a line between any two tags."""
    return _unified(_BETWEEN_TAGS.split(before.html), _BETWEEN_TAGS.split(after.html))


def _unified(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(before, after, lineterm="", n=_AROUND))[2:]


def _said(value: object) -> str:
    """A fact's value in one line."""
    if isinstance(value, tuple):
        return ", ".join(str(getattr(part, "url", part)) for part in value)
    return "" if value is None else str(value)
