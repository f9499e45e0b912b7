"""Merge the articles of a run into the stored entries.

`builder.matching` decides which entry an article belongs to, `builder.merge` what changes in it,
and `builder.ids` makes the id of a new entry. This module loads what they need, stores what they
return and logs each article.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from feedpub.builder.matching import (
    ExistingEntries,
    ExtractedItem,
    drop_false_claims,
    has_address,
    publication_url,
    story_of_entry,
    story_of_item,
)
from feedpub.builder.merge import MergeResult, merge_items
from feedpub.builder.similar import (
    MAX_ENTRIES,
    MAX_TIME_APART,
    Story,
    StoryIndex,
    may_be_same_story,
    media_addresses,
)
from feedpub.config import FeedConfig, RemoteSource
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.log import fields, to_milliseconds
from feedpub.core.models import Entry
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.store import EntryChanges, Headline, PageSnapshot

_DAY = timedelta(days=1)
_log = logging.getLogger(__name__)


def plan_merge(
    feed: FeedConfig,
    results: Sequence[ItemResult],
    context: RunContext,
    *,
    for_archives: bool = False,
) -> tuple[MergeResult, EntryChanges]:
    """Merge the articles that were read into the stored entries, without storing anything.

    The caller holds the feed's lock until the changes are stored.

    Args:
        feed: the feed's settings.
        results: the result of each article.
        context: the services that the run uses.
        for_archives: new entries belong to archives alone, and never to the live document.

    Returns:
        The merge, and what it has to store.
    """
    now = context.clock()
    keys: list[str] = []
    extracted: list[ExtractedItem] = []
    for result in results:
        if result.extracted:
            keys.append(result.state.key)
            extracted.append(result.extracted)
    items = drop_false_claims(extracted, _get_listing_keys(feed))
    existing = _load_existing_entries(feed, items, context)
    if feed.merge_similar:
        _load_stories(feed, items, existing, context)
    before = dict(existing.entries)
    merged = merge_items(feed.name, context.settings.base_url, existing, items, now)
    ids = dict(zip(keys, merged.ids, strict=True))
    _log_articles(feed.name, results, before, merged, ids)
    changes = EntryChanges(
        entries=merged.entries,
        aliases=merged.aliases,
        listed=[key for item in items for key in item.keys],
        item_states=[result.state for result in results],
        snapshots=_choose_snapshots(results, ids, existing),
        same_content=_find_same_content(merged.entries, before),
        backfilled={e.id for e in merged.entries} - before.keys() if for_archives else (),
        now=now,
    )
    return merged, changes


def _get_listing_keys(feed: FeedConfig) -> set[str]:
    """Return the keys of the feed's listings: an article that claims one of them is mistaken."""
    return {url_key(source.url) for source in feed.source if isinstance(source, RemoteSource)}


def _load_existing_entries(
    feed: FeedConfig, items: Sequence[ExtractedItem], context: RunContext
) -> ExistingEntries:
    """Load the entries that the given items may belong to, and what identifies them."""
    sources = {source_key(source) for source in feed.source}
    if not items:
        return ExistingEntries(sources=sources)
    keys: set[str] = set()
    for item in items:
        keys.update(item.keys, (claim.key for claim in item.claims))
    ids = {item.moved_from for item in items if item.moved_from}
    since = _earliest_update(items, context.clock())
    found = context.store.related_entries(feed.name, keys, ids, since)
    needs_slugs = any(item.own_page or not publication_url(item) for item in items)
    return ExistingEntries(
        aliases=found.aliases,
        entries=found.entries,
        update_times=found.update_times,
        slugs=context.store.slugs(feed.name) if needs_slugs else set(),
        guids=found.guids,
        sources=sources,
    )


def _earliest_update(items: Iterable[ExtractedItem], now: datetime) -> datetime:
    """Return a time before all those that the entries of some items may get as `updated`.

    `unique_update_time` takes a free second near a date that the item states, or near now. A day
    has more seconds than a feed has entries.
    """
    times = [now]
    for item in items:
        stated = (item.published, item.item.updated, item.article.updated)
        times += [time for time in stated if time]
    earliest = min(times)
    return earliest - _DAY if earliest.year > 1 else earliest


