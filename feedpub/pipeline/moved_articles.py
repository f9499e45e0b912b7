"""Find the entry that a new item had under another address, if its site moved the article.

A candidate is an entry of the same source, or of one that was removed from the config, that was
listed lately and is not listed any more. It is the new item if its address redirects there, or if
it is gone and the new item has its title and text. If most of a list is new, the entire site has
moved: then title and text alone decide, and no address is requested.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from feedpub.builder.matching import (
    MIN_RELATED_OVERLAP,
    MIN_WORDS,
    ExtractedItem,
    is_dated_alike,
    is_same_article,
)
from feedpub.builder.text_compare import RelatedTexts, significant_words
from feedpub.config import FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.errors import FetchError
from feedpub.core.models import Entry
from feedpub.fetch import Validators
from feedpub.pipeline.collect import ListedItem, SourceResult
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.store import FeedState

MAX_UNLISTED = timedelta(days=30)  # since an article was listed, before the previous run
MAX_CANDIDATES = 100  # entries that new items are compared with
MAX_REQUESTS = 5  # for old addresses, in one run
_GONE = frozenset({404, 410})

_AddressStatus = Literal["moved", "gone", "alive", "unknown"]


def find_moved_articles(  # noqa: PLR0913, PLR0917 -- two states, before and during the run
    feed: FeedConfig,
    listed: Sequence[ListedItem],
    results: Sequence[ItemResult],
    source_results: Iterable[SourceResult],
    state: FeedState,
    entry_ids: Mapping[str, str],
    context: RunContext,
) -> list[ItemResult]:
    """Return the results, with `moved_from` set for each new item that is a known entry.

    Args:
        feed: the feed's settings.
        listed: the listed items.
        results: the result of each of them; others may follow.
        source_results: the sources that list them.
        state: the state of the feed.
        entry_ids: key → entry, for the keys of the listed items.
        context: the services that the run uses.
    """
    updated = list(results)
    new = _find_new_items(listed, results, entry_ids)
    if not new:
        return updated
    mostly_new = {result.key for result in source_results if _is_mostly_new(result)}
    finder = _MoveFinder(feed, state, set(entry_ids.values()), context, mostly_new)
    for position, extracted in new.items():
        if id_ := finder.find(extracted, listed[position]):
            moved = replace(extracted, moved_from=id_)
            updated[position] = replace(updated[position], extracted=moved)
    return updated


def _find_new_items(
    listed: Sequence[ListedItem], results: Sequence[ItemResult], entry_ids: Mapping[str, str]
) -> dict[int, ExtractedItem]:
    """Return position → article of each item without an entry. Saved articles do not move."""
    candidates: dict[int, ExtractedItem] = {}
    for position, (item, result) in enumerate(zip(listed, results, strict=False)):
        if result.extracted and item.item.url and item.item.path is None:
            candidates[position] = result.extracted
    return {
        position: extracted
        for position, extracted in candidates.items()
        if entry_ids.keys().isdisjoint(extracted.keys)
    }


def _is_mostly_new(result: SourceResult) -> bool:
    observation = result.observation
    return result.is_fresh or (
        observation is not None and observation.known <= observation.items / 2
    )


class _MoveFinder:
    """Compares new items with entries that are missing from their sources' lists.

    Args:
        feed: the feed's settings.
        state: the state of the feed.
        present: the ids of the entries that are listed.
        context: the services that the run uses.
        mostly_new: the keys of sources whose list is mostly new.
    """

    def __init__(
        self,
        feed: FeedConfig,
        state: FeedState,
        present: Collection[str],
        context: RunContext,
        mostly_new: set[str],
    ) -> None:
        self._feed = feed.name
        self._context = context
        self._mostly_new = mostly_new
        self._requests = 0
        self._sources = {source_key(source) for source in feed.source}
        self._missing = [
            entry
            for entry in self._load_candidates(state, present)
            if entry.url and entry.id not in present
        ]

    def _load_candidates(self, state: FeedState, present: Collection[str]) -> Sequence[Entry]:
        store = self._context.store
        if self._mostly_new:
            return store.entries(self._feed)
        last_lists = [
            source.succeeded
            for key, source in state.sources.items()
            if key in self._sources and source.succeeded
        ]
        # Not the current time: the site may have been down for long.
        last_list = min(last_lists, default=self._context.clock())
        latest = store.listed_since(self._feed, last_list - MAX_UNLISTED, MAX_CANDIDATES)
        return store.entry_texts(self._feed, [id_ for id_ in latest if id_ not in present])

    def find(self, extracted: ExtractedItem, item: ListedItem) -> str:
        """Return the id of the entry that a new item had; "" if there is none."""
        title = significant_words(extracted.title)
        related = RelatedTexts(extracted.article.text, MIN_RELATED_OVERLAP, MIN_WORDS)
        for entry in self._missing:
            if entry.source != extracted.source and entry.source in self._sources:
                continue
            has_same_title = bool(title) and title == significant_words(entry.title)
            may_be_same = has_same_title or related.is_related(entry.text)
            if may_be_same and self._is_moved(entry, extracted, item):
                self._missing.remove(entry)
                return entry.id
        return ""

    def _is_moved(self, entry: Entry, extracted: ExtractedItem, item: ListedItem) -> bool:
        same = is_same_article(entry, extracted) and is_dated_alike(entry, extracted)
        if entry.source not in self._sources:  # its source was removed: do not request it again
            return same
        if same and extracted.source in self._mostly_new:
            return True
        status = self._request_old_address(entry, extracted, item)
        return status == "moved" or (same and status != "alive")

    def _request_old_address(
        self, entry: Entry, extracted: ExtractedItem, item: ListedItem
    ) -> _AddressStatus:
        """Request an entry's old address to see if it leads to the new item."""
        if self._requests >= MAX_REQUESTS or self._context.budget.expired:
            return "unknown"
        self._requests += 1
        key = url_key(entry.url)
        state = self._context.store.item_states(self._feed, [key]).get(key)
        validators = Validators(state.etag, state.last_modified) if state else None
        options = item.options.for_url(entry.url, {})
        try:
            page = self._context.fetcher.get(entry.url, validators=validators, options=options)
        except FetchError as error:
            return "gone" if error.status in _GONE else "unknown"
        found = url_key(page.url, exact=item.exact)
        if found == url_key(entry.url, exact=item.exact):
            return "alive"
        claimed = {claim.key for claim in extracted.claims}
        return "moved" if found in {item.key, *claimed} else "gone"
