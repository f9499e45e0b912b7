"""Find the entry that a new item was under another address: an article that its site moved.

A candidate is an entry of the same source, or of one that has left the config, that was listed
lately and is not listed any more. It is the new item if its address redirects there, or if it is
gone and the new item has its title and text. If most of a list is new, the site moved as a whole:
then no address is requested, and title and text decide alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from feedpub.builder.matching import (
    MIN_WORDS,
    ExtractedItem,
    is_dated_alike,
    is_related,
    is_same_article,
)
from feedpub.builder.text_compare import significant_words
from feedpub.config import FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.errors import FetchError
from feedpub.core.models import Entry
from feedpub.fetch import Validators
from feedpub.pipeline.collect import ListedItem, SourceResult
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult

RECENT = timedelta(days=30)  # between an article's last list and the last list before this one
MAX_CANDIDATES = 100  # entries that new items are compared with
MAX_REQUESTS = 5  # to old addresses, in one run
_GONE = frozenset({404, 410})

_Answer = Literal["moved", "gone", "alive", "unknown"]


def find_moved_articles(
    feed: FeedConfig,
    listed: Sequence[ListedItem],
    reads: Sequence[ItemResult],
    readings: Iterable[SourceResult],
    tools: RunContext,
) -> list[ItemResult]:
    """Return what was read, with `moved_from` set for each new item that is a known entry under a new address.

    Args:
        feed: whose items.
        listed: all items.
        reads: what came of each of them, and perhaps of others after them.
        readings: the sources that list them.
        tools: for the state, the network and the clock.
    """
    new = _new_arrivals(feed.name, listed, reads, tools)
    if not new:
        return list(reads)
    wholesale = {reading.key for reading in readings if _is_mostly_new(reading)}
    finder = _Finder(feed, [key for item in listed for key in item.keys], tools, wholesale)
    found = {place: finder.find(arrival, listed[place]) for place, arrival in new.items()}
    return [
        replace(read, extracted=replace(read.extracted, moved_from=found[place]))
        if read.extracted and found.get(place)
        else read
        for place, read in enumerate(reads)
    ]


def _new_arrivals(
    feed: str, listed: Sequence[ListedItem], reads: Sequence[ItemResult], tools: RunContext
) -> dict[int, ExtractedItem]:
    """Return the arrivals that no key of their own leads to an entry, by their place.

    Saved articles do not move.
    """
    arrivals = {
        place: read.extracted
        for place, (item, read) in enumerate(zip(listed, reads, strict=False))
        if read.extracted and item.item.url and item.item.path is None
    }
    known = tools.store.aliases(
        feed, [key for arrival in arrivals.values() for key in arrival.keys]
    )
    return {
        place: arrival for place, arrival in arrivals.items() if not known.keys() & {*arrival.keys}
    }


def _is_mostly_new(reading: SourceResult) -> bool:
    look = reading.observation
    return reading.is_fresh or (look is not None and look.known <= look.items / 2)


class _Finder:
    """Compares new items with the entries that vanished from their sources' lists.

    Args:
        feed: whose entries.
        listed: the keys of all that is listed.
        tools: for the state, the network and the clock.
        wholesale: the keys of the sources of which most is new.
    """

    def __init__(
        self, feed: FeedConfig, listed: Collection[str], tools: RunContext, wholesale: set[str]
    ) -> None:
        self._feed = feed.name
        self._tools = tools
        self._wholesale = wholesale
        self._requests = 0
        self._sources = {source_key(source) for source in feed.source}
        present = {*tools.store.aliases(feed.name, listed).values()}
        if wholesale:
            entries = tools.store.entries(feed.name)
        else:
            lists = [
                state.succeeded
                for state in tools.store.sources(feed.name)
                if state.key in self._sources
            ]
            before = min(
                filter(None, lists), default=tools.clock()
            )  # the site may have been down for long
            entries = tools.store.listed_since(feed.name, before - RECENT, MAX_CANDIDATES)
        self._vanished = [entry for entry in entries if entry.url and entry.id not in present]

    def find(self, arrival: ExtractedItem, item: ListedItem) -> str:
        """Return the id of the entry that a new item was; "" if there is none."""
        for entry in self._vanished:
            is_of_source = entry.source == arrival.source or entry.source not in self._sources
            if is_of_source and self._is_moved(entry, arrival, item):
                self._vanished.remove(entry)
                return entry.id
        return ""

    def _is_moved(self, entry: Entry, arrival: ExtractedItem, item: ListedItem) -> bool:
        if not _may_be_same(entry, arrival):
            return False
        same = is_same_article(entry, arrival) and is_dated_alike(entry, arrival)
        if entry.source not in self._sources:  # nobody asked for it to be requested any more
            return same
        if same and arrival.source in self._wholesale:
            return True
        answer = self._ask(entry, arrival, item)
        return answer == "moved" or (same and answer != "alive")

    def _ask(self, entry: Entry, arrival: ExtractedItem, item: ListedItem) -> _Answer:
        """Ask an entry's old address whether it leads to the new item."""
        if self._requests >= MAX_REQUESTS or self._tools.budget.expired:
            return "unknown"
        self._requests += 1
        key = url_key(entry.url)
        seen = self._tools.store.item_states(self._feed, [key]).get(key)
        validators = Validators(seen.etag, seen.last_modified) if seen else None
        try:
            page = self._tools.fetcher.get(
                entry.url, validators=validators, options=item.options.for_url(entry.url, {})
            )
        except FetchError as error:
            return "gone" if error.status in _GONE else "unknown"
        found = url_key(page.url, exact=item.exact)
        if found == url_key(entry.url, exact=item.exact):
            return "alive"
        return "moved" if found in {item.key, *(claim.key for claim in arrival.claims)} else "gone"


def _may_be_same(entry: Entry, arrival: ExtractedItem) -> bool:
    """Return True if an entry may be an earlier state of an arrival.

    Same title, or much of the same text.
    """
    title = significant_words(arrival.title)
    if title and title == significant_words(entry.title):
        return True
    lengths = len(significant_words(entry.text)), len(significant_words(arrival.article.text))
    return min(lengths) >= MIN_WORDS and is_related(entry, arrival)
