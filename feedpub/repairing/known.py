"""What the state knows of the articles that a source lists."""

from feedpub.config import FeedConfig
from feedpub.gathering import Reading
from feedpub.repairing.judge import Known, plain
from feedpub.store import Store

MOST = 1000  # articles


def known_of(feed: FeedConfig, reading: Reading, store: Store) -> Known | None:
    """What is known of a source's articles; None where it was never read. Raises StoreError."""
    state = next((state for state in store.sources(feed.name) if state.key == reading.key), None)
    if state is None or not state.items:
        return None
    entries = store.entries(feed.name, limit=MOST)
    own = [entry for entry in entries if entry.source == reading.key] or list(entries)
    return Known(
        keys=frozenset(store.listed_last(feed.name, MOST)),
        titles=frozenset(plain(entry.title) for entry in own),
        usual=state.items,
        limit=feed.limit,
        newest=max((entry.published for entry in own), default=None),
    )
