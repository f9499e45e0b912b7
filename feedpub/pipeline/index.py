"""Build the files about all feeds from one summary for each feed, without reading entries.

`write_feed` saves the summary of a feed, and the store deletes it when the feed's entries change. A
missing summary is made here.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from feedpub.builder import assemble, reuse
from feedpub.builder.reuse import RenderedFiles, RenderRecord
from feedpub.config import Config, FeedConfig, Filters
from feedpub.core.models import Feed, FeedSummary
from feedpub.notify import health_feed
from feedpub.pipeline.context import RunContext
from feedpub.store import SourceState, StoredSummary


def current_feed(feed: FeedConfig, context: RunContext) -> Feed:
    """Return a feed's live document from the store."""
    stored = context.store.live_entries(feed.name, max_live_entries(feed))
    live = assemble.build_feed(feed, context.settings, stored)
    has_episodes = any(entry.podcast for entry in live.entries)
    return with_channel(live, context.store.sources(feed.name)) if has_episodes else live


def max_live_entries(feed: FeedConfig) -> int | None:
    """Return how many of the newest entries the live document may contain; None for all."""
    return None if _has_filters(feed) else feed.limit


def with_channel(live: Feed, sources: Iterable[SourceState]) -> Feed:
    """Return a document with the elements of its channel, if its entries are episodes."""
    if not any(entry.podcast for entry in live.entries):
        return live
    channels = [state.podcast for state in sources if state.podcast]
    return replace(live, podcast=channels[0] if channels else ())


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The files about all feeds that are not published in their present form.

    Attributes:
        files: name → content.
        records: name → record of the files, to store when they are written.
    """

    files: Mapping[str, bytes]
    records: Mapping[str, bytes]


def render_index_files(config: Config, context: RunContext) -> IndexFiles:
    """Render the index page, the OPML and the health feed, if they are not published already.

    They list the feeds that have been published.
    """
    files: dict[str, bytes] = {}
    records: dict[str, bytes] = {}
    for name, render in (("*index", _render_lists), ("*health", _render_health)):
        record = load_record(name, context)
        rendered = render(config, record, context)
        files |= rendered.files
        if rendered.record != record:
            records[name] = rendered.record.to_bytes()
    return IndexFiles(files, records)


def load_record(name: str, context: RunContext) -> RenderRecord:
    """Return the record of the last rendering of a feed, or of files about all feeds."""
    return RenderRecord.from_bytes(context.store.summaries.load_rendered(name))


def _render_lists(config: Config, record: RenderRecord, context: RunContext) -> RenderedFiles:
    """Render the index page and the OPML."""
    summaries = _load_summaries(config, context)
    inputs = reuse.digest_values(summaries)
    if inputs == record.inputs:
        intact = reuse.find_intact(record.files, record, context.output)
        if len(intact) == len(record.files):
            return RenderedFiles({}, record)
    files = assemble.render_index_files(summaries)
    return RenderedFiles(files, reuse.make_record(inputs, files, context.output))


def _render_health(config: Config, record: RenderRecord, context: RunContext) -> RenderedFiles:
    feed = health_feed.current_health_feed(config, context.store, context.clock())
    return assemble.render_files(feed, (), record, context.output)


def _load_summaries(config: Config, context: RunContext) -> list[FeedSummary]:
    """Return the summary of each published feed; make those that are missing."""
    stored = context.store.summaries.load()
    summaries: list[FeedSummary] = []
    for feed in _find_published(config, context):
        summary = stored.get(feed.name)
        if summary is None or summary.settings != _get_fingerprint(feed):
            with context.store.feed_lock(feed.name):
                summary = save_summary(feed, current_feed(feed, context), context)
        header = assemble.feed_header(feed, context.settings, summary.updated, summary.language)
        summaries.append(FeedSummary(header, summary.entries, summary.newest))
    return summaries


def save_summary(feed: FeedConfig, live: Feed, context: RunContext) -> StoredSummary:
    """Save the summary of a feed. The caller holds the feed's lock."""
    summary = summarize(feed, live)
    context.store.summaries.save(summary)
    return summary


def summarize(feed: FeedConfig, live: Feed) -> StoredSummary:
    """Return the summary of a feed."""
    summary = FeedSummary.for_feed(live)
    return StoredSummary(
        feed.name,
        _get_fingerprint(feed),
        summary.entries,
        summary.newest,
        updated=max((entry.updated for entry in live.entries), default=None),
        language=assemble.common_language(live.entries),
    )


def live_entry_ids(feed: FeedConfig, context: RunContext) -> Collection[str]:
    """Return the ids of the entries in a feed's live document."""
    if _has_filters(feed):
        return [entry.id for entry in current_feed(feed, context).entries]
    return context.store.live_ids(feed.name, feed.limit)


class LiveEntryIds(Mapping[str, Collection[str]]):
    """Map each published feed to the ids in its live document. They are loaded on access."""

    def __init__(self, config: Config, context: RunContext) -> None:
        self._context = context
        self._feeds = {feed.name: feed for feed in _find_published(config, context)}

    def __getitem__(self, name: str) -> Collection[str]:
        return live_entry_ids(self._feeds[name], self._context)

    def __iter__(self) -> Iterator[str]:
        return iter(self._feeds)

    def __len__(self) -> int:
        return len(self._feeds)


def _find_published(config: Config, context: RunContext) -> list[FeedConfig]:
    """Return the feeds that have been published.

    A rebuilt state has no runs; it has the entries of published feeds.
    """
    stats = context.store.stats
    with_runs = stats.feeds_with_runs()
    counts: Mapping[str, int] = {}
    if any(name not in with_runs for name in config.feed.names):
        counts = stats.entry_counts()
    published: list[FeedConfig] = []
    for feed in config.feed:
        has_entries = feed.name in counts
        if feed.name in with_runs or (
            has_entries and not context.output.find_missing([f"{feed.name}.html"])
        ):
            published.append(feed)
    return published


def _has_filters(feed: FeedConfig) -> bool:
    return feed.include != Filters() or feed.exclude != Filters()


def _get_fingerprint(feed: FeedConfig) -> str:
    """Return a digest of the settings that decide which entries are in the live document."""
    if not _has_filters(feed):
        return str(feed.limit)
    filters = hashlib.sha256(f"{feed.include!r}{feed.exclude!r}".encode()).hexdigest()[:16]
    return f"{feed.limit} {filters}"
