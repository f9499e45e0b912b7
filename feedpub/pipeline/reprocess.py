"""Rebuild stored entries from their snapshots with the current rules and the current cleaner.

Nothing is fetched. Ids and dates stay, `updated` among them: only the extraction changed, not the
article. The name of a saved article's page and the order of entries stay, too. An entry stays as it
was if its article can no longer be read. Without `force`, that also holds if the entry would lose
most of its text, or its title. Entries that are only in archives are not rebuilt: archives keep
their text.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from feedpub.builder.matching import ExtractedItem
from feedpub.builder.merge import apply_article
from feedpub.cleaner.pagination import PageSequence
from feedpub.config import FeedConfig, FolderSource
from feedpub.config.sources import source_key
from feedpub.core import process_pool
from feedpub.core.errors import ExtractError, NoContentError, SourceError
from feedpub.core.models import Article, Entry
from feedpub.core.text import pluralize
from feedpub.pipeline import index, run
from feedpub.pipeline.article import (
    article_from_feed,
    article_from_file,
    article_from_mail,
    article_from_pages,
)
from feedpub.pipeline.collect import saved_file_path
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.rechecks import MAX_SHRINK_RATIO
from feedpub.pipeline.site_memory import memory_key
from feedpub.sources import file_digest
from feedpub.store import PageSnapshot, unpack_body


class ReprocessVerdict(StrEnum):
    """The result of rebuilding an entry."""

    CHANGED = "changed"
    SAME = "same"
    FAILED = "failed"  # it cannot be rebuilt; it stays as it was
    HELD = "held back"  # it would lose too much; it stays as it was


@dataclass(frozen=True, slots=True)
class ReprocessedEntry:
    """An entry before and after it was rebuilt.

    Attributes:
        status: the result.
        before: the stored entry.
        after: the new entry; None if it cannot be rebuilt.
        reason: the reason why it failed or was held back.
    """

    status: ReprocessVerdict
    before: Entry
    after: Entry | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReprocessPlan:
    """The result of rebuilding a feed's entries.

    Attributes:
        feed: the feed's name.
        entries: the entries with a snapshot, newest first.
        without_snapshot: the number of other entries that may be published.
        written: the names of the files that were written.
    """

    feed: str
    entries: tuple[ReprocessedEntry, ...] = ()
    without_snapshot: int = 0
    written: tuple[str, ...] = ()

    def with_status(self, status: ReprocessVerdict) -> tuple[ReprocessedEntry, ...]:
        """Return the entries with the given status."""
        return tuple(entry for entry in self.entries if entry.status == status)

    @property
    def ok(self) -> bool:
        """Return True if every entry was rebuilt."""
        return not any(
            entry.status in (ReprocessVerdict.FAILED, ReprocessVerdict.HELD)
            for entry in self.entries
        )


def plan_reprocess(feed: FeedConfig, context: RunContext, *, force: bool = False) -> ReprocessPlan:
    """Rebuild a feed's entries without storing them. Runs of the feed are not blocked.

    Args:
        feed: the feed's settings.
        context: the services that a run uses; the fetcher is not used.
        force: hold nothing back.

    Raises:
        StoreError: the state cannot be read.
    """
    context = replace(context, executor=context.executor.for_run())
    entries = _find_publishable(feed, context)
    snapshots = context.store.snapshots.for_feed(feed.name)
    to_rebuild = [entry for entry in entries if entry.id in snapshots]
    sites = {memory_key(snapshots[entry.id].item.url or "") for entry in to_rebuild}
    memories = {site: context.store.site_memory(site) for site in sites}

    def rebuild(entry: Entry) -> ReprocessedEntry:
        snapshot = snapshots[entry.id]
        try:
            article = _extract_article(feed, entry, snapshot, memories, context)
            after = apply_article(entry, _make_extracted_item(entry, snapshot, article))
        except SourceError as error:
            return ReprocessedEntry(ReprocessVerdict.FAILED, entry, reason=error.reason)
        if after == entry:
            return ReprocessedEntry(ReprocessVerdict.SAME, entry)
        if not force and (reason := _find_loss(entry, after)):
            return ReprocessedEntry(ReprocessVerdict.HELD, entry, after, reason)
        return ReprocessedEntry(ReprocessVerdict.CHANGED, entry, after)

    rebuilt: list[ReprocessedEntry] = []
    context.progress(feed.name, 0, len(to_rebuild))
    with ThreadPoolExecutor(process_pool.MAX_WORKERS) as pool:
        for number, each in enumerate(pool.map(rebuild, to_rebuild), 1):
            rebuilt.append(each)
            context.progress(feed.name, number, len(to_rebuild))
    without_snapshot = len(entries) - len(to_rebuild)
    return ReprocessPlan(feed.name, tuple(rebuilt), without_snapshot=without_snapshot)


def apply_plan(feed: FeedConfig, plan: ReprocessPlan, context: RunContext) -> ReprocessPlan:
    """Store the changed entries and write the feed.

    Entries that a run changed after they were planned stay as they are. The files are written even
    if no entry changes, so that an interrupted call can be repeated.

    Raises:
        StoreError: the state cannot be written; nothing is stored.
        PublishError: the files cannot be written; the next run writes them.
    """
    if not plan.entries:
        return plan
    with context.store.feed_lock(feed.name):
        entries = tuple(_check_current(feed, each, context) for each in plan.entries)
        plan = replace(plan, entries=entries)
        changed = [each.after for each in plan.with_status(ReprocessVerdict.CHANGED) if each.after]
        context.store.replace_entries(feed.name, changed)
        written = run.write_feed(feed, index.current_feed(feed, context), context)
        return replace(plan, written=written)


def _find_publishable(feed: FeedConfig, context: RunContext) -> list[Entry]:
    """Return the entries that may be published again, newest first.

    They are the live ones and those that are in no archive.
    """
    found = {entry.id: entry for entry in context.store.archives.unpublished(feed.name)}
    for live in index.current_feed(feed, context).entries:
        if live.id not in found and (entry := context.store.entry(feed.name, live.id)):
            found[entry.id] = entry
    entries = found.values()
    return sorted(
        entries,
        key=lambda entry: (entry.published, entry.first_seen, -entry.rank, entry.id),
        reverse=True,
    )


def _make_extracted_item(entry: Entry, snapshot: PageSnapshot, article: Article) -> ExtractedItem:
    """Return the item that the entry was made from, with the new article."""
    return ExtractedItem(
        item=snapshot.item,
        article=replace(article, url=entry.url or article.url),
        keys=(snapshot.key,),
        rank=entry.rank,
        source=entry.source,
        listed_first=snapshot.listed_first,
        own_page=bool(entry.slug) and not article.url,
    )


def _find_loss(before: Entry, after: Entry) -> str:
    """Return what a new entry has lost; "" if it is acceptable."""
    if len(after.text) < MAX_SHRINK_RATIO * len(before.text):
        length = pluralize(len(after.text), "character")
        return f"far shorter than it was, {length} of {len(before.text)}"
    return "it lost its title" if before.title and not after.title else ""


def _extract_article(
    feed: FeedConfig,
    entry: Entry,
    snapshot: PageSnapshot,
    memories: Mapping[str, bytes | None],
    context: RunContext,
) -> Article:
    """Return an entry's article, extracted again. Raises SourceError."""
    url = snapshot.item.url or ""
    if snapshot.form == "file":
        path, folder = _find_saved_file(feed, entry, snapshot, context)
        return article_from_file(feed, path, folder, context, url)
    if snapshot.form == "mail":
        return article_from_mail(feed, unpack_body(snapshot).body, snapshot.key, context)
    if snapshot.form == "feed":
        article = article_from_feed(snapshot.item, url or snapshot.key, context)
        return replace(article, complete=entry.complete)
    page = unpack_body(snapshot)
    pages, memory = PageSequence((page,), page.url), memories[memory_key(url)]
    found = article_from_pages(feed, pages, snapshot, memory, context)
    if found.gap and entry.html:
        raise NoContentError(found.gap, url)
    return found.article


