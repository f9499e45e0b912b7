"""Where the article is: blocks → those that are kept, and the reasons of those that are not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from feedpub.cleaner.boilerplate import reasons
from feedpub.cleaner.case import Case
from feedpub.cleaner.layout import Layout
from feedpub.model import Removed


@dataclass(frozen=True, slots=True)
class Located:
    """The decision: numbers of the kept blocks, in order, and what was taken out."""

    kept: tuple[int, ...]
    removed: tuple[Removed, ...]


def locate(case: Case) -> Located:
    """Decide about every block of a page."""
    gone = reasons(case)
    kept = (index for index in range(len(case.layout.blocks)) if index not in gone)
    return Located(tuple(kept), tuple(_removed(case.layout, gone)))


def _removed(layout: Layout, gone: Mapping[int, str]) -> Iterator[Removed]:
    """What was taken out, neighbours that went for the same reason as one."""
    texts: list[str] = []
    reason, last = "", -1
    for index in sorted(gone):
        text = layout.blocks[index].text
        if not text:
            continue
        if texts and (gone[index] != reason or index != last + 1):
            yield Removed("\n".join(texts), reason)
            texts = []
        texts.append(text)
        reason, last = gone[index], index
    if texts:
        yield Removed("\n".join(texts), reason)
