"""Compare two states of an entry or article."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from feedpub.core.models import Article, Entry

_FIELDS = (
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
_CONTEXT_LINES = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs, with both values."""

    name: str
    before: Any
    after: Any

    @property
    def lines(self) -> tuple[str, str]:
        """Return the removed and the added line."""
        return (
            f"-{self.name}: {_format_value(self.before)}",
            f"+{self.name}: {_format_value(self.after)}",
        )


def diff_facts(
    before: Entry | Article, after: Entry | Article, names: Sequence[str] = _FIELDS
) -> tuple[Difference, ...]:
    """Return the named fields that differ; by default all except the text and the HTML."""
    found = []
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(Difference(name, old, new))
    return tuple(found)


def diff_text(before: Entry, after: Entry) -> tuple[str, ...]:
    """Return the paragraphs that differ, as a unified diff without its header."""
    return diff_lines(before.text, after.text)


def diff_lines(before: str, after: str) -> tuple[str, ...]:
    """Return the lines of two texts that differ, as a unified diff without its header."""
    return _unified_diff(before.split("\n"), after.split("\n"))


def diff_markup(before: Entry, after: Entry) -> tuple[str, ...]:
    """Return the HTML that differs, as a unified diff that breaks lines between tags."""
    return _unified_diff(_BETWEEN_TAGS.split(before.html), _BETWEEN_TAGS.split(after.html))


def _unified_diff(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(before, after, lineterm="", n=_CONTEXT_LINES))[2:]


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(getattr(part, "url", part)) for part in value)
    return "" if value is None else str(value)
