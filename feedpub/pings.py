"""Hubs are told which documents of a feed changed (WebSub). The word is kept before the files are written.

Kept before, due after: a process that dies in between lets a hub look once too often, and never not at all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode

from feedpub.store import Message
from feedpub.tools import Tools

DOCUMENTS = (".rss", ".atom", ".json")  # what readers subscribe to: no pages, no archives
_WRITTEN_BY_THEN = timedelta(minutes=1)


@contextmanager
def announced(name: str, files: Mapping[str, bytes], tools: Tools) -> Iterator[None]:
    """The hubs are told of the documents of a feed that will have changed when the block ends.

    Where the block raises, hubs look a minute later at what may be there.

    Raises:
        StoreError: it cannot be kept what they have to be told.
        PublishError: the published files cannot be read.
    """
    changed = _changed(name, files, tools) if tools.settings.websub_hubs else []
    _keep(changed, _WRITTEN_BY_THEN, tools)
    yield
    _keep(changed, timedelta(0), tools)


def _changed(name: str, files: Mapping[str, bytes], tools: Tools) -> list[str]:
    documents = [f"{name}{suffix}" for suffix in DOCUMENTS if f"{name}{suffix}" in files]
    return [document for document in documents if tools.publisher.read(document) != files[document]]


def _keep(documents: list[str], wait: timedelta, tools: Tools) -> None:
    now = tools.clock()
    topics = [f"{tools.settings.base_url}{document}" for document in documents]
    pings = [Message("ping", hub, form(topic), now + wait) for hub in tools.settings.websub_hubs for topic in topics]
    tools.store.messages.add_once(pings, now)


def form(topic: str) -> bytes:
    """What a hub is posted about a topic that changed: hubs read its address under one of two names."""
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
