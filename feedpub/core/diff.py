"""Compare two states of an entry, an article or a text."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
# Chinese and Japanese have no spaces; a price, a time, a date or a range is one word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\d+(?:[.,:/\N{EN DASH}-]\d+)+|\w+")
_TOKEN = re.compile(rf" ?(?:{_WORD.pattern}|[^\w\s])")
_MAX_COMPARED_LINES = 50  # that one line is compared with
_MAX_COMPARED_WORDS = 2_000  # of a line


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


# --- texts by word ---

ChangeKind = Literal["same", "del", "ins"]


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that was added, removed or changed.

    Attributes:
        parts: its words in order, as they are the same, removed or added; each part begins with a
            space if there is one before it.
    """

    parts: tuple[tuple[ChangeKind, str], ...]

    @property
    def added(self) -> int:
        """Return the number of added words."""
        return self._count("ins")

    @property
    def removed(self) -> int:
        """Return the number of removed words."""
        return self._count("del")

    def _count(self, wanted: ChangeKind) -> int:
        return sum(len(_WORD.findall(text)) for kind, text in self.parts if kind == wanted)


def diff_words(before: Sequence[str], after: Sequence[str]) -> list[ChangedLine]:
    """Return the lines that differ between two texts, each with the words that differ.

    Lines that only moved count as removed and added.
    """
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changed: list[ChangedLine] = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind != "equal":
            changed += _diff_block(before[start:end], after[other_start:other_end])
    return changed


def _diff_block(before: Sequence[str], after: Sequence[str]) -> Iterator[ChangedLine]:
    """Yield the lines of a block that was replaced: similar ones are compared by word."""
    old, added = list(before), list[str]()
    for line in after:
        place = _find_similar(line, old[:_MAX_COMPARED_LINES])
        if place is None:
            added.append(line)
            continue
        yield from _whole_lines(old[:place], added)
        yield ChangedLine(tuple(_diff_line(old[place], line)))
        del old[: place + 1]
        added.clear()
    yield from _whole_lines(old, added)


def _whole_lines(removed: Iterable[str], added: Iterable[str]) -> Iterator[ChangedLine]:
    for line in removed:
        yield ChangedLine((("del", line),))
    for line in added:
        yield ChangedLine((("ins", line),))


def _find_similar(line: str, candidates: Sequence[str]) -> int | None:
    """Return the place of the first line that shares half of its words; None if there is none."""
    words = Counter(_WORD.findall(line)[:_MAX_COMPARED_WORDS])
    for place, candidate in enumerate(candidates):
        others = Counter(_WORD.findall(candidate)[:_MAX_COMPARED_WORDS])
        if 2 * (words & others).total() >= max(words.total(), others.total()):
            return place
    return None


def _diff_line(before: str, after: str) -> Iterator[tuple[ChangeKind, str]]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(old), len(new)) > _MAX_COMPARED_WORDS:
        yield "del", before
        yield "ins", after
        return
    removed, added = "", ""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        gone, come = "".join(old[start:end]), "".join(new[other_start:other_end])
        is_between = bool(removed or added) and (end < len(old) or other_end < len(new))
        if kind != "equal" or (is_between and not _WORD.search(gone)):
            removed, added = removed + gone, added + come  # a comma does not part two changes
            continue
        yield from _changed_parts(removed, added)
        yield "same", gone
        removed, added = "", ""
    yield from _changed_parts(removed, added)


def _changed_parts(removed: str, added: str) -> Iterator[tuple[ChangeKind, str]]:
    if removed:
        yield "del", removed
    if added:
        yield "ins", added
