"""The list of feeds is compact and behaves like a tuple."""

import pickle
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from feedpub.config import FeedConfig, Filters, PageSource, SiteRules, load_config
from feedpub.config.feed_list import FeedList


def feed(name: str, **settings: object) -> FeedConfig:
    source = {"type": "page", "url": f"https://{name}.example/"}
    return FeedConfig.model_validate(
        {"name": name, "title": name.title(), "source": [source], **settings}
    )


FEEDS = (
    feed("world"),
    feed("sport", every="30m", limit=7, rules={"remove": ["aside"]}, include={"title": ["goal"]}),
    feed("harbour", formats=("atom",)),
)


def test_feed_list_behaves_like_a_tuple_with_names() -> None:
    tables = FeedList(FEEDS)
    assert tuple(tables) == FEEDS
    assert (tables[1], tables[-1], tables[:2]) == (FEEDS[1], FEEDS[2], FEEDS[:2])
    assert tables.get("harbour") == FEEDS[2]
    assert tables.get("missing") is None
    assert list(tables.names) == ["world", "sport", "harbour"]
    with pytest.raises(IndexError):
        tables[3]


def test_unpacked_feed_equals_the_packed_one() -> None:
    (back,) = FeedList(FEEDS[1:2])
    assert (back.limit, back.every, back.recheck) == (7, timedelta(minutes=30), True)
    assert back.min_every == timedelta(minutes=5)
    assert isinstance(back.source[0], PageSource)
    assert isinstance(back.rules, SiteRules)
    assert isinstance(back.include, Filters)
    assert back.model_fields_set == FEEDS[1].model_fields_set
    assert back.model_dump() == FEEDS[1].model_dump()
    # Fingerprints are made of the JSON.
    assert back.source[0].model_dump_json() == FEEDS[1].source[0].model_dump_json()


def test_lists_of_equal_feeds_are_equal() -> None:
    assert FeedList(FEEDS) == FeedList(FEEDS) == FEEDS
    assert FeedList(FEEDS) != FeedList(FEEDS[:2])
    assert FeedList(FEEDS) != FeedList((*FEEDS[:2], feed("harbour", formats=("rss",))))
    assert not FeedList[FeedConfig]()
    assert list(FeedList[FeedConfig]().names) == []


def test_feed_is_pickled_without_its_defaults() -> None:
    assert len(pickle.dumps(FEEDS[0])) < 400
    assert pickle.loads(pickle.dumps(FEEDS[1])) == FEEDS[1]  # noqa: S301 -- our own


def test_default_that_a_validator_changed_is_pickled(tmp_path: Path) -> None:
    """Default folders become absolute paths."""
    (tmp_path / "feedpub.toml").write_text("")
    settings = load_config(tmp_path / "feedpub.toml").feedpub
    assert pickle.loads(pickle.dumps(settings)).output == settings.output  # noqa: S301 -- our own


def test_feed_takes_less_than_600_bytes(tmp_path: Path) -> None:
    """A config can have ten thousand feeds."""
    (tmp_path / "feeds.d").mkdir()
    main = tmp_path / "feedpub.toml"
    main.write_text("")
    for number in range(500):
        body = (
            f'[[feed]]\nname = "feed-{number}"\ntitle = "Feed {number}"\n'
            f'[[feed.source]]\ntype = "feed"\nurl = "https://example.org/{number}.xml"\n'
        )
        (tmp_path / "feeds.d" / f"{number:03}.toml").write_text(body)
    load_config(main)  # fills the caches
    tracemalloc.start()
    try:
        config = load_config(main)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(config.feed) == 500
    assert taken < 500 * 600
