"""Statistics of the lines that the cleaner removes."""

from datetime import timedelta

from feedpub.core.models import Removed
from feedpub.store import RemovalStat, Store
from feedpub.store.feed_stats import MAX_LINE_CHARS, MAX_LINES
from tests.store.examples import DAY, NOW

HOUR = timedelta(hours=1)


def removed_lines(*texts: str, reason: str = "navigation") -> list[Removed]:
    return [Removed(text, reason) for text in texts]


def reported_counts(store: Store, feed: str = "world") -> list[tuple[str, int]]:
    return [
        (removal.text, removal.count) for removal in store.removal_stats.latest(5).get(feed, ())
    ]


def test_line_is_reported_from_its_second_article_on(store: Store) -> None:
    store.removal_stats.add(
        "world", [removed_lines("Subscribe now"), removed_lines("Once only")], NOW
    )
    store.removal_stats.add("local", [removed_lines("Subscribe now")], NOW)
    assert store.removal_stats.latest(5) == {}
    store.removal_stats.add(
        "world", [removed_lines("Subscribe  now", reason="a box")] * 2, NOW + HOUR
    )
    assert store.removal_stats.latest(5) == {
        "world": (RemovalStat("world", "Subscribe now", "a box", NOW, NOW + HOUR, 3),)
    }


def test_line_counts_once_per_article(store: Store) -> None:
    store.removal_stats.add("world", [removed_lines("Home\nSport", "Home", "•", "12345")] * 2, NOW)
    assert reported_counts(store) == [("Home", 2), ("Sport", 2)]


def test_newest_lines_come_first(store: Store) -> None:
    store.removal_stats.add("world", [removed_lines("old", "often")] * 2, NOW)
    store.removal_stats.add("world", [removed_lines("new", "often")] * 2, NOW + HOUR)
    assert reported_counts(store) == [("new", 2), ("often", 4), ("old", 2)]
    assert [removal.text for removal in store.removal_stats.latest(1)["world"]] == ["new"]


def test_long_line_is_shortened(store: Store) -> None:
    store.removal_stats.add("world", [removed_lines("word " * 1000)] * 2, NOW)
    ((text, _),) = reported_counts(store)
    assert (len(text), text[-1]) == (MAX_LINE_CHARS, "…")


def test_lines_that_were_not_removed_recently_are_pruned(store: Store) -> None:
    for hour in range(3):
        once = removed_lines("always", *(f"once {hour}-{n}" for n in range(MAX_LINES)))
        store.removal_stats.add("world", [once, removed_lines("always")], NOW + hour * HOUR)
    assert reported_counts(store) == [("always", 6)]
    store.removal_stats.add("world", [removed_lines("once 0-1")], NOW + DAY)
    assert reported_counts(store) == [("always", 6)]


def test_old_removals_are_pruned(store: Store) -> None:
    store.removal_stats.add("world", [removed_lines("gone")] * 2, NOW)
    store.removal_stats.add("world", [removed_lines("here")] * 2, NOW + DAY)
    store.prune(NOW + HOUR, keep={})
    assert reported_counts(store) == [("here", 2)]
