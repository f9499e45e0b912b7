"""Notify WebSub hubs of the documents that changed.

Queue the pings before writing the files and release them afterwards. A crash in between causes at
most one redundant ping, never a missing one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

from feedpub.config import GlobalSettings
from feedpub.store import OutboxMessage, Store

DOCUMENT_SUFFIXES = (".rss", ".atom", ".json")  # of documents that readers subscribe to
_MAX_WRITE_TIME = timedelta(minutes=1)


@contextmanager
def announce_changes(
    changed: Collection[str], settings: GlobalSettings, store: Store, clock: Callable[[], datetime]
) -> Iterator[None]:
    """Notify the hubs, when the block ends, of the documents of a feed that it changes.

    If the block raises, the hubs are notified a minute later, since some files may have changed.

    Raises:
        StoreError: the pings cannot be stored.
    """
    _queue_pings(changed, _MAX_WRITE_TIME, settings, store, clock())
    yield
    _queue_pings(changed, timedelta(0), settings, store, clock())


def _queue_pings(
    documents: Collection[str],
    delay: timedelta,
    settings: GlobalSettings,
    store: Store,
    now: datetime,
) -> None:
    pings = []
    for hub in settings.websub_hubs:
        for document in documents:
            form = ping_form(f"{settings.base_url}{document}")
            pings.append(OutboxMessage("ping", hub, form, now + delay))
    store.outbox.add_once(pings, now)


def ping_form(topic: str) -> bytes:
    """Return the form that a hub is sent about a topic that changed.

    Some hubs read the topic's address from `hub.url`, others from `hub.topic`.
    """
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


def feed_documents(name: str, files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the documents among a feed's files that readers subscribe to."""
    names = [f"{name}{suffix}" for suffix in DOCUMENT_SUFFIXES]
    return [document for document in names if document in files]