def _find_saved_file(
    feed: FeedConfig, entry: Entry, snapshot: PageSnapshot, context: RunContext
) -> tuple[Path, Path]:
    """Return the file of a saved article and the folder of its source.

    Raises:
        ExtractError: the folder or the file is not what it was.
    """
    path = saved_file_path(snapshot.key, context.settings.anchor)
    folders = {
        source_key(source): source.path
        for source in feed.source
        if isinstance(source, FolderSource)
    }
    folder = folders.get(entry.source)
    if path is None or folder is None or not path.is_relative_to(folder):
        reason = "its folder is no longer a source of the feed"
        raise ExtractError(reason, str(path or snapshot.key))
    if file_digest(path) != snapshot.item.version:
        reason = "the file has changed or is gone; run `feedpub build` to read it"
        raise ExtractError(reason, str(path))
    return path, folder


def _check_current(
    feed: FeedConfig, planned: ReprocessedEntry, context: RunContext
) -> ReprocessedEntry:
    """Return the planned change, or a failure if the entry has changed since."""
    if planned.status != ReprocessVerdict.CHANGED:
        return planned
    if context.store.entry(feed.name, planned.before.id) == planned.before:
        return planned
    reason = "a run changed it in the meantime; run `feedpub reclean` again"
    return replace(planned, status=ReprocessVerdict.FAILED, reason=reason)
