"""Which of the drafts are new to a config, and under which names they come."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from feedpub.builder.identity import url_key
from feedpub.config import Config, RemoteSource
from feedpub.config.writing import FreeNames
from feedpub.importing.model import FeedDraft, host_of


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Drafts, sorted.

    Attributes:
        new: those to be added, each with its name.
        known: those whose address is a source already, each with the feed that has it.
    """

    new: tuple[tuple[str, FeedDraft], ...]
    known: tuple[tuple[str, FeedDraft], ...]


def arrivals(drafts: Iterable[FeedDraft], config: Config) -> Arrivals:
    """Sort drafts; of several with one address the first is new."""
    feeds = dict(_sources(config))
    names = FreeNames(config.feed.names)
    new: list[tuple[str, FeedDraft]] = []
    known: list[tuple[str, FeedDraft]] = []
    for draft in drafts:
        key = url_key(draft.url)
        if key in feeds:
            known.append((feeds[key], draft))
            continue
        name = names.take(_wish(draft))
        feeds[key] = name
        new.append((name, draft))
    return Arrivals(tuple(new), tuple(known))


def _wish(draft: FeedDraft) -> str:
    """What a feed would be called by: the first of its names that can be said in a-z and 0-9."""
    wishes = (draft.name, draft.title, host_of(draft.url))
    return next((wish for wish in wishes if re.search("[A-Za-z0-9]", unicodedata.normalize("NFKD", wish))), "feed")


def _sources(config: Config) -> Iterable[tuple[str, str]]:
    for feed in config.feed:
        for source in feed.source:
            if isinstance(source, RemoteSource):
                yield url_key(source.url), feed.name
