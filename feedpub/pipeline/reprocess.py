"""Stored entries are made anew of what they were made of before, with the rules and the cleaner of today.

Nothing is fetched. Ids and dates stay, `updated` among them: what an article says did not change,
only how it is read. So do the stem of a saved article's page and the place in the order. An article
that cannot be read any more keeps its entry, and so does one that lost most of its text or its
title, unless that is insisted on. What stands in archives alone is left alone: they keep their
text.
"""

from collections.abc import Callable, Mapping
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
from feedpub.core.errors import ExtractError, SourceError
from feedpub.core.models import Article, Entry
from feedpub.core.text import pluralize
from feedpub.pipeline import article, index, run
from feedpub.pipeline.collect import saved_file_path
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.rechecks import MAX_SHRINK_RATIO
from feedpub.pipeline.site_memory import memory_key
from feedpub.sources import file_digest
from feedpub.store import PageSnapshot, unpack_body


class ReprocessVerdict(StrEnum):
    """What becomes of an entry that was made anew."""

    CHANGED = "changed"
    SAME = "same"
    FAILED = "failed"  # it cannot be made anew; it stays as it was
    HELD = "held back"  # what came of it looks wrong; it stays as it was


@dataclass(frozen=True, slots=True)
class ReprocessedEntry:
    """One entry before and after.

    Attributes:
        before: as it is stored.
        after: as it would be now; None where it cannot be made anew.
        reason: why it failed or is held back, for people.
    """

    status: ReprocessVerdict
    before: Entry
    after: Entry | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReprocessPlan:
    """What becomes of a feed's entries.

    Attributes:
        entries: those of which it is kept what they were made of, newest first.
        without: how many others there are that could be published.
        written: names of the files that were written.
    """

    feed: str
    entries: tuple[ReprocessedEntry, ...] = ()
    without_snapshot: int = 0
    written: tuple[str, ...] = ()

    def with_status(self, verdict: ReprocessVerdict) -> tuple[ReprocessedEntry, ...]:
        """Those that a verdict was passed on."""
        return tuple(entry for entry in self.entries if entry.status == verdict)

    @property
    def ok(self) -> bool:
        """True where every entry was made anew."""
        return not self.with_status(ReprocessVerdict.FAILED) and not self.with_status(
            ReprocessVerdict.HELD
        )


def plan_reprocess(feed: FeedConfig, tools: RunContext, *, force: bool = False) -> ReprocessPlan:
    """What becomes of a feed's entries; nothing is changed yet, and nobody is held up.

    Args:
        feed: as the config has it now.
        tools: what it works with; the fetcher is left alone.
        force: hold nothing back.

    Raises:
        StoreError: the state cannot be read.
    """
    tools = replace(tools, executor=tools.executor.for_run())
    entries = _open(feed, tools)
    kept = tools.store.snapshots.for_feed(feed.name)
    todo = [entry for entry in entries if entry.id in kept]
    sites = {memory_key(kept[entry.id].item.url or "") for entry in todo}
    memories = {site: tools.store.site_memory(site) for site in sites}

    def reclean(entry: Entry) -> ReprocessedEntry:
        page = kept[entry.id]
        return _recleaned(
            entry, lambda: _made(feed, entry, page, memories, tools), page, force=force
        )

    done: list[ReprocessedEntry] = []
    tools.progress(feed.name, 0, len(todo))
    with ThreadPoolExecutor(process_pool.MAX_WORKERS) as pool:
        for number, each in enumerate(pool.map(reclean, todo), 1):
            done.append(each)
            tools.progress(feed.name, number, len(todo))
    return ReprocessPlan(feed.name, tuple(done), without_snapshot=len(entries) - len(todo))


def apply_plan(feed: FeedConfig, planned: ReprocessPlan, tools: RunContext) -> ReprocessPlan:
    """Keep the changed entries and publish the feed; what a run has changed since it was planned stays.

    A feed's files are written also where no entry changes: a recleaning that was cut short is
    simply done again.

    Raises:
        StoreError: the state cannot be written; nothing of it is.
        PublishError: the files cannot be written; the next build, or recleaning, does it.
    """
    if not planned.entries:
        return planned
    with tools.store.feed_lock(feed.name):
        settled = replace(
            planned, entries=tuple(_still(feed, each, tools) for each in planned.entries)
        )
        tools.store.replace_entries(
            feed.name,
            [each.after for each in settled.with_status(ReprocessVerdict.CHANGED) if each.after],
        )
        return replace(
            settled, written=run.write_feed(feed, index.current_feed(feed, tools), tools)
        )


