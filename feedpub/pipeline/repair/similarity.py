"""Compare a list with the articles that a source listed before. Pure functions.

Menus, consent pages and other lists of the same page do not have those articles. That alone
distinguishes them, and it is enough.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from feedpub.core.article_keys import url_key
from feedpub.core.models import Item
from feedpub.core.text import pluralize

MIN_KNOWN = 3  # articles of the same list; all of them if it never had as many
MIN_FOUND_SHARE = 0.5  # of the usual number of items, and of the known articles
MIN_OWN_SHARE = 0.33  # of the items: a new layout may list older articles, too
_WORD = re.compile(r"\w+")
_MIN_TITLE_CHARS = 12  # of a title that identifies its article


@dataclass(frozen=True, slots=True)
class KnownArticles:
    """The articles that a source listed before. Can be pickled.

    Attributes:
        keys: the keys of the addresses that were listed last.
        titles: their titles, from `normalize_title`.
        usual_items: how many articles the source usually lists.
        limit: the maximum number of items to compare.
        newest: the latest date; None if no date is known.
    """

    keys: frozenset[str]
    titles: frozenset[str]
    usual_items: int
    limit: int
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListSimilarity:
    """The similarity of a list to the one that a source had.

    Attributes:
        items: how many articles it has.
        known: those that are known by their address.
        named: those that are known by their title alone, under a new address.
        newer: those that are unknown, and newer than all known ones.
        expected: how many of the known articles the usual list had.
        usual: how many articles the usual list had.
    """

    items: int
    known: int
    named: int
    newer: int
    expected: int
    usual: int

    @property
    def covers_known(self) -> int:
        """Return how many articles are known."""
        return self.known + self.named

    @property
    def share(self) -> float:
        """Return the share of the source's own articles, known or newer."""
        return (self.covers_known + self.newer) / self.items if self.items else 0.0

    @property
    def is_same_list(self) -> bool:
        """Return True if it is beyond doubt the same list."""
        if self.expected <= 0 or self.covers_known < min(MIN_KNOWN, self.expected):
            return False
        if self.items < MIN_FOUND_SHARE * self.usual or self._found_share < MIN_FOUND_SHARE:
            return False
        return self.share >= MIN_OWN_SHARE

    @property
    def score(self) -> float:
        """Return a score from 0 to 1, by known articles, other articles and length."""
        size = min(self.items, self.usual) / max(self.items, self.usual, 1)
        return 0.5 * self._found_share + 0.3 * self.share + 0.2 * size

    @property
    def _found_share(self) -> float:
        return min(1.0, (self.covers_known + self.newer) / self.expected) if self.expected else 0.0

    def __str__(self) -> str:
        """Return the evidence: "lists 19 of the 20 known articles, and 2 newer ones"."""
        found = min(self.covers_known, self.expected)
        parts = [f"lists {found} of the {pluralize(self.expected, 'known article')}"]
        if self.named > self.known:
            parts[0] += " by their titles: their addresses are new"
        if self.newer:
            parts.append(f"and {self.newer} newer")
        if others := self.items - self.covers_known - self.newer:
            parts.append(f"and {pluralize(others, 'other')}")
        return ", ".join(parts)


def list_similarity(items: Sequence[Item], known: KnownArticles) -> ListSimilarity:
    """Return the similarity of items to those that a source listed before."""
    items = items[: known.limit]
    by_address = by_title = newer = 0
    for item in items:
        if is_known_address(item.url or "", known):
            by_address += 1
        elif is_known_title(item.title, known):
            by_title += 1
        elif known.newest and item.published and item.published > known.newest:
            newer += 1
    return ListSimilarity(
        items=len(items),
        known=by_address,
        named=by_title,
        newer=newer,
        expected=min(known.usual_items, len(known.keys)),
        usual=known.usual_items,
    )


def is_known(item: Item, known: KnownArticles) -> bool:
    """Return True if an item was listed before, under any address."""
    return is_known_address(item.url or "", known) or is_known_title(item.title, known)


def is_known_address(url: str, known: KnownArticles) -> bool:
    """Return True if an address was listed before."""
    return url_key(url) in known.keys


def is_known_title(title: str, known: KnownArticles) -> bool:
    """Return True if a title is long enough and was listed before."""
    words = normalize_title(title)
    return len(words) >= _MIN_TITLE_CHARS and words in known.titles


def normalize_title(title: str) -> str:
    """Return the words of a title in lower case, without punctuation."""
    return " ".join(_WORD.findall(title.casefold()))
