"""What each look at a source brought, held against what is usual for it: a source that drifted brings nothing.

Twice: when its articles are listed, before one of them is read, and again when they were read, before one of them is
merged. Folders are not judged: who empties one means it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from feedpub import drift
from feedpub.config import FeedConfig, FolderSource
from feedpub.counting import count_words
from feedpub.gathering import Listed, Reading, keys_of
from feedpub.model import Item, Problem
from feedpub.reading import Read
from feedpub.store import Look
from feedpub.tools import Tools

_EASTERNMOST = timedelta(hours=14)  # ahead of UTC


def at_listings(feed: FeedConfig, readings: Iterable[Reading], tools: Tools) -> list[Reading]:
    """The readings with what their lists are like; one that is not as usual has a problem, and no items."""
    return [_at_listing(feed, reading, tools) if _is_judged(reading) else reading for reading in readings]


def at_articles(
    readings: Iterable[Reading], items: Sequence[Listed], reads: Sequence[Read], tools: Tools
) -> list[Reading]:
    """The readings with what their articles are like; one whose articles are not as usual has a problem.

    Args:
        readings: as `at_listings` left them.
        items: what they list.
        reads: what became of each item.
        tools: for the history.
    """
    of_source: dict[str, list[Read]] = {}
    for listed, read in zip(items, reads, strict=True):
        of_source.setdefault(listed.source, []).append(read)
    return [
        _judged(reading, _with_articles(reading.look, of_source.get(reading.key, []), tools), tools)
        if reading.look and reading.problem is None
        else reading
        for reading in readings
    ]


def _is_judged(reading: Reading) -> bool:
    return reading.problem is None and not isinstance(reading.source, FolderSource)


def _at_listing(feed: FeedConfig, reading: Reading, tools: Tools) -> Reading:
    rows = zip(keys_of(reading, tools.settings.anchor), reading.items, strict=True)
    keys = {each.key: (each.guid, item) for each, item in rows}
    every = [key for own, (guid, _) in keys.items() for key in (own, guid) if key]
    found = {*tools.store.seen(feed.name, every), *tools.store.aliases(feed.name, every)}
    known = {key for key, (guid, _) in keys.items() if key in found or guid in found}
    settings = f"{reading.documents.digest} {feed.limit}"
    history = tools.store.looks.of(feed.name, reading.key, settings)
    now = tools.clock()
    before = history[-1].at if history else now
    look = Look(
        feed=feed.name,
        key=reading.key,
        settings=settings,
        at=now,
        items=len(keys),
        known=len(known),
        fresh=sum(_is_between(item, before, now) for key, (_, item) in keys.items() if key not in known),
    )
    reading = replace(reading, renewed=not history and look.known <= look.items / 2)
    return _judged(reading, look, tools)


def _is_between(item: Item, before: datetime, now: datetime) -> bool:
    """Whether an article is dated after the look before and not in the future: such dates say nothing of its age.

    One with a day and no hour counts from that look's day on, until the day that it is now in the east.
    """
    if item.published is None:
        return False
    if item.published.time() == time():
        return before.date() <= item.published.date() <= (now + _EASTERNMOST).date()
    return before < item.published <= now


def _with_articles(look: Look, reads: Iterable[Read], tools: Tools) -> Look:
    reads = list(reads)
    arrivals = [read.arrival for read in reads if read.arrival and read.seen.state == "stored"]
    failed = [] if tools.lease.over else [r for r in reads if r.problem and r.seen.tries == 1 and not r.by_page]
    obstacles = Counter(read.seen.reason for read in failed).most_common(1)
    return replace(
        look,
        read=len(arrivals),
        failed=len(failed),
        obstacle=obstacles[0][0] if obstacles else "",
        dated=sum(bool(arrival.item.published or arrival.article.published) for arrival in arrivals),
        pictured=sum(bool(arrival.item.image or arrival.article.image) for arrival in arrivals),
        lengths=tuple(count_words(arrival.article.text) for arrival in arrivals),
    )


def _judged(reading: Reading, look: Look, tools: Tools) -> Reading:
    look = drift.judged(tools.store.looks.of(look.feed, look.key, look.settings), look)
    if not look.verdict:
        return replace(reading, look=look, renewed=reading.renewed or look.accepted)
    problem = Problem(reading.key, look.verdict, fatal=True, firm=True)
    return replace(reading, look=look, problem=problem, items=())