def _open(feed: FeedConfig, tools: RunContext) -> list[Entry]:
    """The entries that may be published another time, newest first.

    Live ones, and those that stand in no archive.
    """
    found = {entry.id: entry for entry in tools.store.archives.unpublished(feed.name)}
    live = (entry.id for entry in index.current_feed(feed, tools).entries)
    also = (tools.store.entry(feed.name, id_) for id_ in live if id_ not in found)
    entries = [*found.values(), *(entry for entry in also if entry)]
    return sorted(entries, key=lambda entry: (entry.published, -entry.rank, entry.id), reverse=True)


def _recleaned(
    entry: Entry, make: Callable[[], Article], page: PageSnapshot, *, force: bool
) -> ReprocessedEntry:
    try:
        after = apply_article(entry, _arrival(entry, page, make()))
    except SourceError as error:
        return ReprocessedEntry(ReprocessVerdict.FAILED, entry, reason=error.reason)
    if after == entry:
        return ReprocessedEntry(ReprocessVerdict.SAME, entry)
    if not force and (doubt := _doubt(entry, after)):
        return ReprocessedEntry(ReprocessVerdict.HELD, entry, after, doubt)
    return ReprocessedEntry(ReprocessVerdict.CHANGED, entry, after)


def _arrival(entry: Entry, page: PageSnapshot, article: Article) -> ExtractedItem:
    """The article as it arrived when the entry was made."""
    return ExtractedItem(
        item=page.item,
        article=replace(article, url=entry.url or article.url),
        keys=(page.key,),
        rank=entry.rank,
        source=entry.source,
        listed_first=page.listed_first,
        own_page=bool(entry.slug) and not article.url,
    )


def _doubt(before: Entry, after: Entry) -> str:
    """What makes an entry look wrong beside what it was; "" for nothing."""
    if len(after.text) < MAX_SHRINK_RATIO * len(before.text):
        return f"far shorter than it was, {pluralize(len(after.text), 'character')} of {len(before.text)}"
    return "it has no title any more" if before.title and not after.title else ""


def _made(
    feed: FeedConfig,
    entry: Entry,
    page: PageSnapshot,
    memories: Mapping[str, bytes | None],
    tools: RunContext,
) -> Article:
    """An entry's article, once more. Raises SourceError."""
    url = page.item.url or ""
    if page.form == "file":
        return article.make_from_file(feed, *_file(feed, entry, page, tools), tools)
    if page.form == "feed":
        return replace(
            article.make_from_feed(page.item, url or page.key, tools), complete=entry.complete
        )
    whole = unpack_body(page)
    return article.make_from_pages(
        feed, PageSequence((whole,), whole.url), page, memories[memory_key(url)], tools
    ).article


def _file(
    feed: FeedConfig, entry: Entry, page: PageSnapshot, tools: RunContext
) -> tuple[Path, Path]:
    """Where a saved article lies, and the folder of its source.

    Raises ExtractError where it is not what it was.
    """
    path = saved_file_path(page.key, tools.settings.anchor)
    folders = (source for source in feed.source if isinstance(source, FolderSource))
    folder = next((source.path for source in folders if source_key(source) == entry.source), None)
    if path is None or folder is None or not path.is_relative_to(folder):
        raise ExtractError("its folder is no source of the feed any more", str(path or page.key))
    if file_digest(path) != page.item.version:
        raise ExtractError(
            "the file has changed or is gone; `feedpub build` looks at it", str(path)
        )
    return path, folder


def _still(feed: FeedConfig, planned: ReprocessedEntry, tools: RunContext) -> ReprocessedEntry:
    """What was planned for an entry, where the entry is still what the plan was made for."""
    if (
        planned.status != ReprocessVerdict.CHANGED
        or tools.store.entry(feed.name, planned.before.id) == planned.before
    ):
        return planned
    return replace(
        planned,
        status=ReprocessVerdict.FAILED,
        reason="a run has changed it meanwhile; reclean it again",
    )
