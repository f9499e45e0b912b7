"""Sentences put together within a number of characters. Owns joining, filling and cutting; chooses nothing."""

import re
from collections.abc import Iterable

from feedpub.summary.sentences import DENSE, join

CLAUSE = 0.6  # share of the room that a cut behind a clause must fill; else it is cut behind a word

_CLAUSE_ENDS = re.compile(rf"[,;:](?=\s)|[，\uff1b、：](?=.)|\s[–—-](?=\s)|{DENSE}(?=\s)")
_LOOSE_ENDS = " ,;:，\uff1b、：–—-([«“„「"


def fill(parts: Iterable[str], max_chars: int) -> str:
    """As many of the first sentences as fit, whole; a first one that is longer than all the room is cut."""
    chosen: list[str] = []
    for part in parts:
        if len(join([*chosen, part])) > max_chars:
            return join(chosen) or cut(part, max_chars)
        chosen.append(part)
    return join(chosen)


def cut(text: str, max_chars: int) -> str:
    """At most `max_chars` characters of a text: where it is longer, cut behind a clause, or else a word, with "…"."""
    if len(text) <= max_chars:
        return text
    head = text[: max(0, max_chars - 1)]
    clause = max((match.end() for match in _CLAUSE_ENDS.finditer(head)), default=0)
    word = len(head) if text[len(head)].isspace() else head.rfind(" ")
    end = clause if clause > CLAUSE * max_chars else word if word > 0 else len(head)
    return head[:end].rstrip(_LOOSE_ENDS) + "…" if max_chars > 0 else ""
