"""Hubs are told which documents of a feed changed (WebSub). The word is kept before the files are written.

Kept before, due after: a process that dies in between lets a hub look once too often, and never not
at all.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

from feedpub.config import GlobalSettings
from feedpub.store import OutboxMessage, Store

DOCUMENTS = (".rss", ".atom", ".json")  # what readers subscribe to: no pages, no archives
_WRITTEN_BY_THEN = timedelta(minutes=1)


@contextmanager
def announce_changes(
    changed: Collection[str], settings: GlobalSettings, store: Store, clock: Callable[[], datetime]
) -> Iterator[None]:
    """Tell the hubs about the documents of a feed that will have changed when the block ends.

    Where the block raises, hubs look a minute later at what may be there.

    Raises:
        StoreError: it cannot be kept what they have to be told.
    """
    _keep(changed, _WRITTEN_BY_THEN, settings, store, clock())
    yield
    _keep(changed, timedelta(0), settings, store, clock())


def _keep(
    documents: Collection[str],
    wait: timedelta,
    settings: GlobalSettings,
    store: Store,
    now: datetime,
) -> None:
    topics = [f"{settings.base_url}{document}" for document in documents]
    pings = [
        OutboxMessage("ping", hub, ping_form(topic), now + wait)
        for hub in settings.websub_hubs
        for topic in topics
    ]
    store.outbox.add_once(pings, now)


def ping_form(topic: str) -> bytes:
    """What a hub is posted about a topic that changed.

    Hubs read its address under one of two names.
    """
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


def feed_documents(name: str, files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the documents among a feed's files that readers subscribe to."""
    return [f"{name}{suffix}" for suffix in DOCUMENTS if f"{name}{suffix}" in files]
