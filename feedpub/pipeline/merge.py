"""Merge the articles of a run into the stored entries.

`builder.matching` decides which entry an article belongs to, `builder.merge` what changes in it,
and `builder.ids` makes the id of a new entry. This module loads what they need, stores what they
return and logs each article.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from feedpub.builder.matching import (
    ExistingEntries,
    ExtractedItem,
    drop_false_claims,
    has_address,
    story_of_entry,
)
from feedpub.builder.merge import MergeResult, merge_items
from feedpub.builder.similar import MAX_ENTRIES, MAX_TIME_APART, StoryIndex
from feedpub.config import FeedConfig, RemoteSource
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.log import fields, to_milliseconds
from feedpub.core.models import Alias, AliasKind, Entry
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.store import PageSnapshot

_log = logging.getLogger(__name__)


def merge_entries(
    feed: FeedConfig,
    results: Sequence[ItemResult],
    context: RunContext,
    *,
    for_archives: bool = False,
) -> MergeResult:
    """Merge the articles that were read into the stored entries, in one transaction.

    The caller holds the feed's lock.

    Args:
        feed: the feed's settings.
        results: the result of each article.
        context: the services that the run uses.
        for_archives: new entries belong to archives alone, and never to the live document.
    """
    now = context.clock()
    keys: list[str] = []
    extracted: list[ExtractedItem] = []
    for result in results:
        if result.extracted:
            keys.append(result.state.key)
            extracted.append(result.extracted)
    items = drop_false_claims(extracted, _get_listing_keys(feed))
    existing = load_existing_entries(feed, items, context)
    if feed.merge_similar:
        _load_stories(feed, items, existing, context)
    before = dict(existing.entries)
    merged = merge_items(feed.name, context.settings.base_url, existing, items, now)
    ids = dict(zip(keys, merged.ids, strict=True))
    _log_articles(feed.name, results, before, merged, ids)
    aliases: dict[str, str] = {}
    claims: dict[str, Alias] = {}
    for key, alias in merged.aliases.items():
        if alias.kind is AliasKind.OWN:
            aliases[key] = alias.entry
        else:
            claims[key] = alias
    context.store.commit_entries(
        feed.name,
        entries=merged.entries,
        aliases=aliases,
        claimed=claims,
        listed=[key for item in items for key in item.keys],
        item_states=[result.state for result in results],
        snapshots=_choose_snapshots(results, ids, existing),
        same_content=_find_same_content(merged.entries, before),
        backfilled={e.id for e in merged.entries} - before.keys() if for_archives else (),
        now=now,
    )
    return merged


def _get_listing_keys(feed: FeedConfig) -> set[str]:
    """Return the keys of the feed's listings: an article that claims one of them is mistaken."""
    return {url_key(source.url) for source in feed.source if isinstance(source, RemoteSource)}


def load_existing_entries(
    feed: FeedConfig, items: Sequence[ExtractedItem], context: RunContext
) -> ExistingEntries:
    """Load the entries that the given items may belong to, and what identifies them."""
    keys: set[str] = set()
    for item in items:
        keys.update(item.keys, (claim.key for claim in item.claims))
    aliases = context.store.all_aliases(feed.name, keys)
    ids = {alias.entry for alias in aliases.values()}
    ids.update(item.moved_from for item in items if item.moved_from)
    ids.discard("")
    entries = {}
    for id_ in ids:
        if entry := context.store.entry(feed.name, id_):
            entries[id_] = entry
    return ExistingEntries(
        aliases=aliases,
        entries=entries,
        update_times=context.store.update_times(feed.name),
        slugs=context.store.slugs(feed.name),
        guids=context.store.guid_keys(feed.name, ids),
        sources={source_key(source) for source in feed.source},
    )


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
    recent = context.store.published_between(feed.name, since, until, MAX_ENTRIES)
    for entry in recent:
        existing.entries.setdefault(entry.id, entry)
    stories = map(story_of_entry, recent)
    existing.stories = StoryIndex(now, stories, feed.similarity_threshold)


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
