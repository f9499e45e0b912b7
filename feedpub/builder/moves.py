"""An article that moved is the one that it was: its address is new, but its title and its words are not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from feedpub.builder import identity
from feedpub.builder.merge import Arrival
from feedpub.builder.substance import shared, words
from feedpub.model import Entry

_SAME = 0.9  # share of an entry's words that stand in the article, too


def recognised(arrivals: Iterable[Arrival], entries: Iterable[Entry]) -> list[Arrival]:
    """The arrivals, each with the key of the entry that it is, where one has its title and its words.

    Args:
        arrivals: of sources whose addresses have changed.
        entries: of the feed.
    """
    by_title: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.url:
            by_title[tuple(words(entry.title))].append(entry)
    return [_recognised(arrival, by_title[tuple(words(arrival.title))]) for arrival in arrivals]


def _recognised(arrival: Arrival, entries: Iterable[Entry]) -> Arrival:
    said = words(arrival.article.text)
    same = (identity.url_key(entry.url) for entry in entries if shared(words(entry.text), said) >= _SAME)
    return replace(arrival, keys=tuple(dict.fromkeys((*arrival.keys, *same))))
