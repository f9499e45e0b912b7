"""What is published about all feeds together, made of one light row a feed: no entry is read that did not change.

A row is kept when a feed is published, and dropped by the store when its entries change; what has
none gets one here.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping

from feedpub.builder import assemble
from feedpub.config import Config, FeedConfig, Filters
from feedpub.core.models import Feed, FeedSummary
from feedpub.notify import health_feed
from feedpub.pipeline.context import RunContext
from feedpub.store import StoredSummary


def current_feed(feed: FeedConfig, tools: RunContext) -> Feed:
    """A feed's live document as the store has it."""
    stored = tools.store.entries(feed.name, limit=None if _is_filtered(feed) else feed.limit)
    return assemble.build_feed(feed, tools.settings, stored)


def index_files(config: Config, tools: RunContext) -> dict[str, bytes]:
    """The page and the OPML about all feeds that were ever published, and their health.

    Name → content.
    """
    known = tools.store.summaries.load()
    headlines = [
        _headline(feed, _front(feed, known, tools), tools) for feed in _published(config, tools)
    ]
    return assemble.render_index_files(headlines) | health_feed.health_feed_files(
        config, tools.store, tools.clock()
    )


def save_summary(feed: FeedConfig, live: Feed, tools: RunContext) -> StoredSummary:
    """Keep what the page of all feeds says of one; to be called alone with the feed."""
    headline = FeedSummary.for_feed(live)
    updated = max((entry.updated for entry in live.entries), default=None)
    language = assemble.common_language(live.entries)
    front = StoredSummary(
        feed.name, _digest(feed), headline.entries, headline.newest, updated, language
    )
    if tools.store.summaries.get(feed.name) != front:
        tools.store.summaries.save(front)
    return front


class LiveEntryIds(Mapping[str, Collection[str]]):
    """Feed → ids of the entries in its live document, of all feeds that were published.

    Looked up when it is asked.
    """

    def __init__(self, config: Config, tools: RunContext) -> None:
        self._tools = tools
        self._feeds = {feed.name: feed for feed in _published(config, tools)}

    def __getitem__(self, name: str) -> Collection[str]:
        feed = self._feeds[name]
        if _is_filtered(feed):
            return [entry.id for entry in current_feed(feed, self._tools).entries]
        return self._tools.store.live_ids(name, feed.limit)

    def __iter__(self) -> Iterator[str]:
        return iter(self._feeds)

    def __len__(self) -> int:
        return len(self._feeds)


def _published(config: Config, tools: RunContext) -> list[FeedConfig]:
    """The feeds that ran once.

    A state that was built anew knows of no run, but of entries that are published.
    """
    ran = tools.store.stats.feeds_with_runs()
    counts = (
        tools.store.stats.entry_counts()
        if any(name not in ran for name in config.feed.names)
        else {}
    )

    def is_published(name: str) -> bool:
        return name in ran or (name in counts and not tools.output.find_missing([f"{name}.html"]))

    return [feed for feed in config.feed if is_published(feed.name)]


def _front(
    feed: FeedConfig, known: Mapping[str, StoredSummary], tools: RunContext
) -> StoredSummary:
    front = known.get(feed.name)
    if front and front.settings == _digest(feed):
        return front
    with tools.store.feed_lock(feed.name):
        return save_summary(feed, current_feed(feed, tools), tools)


def _headline(feed: FeedConfig, front: StoredSummary, tools: RunContext) -> FeedSummary:
    shown = assemble.feed_header(feed, tools.settings, front.updated, front.language)
    return FeedSummary(shown, front.entries, front.newest)


def _is_filtered(feed: FeedConfig) -> bool:
    return feed.include != Filters() or feed.exclude != Filters()


def _digest(feed: FeedConfig) -> str:
    """Of the settings that decide which entries are in the live document."""
    filters = f"{feed.include!r}{feed.exclude!r}" if _is_filtered(feed) else ""
    return (
        f"{feed.limit} {hashlib.sha256(filters.encode()).hexdigest()[:16]}"
        if filters
        else str(feed.limit)
    )
