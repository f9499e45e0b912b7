"""What the cleaner removes, counted."""

from datetime import timedelta

from feedpub.core.models import Removed
from feedpub.store import RemovalStat, Store
from feedpub.store.feed_stats import MAX_LINE_CHARS, MAX_LINES
from tests.store.examples import DAY, NOW

HOUR = timedelta(hours=1)


def removed(*texts: str, reason: str = "navigation") -> list[Removed]:
    return [Removed(text, reason) for text in texts]


def told(store: Store, feed: str = "world") -> list[tuple[str, int]]:
    return [
        (removal.text, removal.count) for removal in store.removal_stats.latest(5).get(feed, ())
    ]


def test_what_repeats_is_told_of(store: Store) -> None:
    """From its second article on, with the last reason; other feeds count for themselves."""
    store.removal_stats.add("world", [removed("Subscribe now"), removed("Once only")], NOW)
    store.removal_stats.add("local", [removed("Subscribe now")], NOW)
    assert store.removal_stats.latest(5) == {}
    store.removal_stats.add("world", [removed("Subscribe  now", reason="a box")] * 2, NOW + HOUR)
    assert store.removal_stats.latest(5) == {
        "world": (RemovalStat("world", "Subscribe now", "a box", NOW, NOW + HOUR, 3),)
    }


def test_a_line_counts_once_an_article(store: Store) -> None:
    """However often it stands there.

    A block's lines count one by one, bullets and dividers not at all.
    """
    store.removal_stats.add("world", [removed("Home\nSport", "Home", "•", "12345")] * 2, NOW)
    assert told(store) == [("Home", 2), ("Sport", 2)]


def test_the_newest_comes_first(store: Store) -> None:
    """Of what began at one time, the most frequent; as many as are asked for."""
    store.removal_stats.add("world", [removed("old", "often")] * 2, NOW)
    store.removal_stats.add("world", [removed("new", "often")] * 2, NOW + HOUR)
    assert told(store) == [("new", 2), ("often", 4), ("old", 2)]
    assert [removal.text for removal in store.removal_stats.latest(1)["world"]] == ["new"]


def test_long_lines_are_cut(store: Store) -> None:
    """So that the state stays small."""
    store.removal_stats.add("world", [removed("word " * 1000)] * 2, NOW)
    ((text, _),) = told(store)
    assert (len(text), text[-1]) == (MAX_LINE_CHARS, "…")


def test_what_was_not_removed_for_longest_gives_way(store: Store) -> None:
    """What repeats stays, whatever comes and goes beside it."""
    for hour in range(3):
        once = removed("always", *(f"once {hour}-{n}" for n in range(MAX_LINES)))
        store.removal_stats.add("world", [once, removed("always")], NOW + hour * HOUR)
    assert told(store) == [("always", 6)]
    store.removal_stats.add("world", [removed("once 0-1")], NOW + DAY)
    assert told(store) == [("always", 6)]


def test_old_removals_are_forgotten(store: Store) -> None:
    """With everything else of their time."""
    store.removal_stats.add("world", [removed("gone")] * 2, NOW)
    store.removal_stats.add("world", [removed("here")] * 2, NOW + DAY)
    store.prune(NOW + HOUR, keep={})
    assert told(store) == [("here", 2)]
