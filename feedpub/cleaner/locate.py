"""Where the article is: blocks → those that are kept, and the reasons of those that are not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from feedpub.cleaner.body import line
from feedpub.cleaner.boilerplate import Decision, decisions
from feedpub.cleaner.case import Case
from feedpub.cleaner.layout import Layout
from feedpub.model import Removed


@dataclass(frozen=True, slots=True)
class Located:
    """The decision: numbers of the kept blocks, in order, their text, and what was taken out.

    Attributes:
        gone: the other blocks by their number, each with its reason.
    """

    kept: tuple[int, ...]
    text: str
    removed: tuple[Removed, ...]
    gone: Mapping[int, Decision]


def locate(case: Case) -> Located:
    """Decide about every block of a page."""
    gone = decisions(case)
    lines = {index: line(case.layout, block) for index, block in enumerate(case.layout.blocks) if index not in gone}
    text = "\n".join([each for each in lines.values() if each])
    return Located(tuple(lines), text, tuple(_removed(case.layout, gone, lines)), gone)


def _removed(layout: Layout, gone: Mapping[int, Decision], lines: Mapping[int, str]) -> Iterator[Removed]:
    """What was taken out, neighbours that went for the same reason as one."""
    texts: list[str] = []
    reason, above = "", 0  # above: lines of the article's text so far
    for index, block in enumerate(layout.blocks):
        why = gone[index].reason if index in gone else ""
        if texts and why != reason and (block.text or not why):
            yield Removed("\n".join(texts), reason, above)
            texts = []
        if not why:
            above += lines[index].count("\n") + 1 if lines[index] else 0
        elif block.text:
            texts.append(block.text)
            reason = why
    if texts:
        yield Removed("\n".join(texts), reason, above)
