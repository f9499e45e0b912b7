"""Build the files about all feeds from one summary for each feed, without reading entries.

`write_feed` saves the summary of a feed, and the store deletes it when the feed's entries change. A
missing summary is made here.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from feedpub.builder import assemble
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


def index_files(config: Config, context: RunContext) -> dict[str, bytes]:
    """Return name → content of the index page, the OPML and the health feed.

    They list the feeds that have been published.
    """
    stored = context.store.summaries.load()
    summaries: list[FeedSummary] = []
    for feed in _find_published(config, context):
        summary = stored.get(feed.name)
        if summary is None or summary.settings != _get_fingerprint(feed):
            with context.store.feed_lock(feed.name):
                summary = save_summary(feed, current_feed(feed, context), context)
        header = assemble.feed_header(feed, context.settings, summary.updated, summary.language)
        summaries.append(FeedSummary(header, summary.entries, summary.newest))
    health = health_feed.health_feed_files(config, context.store, context.clock())
    return assemble.render_index_files(summaries) | health


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


class LiveEntryIds(Mapping[str, Collection[str]]):
    """Map each published feed to the ids in its live document. They are loaded on access."""

    def __init__(self, config: Config, context: RunContext) -> None:
        self._context = context
        self._feeds = {feed.name: feed for feed in _find_published(config, context)}

    def __getitem__(self, name: str) -> Collection[str]:
        feed = self._feeds[name]
        if max_live_entries(feed) is None:
            return [entry.id for entry in current_feed(feed, self._context).entries]
        return self._context.store.live_ids(name, feed.limit)

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
