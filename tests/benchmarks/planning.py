"""Measure what it costs to plan the next check of a source with `every = "auto"`.

    python -m tests.benchmarks.planning --entries 50 500 5000

prints, by the number of stored entries, the CPU time in milliseconds of

    plan        the plan alone, from a stored rhythm that is in memory;
    together    the same with the query, for many feeds at once, each;
    alone       the same with the query, for one feed;
    news        the plan after a new entry, whose rhythm is learned and stored;
    complete    the plan from all entries, as if nothing was stored;

and the size of the stored rhythm. Times are medians.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from feedpub.config import FeedConfig
from feedpub.core.models import Entry
from feedpub.scheduler.next_check import plan_next_check
from feedpub.scheduler.rhythm import Rhythm, load_rhythms, unpack_rhythm
from feedpub.store import SourceId, SourceState, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "https://example.org/"
SPAN = timedelta(days=400)
TEXT = "<p>A paragraph with some words.</p>" * 120
FEEDS = 20
REPEATS = 200
FEED = FeedConfig.model_validate(
    {"name": "feed", "title": "A feed", "source": [{"type": "page", "url": KEY}]}
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, nargs="+", default=[50, 500, 5000])
    names = ("plan", "together", "alone", "news", "complete")
    print(f"{'entries':>8}", *(f"{name:>9}" for name in names), f"{'bytes':>8}")
    for count in parser.parse_args().entries:
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
            *times, size = _measure(store, count)
        print(f"{count:8}", *(f"{seconds * 1000:9.3f}" for seconds in times), f"{size:8}")


def _measure(store: Store, count: int) -> tuple[float, ...]:
    sources = {(f"feed {number}", KEY): NOW for number in range(FEEDS)}
    for feed, _ in sources:
        store.commit_entries(feed, entries=_entries(count), aliases={}, item_states=[], now=NOW)
    store.rhythms.save(load_rhythms(store, sources).learned)
    one = ("feed 0", KEY)
    data = store.rhythms.load([one])[one].data
    return (
        _time(lambda _: _plan(_unpack(data))),
        _time(lambda _: _plan_all(store, sources)) / FEEDS,
        _time(lambda _: _plan_all(store, {one: NOW})),
        _time(lambda _: _plan_all(store, {one: NOW}), lambda number: _publish(store, number)),
        _time(lambda _: _plan_all(store, {one: NOW}), lambda _: _forget(store)),
        len(data),
    )


def _time(
    measured: Callable[[int], object], prepare: Callable[[int], object] = lambda _: None
) -> float:
    seconds = []
    for number in range(REPEATS):
        prepare(number)
        start = time.process_time()
        measured(number)
        seconds.append(time.process_time() - start)
    return median(seconds)


def _plan_all(store: Store, sources: dict[SourceId, datetime]) -> None:
    loaded = load_rhythms(store, sources)
    for rhythm in loaded.by_source.values():
        _plan(rhythm)
    if loaded.learned:
        store.rhythms.save(loaded.learned)


def _plan(rhythm: Rhythm) -> None:
    state = SourceState("feed", KEY, checked=NOW, succeeded=NOW, items=10)
    plan_next_check(FEED, state, rhythm, NOW, local=False)


def _unpack(data: bytes) -> Rhythm:
    rhythm = unpack_rhythm(data)
    assert rhythm
    return rhythm


def _entries(count: int) -> list[Entry]:
    chance = random.Random(1)  # noqa: S311 -- the same entries each time
    return [_entry(f"tag:{number}", NOW - chance.random() * SPAN) for number in range(count)]


def _entry(name: str, published: datetime) -> Entry:
    published = published.replace(microsecond=0)
    seen = published + timedelta(hours=1)
    return Entry(name, name, name, seen, published, published, html=TEXT, text=TEXT, source=KEY)


def _publish(store: Store, number: int) -> None:
    published = NOW - timedelta(seconds=REPEATS - number)
    entries = [_entry(f"tag:new {number}", published)]
    store.commit_entries("feed 0", entries=entries, aliases={}, item_states=[], now=NOW)


def _forget(store: Store) -> None:
    """Let the stored rhythm be of another format, so that it is learned from the entries."""
    stored = store.rhythms.load([("feed 0", KEY)])
    store.rhythms.save([type(each)(*key, each.covered, b"") for key, each in stored.items()])


if __name__ == "__main__":
    main()