def _load_stories(
    feed: FeedConfig,
    items: Iterable[ExtractedItem],
    existing: ExistingEntries,
    context: RunContext,
) -> None:
    """Load the recent entries that new items may be versions of. Without new items, load nothing.

    Args:
        feed: the feed's settings.
        items: the items of the run.
        existing: the entries that the items' keys lead to; the recent ones are added.
        context: the services that the run uses.
    """
    now = context.clock()
    times = [
        min(item.published or now, now)
        for item in items
        if has_address(item) and existing.aliases.keys().isdisjoint(item.keys)
    ]
    if not times:
        return
    since, until = min(times) - MAX_TIME_APART, max(times) + MAX_TIME_APART
    recent = context.store.headlines_between(feed.name, since, until, MAX_ENTRIES)
    new = [story_of_item(item, now) for item in items if has_address(item)]
    similar = [each.id for each in recent if may_be_same_story(_story_of_headline(each), new)]
    entries = context.store.entries_by_id(feed.name, similar) if similar else ()
    for entry in entries:
        existing.entries.setdefault(entry.id, entry)
    stories = map(story_of_entry, entries)
    existing.stories = StoryIndex(now, stories, feed.similarity_threshold)


def _story_of_headline(headline: Headline) -> Story:
    media = media_addresses(headline.enclosures)
    return Story(headline.id, headline.url, headline.title, "", headline.published, media)


def _find_same_content(entries: Iterable[Entry], before: Mapping[str, Entry]) -> set[str]:
    """Return the ids of changed entries that only link to other versions of their story now."""
    same: set[str] = set()
    for entry in entries:
        old = before.get(entry.id)
        if old and replace(old, also_at=entry.also_at) == entry:
            same.add(entry.id)
    return same


def _choose_snapshots(
    results: Iterable[ItemResult], ids: Mapping[str, str], existing: ExistingEntries
) -> dict[str, PageSnapshot]:
    """Return entry id → the snapshot that its text was made from.

    The snapshot of a teaser does not replace that of the complete article.
    """
    snapshots: dict[str, PageSnapshot] = {}
    for result in results:
        id_ = ids.get(result.state.key)
        if not result.extracted or not result.snapshot or not id_:
            continue
        entry = existing.entries[id_]
        if entry.complete == result.extracted.article.complete:
            snapshots[entry.id] = result.snapshot
    return snapshots


def _log_articles(
    feed: str,
    results: Iterable[ItemResult],
    before: Mapping[str, Entry],
    merged: MergeResult,
    ids: Mapping[str, str],
) -> None:
    """Log one line for each article that took time.

    Args:
        feed: the feed's name.
        results: the result of each article.
        before: id → entry, before the merge.
        merged: the result of the merge.
        ids: the article's key → the id of its entry; "" if the article changes no entry.
    """
    if not _log.isEnabledFor(logging.DEBUG):
        return
    changed = {entry.id: entry for entry in merged.entries}
    for result in results:
        if result.seconds:
            extra = fields(
                feed=feed,
                url=_get_address(result),
                outcome=_describe_result(result, before, changed, ids),
                ms=to_milliseconds(result.seconds),
            )
            _log.debug("article", extra=extra)


def _get_address(result: ItemResult) -> str:
    if result.extracted and result.extracted.item.url:
        return result.extracted.item.url
    if result.failure:
        return result.failure.where
    return result.state.url or result.state.key


def _describe_result(
    result: ItemResult,
    before: Mapping[str, Entry],
    changed: Mapping[str, Entry],
    ids: Mapping[str, str],
) -> str:
    if result.extracted is None:
        if result.failure:
            return f"failed: {result.failure.reason}"
        return result.state.reason or "unchanged"
    id_ = ids[result.state.key]
    if id_ and id_ not in before:
        return "new"
    if id_ in changed and changed[id_].updated != before[id_].updated:
        return "updated"
    return "unchanged"
