"""Is a list the one that a source used to have? Held against the articles that were known: a pure function.

A menu, a page that asks for consent and another list of the same page do not have those articles;
that is all that keeps them apart, and enough.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from feedpub.core.article_keys import url_key
from feedpub.core.models import Item
from feedpub.core.text import pluralize

FEW = 3  # articles that must be known; all of them, of a list that never had as many
LEAST = 0.5  # of the usual number must be listed, and of the known articles
LEAST_SHARE = 0.33  # of what is listed must be the source's: a new layout may list older ones, too
_WORD = re.compile(r"\w+")
_TITLE = 12  # characters of a title that says which article it is


@dataclass(frozen=True, slots=True)
class KnownArticles:
    """What is known of the articles that a source lists. Can be pickled.

    Attributes:
        keys: of their addresses, of those that were listed last.
        titles: theirs, as `plain` has them.
        usual: how many it usually lists.
        limit: of how many a list is only asked.
        newest: when the newest was published; None where no date is known.
    """

    keys: frozenset[str]
    titles: frozenset[str]
    usual_items: int
    limit: int
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListSimilarity:
    """How much a list is the one that was.

    Attributes:
        items: how many articles it has.
        known: those of them that were known, by their address,
        named: and those known by their title alone: their address is new.
        newer: those that are not known, and younger than all that are.
        expected: how many of the known ones the usual list had.
        usual: how many articles it had.
    """

    items: int
    known: int
    named: int
    newer: int
    expected: int
    usual: int

    @property
    def covers_known(self) -> int:
        """The articles that were known."""
        return self.known + self.named

    @property
    def share(self) -> float:
        """The part of the list that is the source's: what was known, and what came since."""
        return (self.covers_known + self.newer) / self.items if self.items else 0.0

    @property
    def is_same_list(self) -> bool:
        """Whether it is the list that was, beyond doubt."""
        enough = self.covers_known >= min(FEW, self.expected) > 0
        whole = self.items >= LEAST * self.usual and self._found >= LEAST
        return enough and whole and self.share >= LEAST_SHARE

    @property
    def score(self) -> float:
        """From 0 to 1: the known articles that it has, what else it has, and how long it is."""
        size = min(self.items, self.usual) / max(self.items, self.usual, 1)
        return 0.5 * self._found + 0.3 * self.share + 0.2 * size

    @property
    def _found(self) -> float:
        return min(1.0, (self.covers_known + self.newer) / self.expected) if self.expected else 0.0

    def __str__(self) -> str:
        """The evidence: "lists 19 of the 20 articles that were known, and 2 newer ones"."""
        were = "was" if self.expected == 1 else "were"
        which = f"{min(self.covers_known, self.expected)} of the {pluralize(self.expected, 'article')} that {were} known"
        by_title = " by their titles: their addresses are new" if self.named > self.known else ""
        newer = f", and {self.newer} newer" if self.newer else ""
        others = self.items - self.covers_known - self.newer
        more = f", and {pluralize(others, 'other')}" if others else ""
        return f"lists {which}{by_title}{newer}{more}"


def list_similarity(items: Sequence[Item], known: KnownArticles) -> ListSimilarity:
    """How much some items are what a source used to list."""
    items = items[: known.limit]
    by_address = [is_known_address(item.url or "", known) for item in items]
    by_title = [
        not found and is_known_title(item.title, known)
        for item, found in zip(items, by_address, strict=True)
    ]
    strangers = (
        item for item, *found in zip(items, by_address, by_title, strict=True) if not any(found)
    )
    return ListSimilarity(
        items=len(items),
        known=sum(by_address),
        named=sum(by_title),
        newer=sum(_is_newer(item, known.newest) for item in strangers),
        expected=min(known.usual_items, len(known.keys)),
        usual=known.usual_items,
    )


def is_known(item: Item, known: KnownArticles) -> bool:
    """Whether an item was listed before, under whichever address."""
    return is_known_address(item.url or "", known) or is_known_title(item.title, known)


def is_known_address(url: str, known: KnownArticles) -> bool:
    """Whether an address was listed before."""
    return url_key(url) in known.keys


def is_known_title(title: str, known: KnownArticles) -> bool:
    """Whether a title is that of an article that was listed before."""
    words = normalize_title(title)
    return len(words) >= _TITLE and words in known.titles


def normalize_title(title: str) -> str:
    """The words of a title, whatever their case and what stands between them."""
    return " ".join(_WORD.findall(title.casefold()))


def _is_newer(item: Item, newest: datetime | None) -> bool:
    return newest is not None and item.published is not None and item.published > newest
