"""The list of feeds in a config: small in memory, and as good as a tuple."""

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


def test_it_gives_what_it_was_given() -> None:
    """By number, from the end, in parts, one after the other, and by name."""
    tables = FeedList(FEEDS)
    assert tuple(tables) == FEEDS
    assert (tables[1], tables[-1], tables[:2]) == (FEEDS[1], FEEDS[2], FEEDS[:2])
    assert tables.get("harbour") == FEEDS[2]
    assert tables.get("nobody") is None
    assert list(tables.names) == ["world", "sport", "harbour"]
    with pytest.raises(IndexError):
        tables[3]


def test_what_comes_back_is_whole() -> None:
    """Defaults, tables in tables, values made of what was written; and which of all was written."""
    (back,) = FeedList(FEEDS[1:2])
    assert (back.limit, back.every, back.recheck) == (7, timedelta(minutes=30), True)
    assert back.min_every == timedelta(minutes=5)
    assert isinstance(back.source[0], PageSource)
    assert isinstance(back.rules, SiteRules)
    assert isinstance(back.include, Filters)
    assert back.model_fields_set == FEEDS[1].model_fields_set
    assert back.model_dump() == FEEDS[1].model_dump()
    assert (
        back.source[0].model_dump_json() == FEEDS[1].source[0].model_dump_json()
    )  # digests are made of it


def test_equal_is_what_says_the_same() -> None:
    """Whatever else it was made of."""
    assert FeedList(FEEDS) == FeedList(FEEDS) == FEEDS
    assert FeedList(FEEDS) != FeedList(FEEDS[:2])
    assert FeedList(FEEDS) != FeedList((*FEEDS[:2], feed("harbour", formats=("rss",))))
    assert not FeedList[FeedConfig]()
    assert list(FeedList[FeedConfig]().names) == []


def test_a_table_is_pickled_without_its_defaults() -> None:
    """They are a multiple of what is written."""
    assert len(pickle.dumps(FEEDS[0])) < 400
    assert pickle.loads(pickle.dumps(FEEDS[1])) == FEEDS[1]  # noqa: S301 -- our own


def test_a_default_that_was_made_into_something_else_is_pickled(tmp_path: Path) -> None:
    """As the folders of a config are, which lie beside it."""
    (tmp_path / "feedpub.toml").write_text("")
    settings = load_config(tmp_path / "feedpub.toml").feedpub
    assert pickle.loads(pickle.dumps(settings)).output == settings.output  # noqa: S301 -- our own


def test_a_feed_takes_few_bytes(tmp_path: Path) -> None:
    """A node with ten thousand feeds is not much larger than one with a few."""
    (tmp_path / "feeds.d").mkdir()
    main = tmp_path / "feedpub.toml"
    main.write_text("")
    for number in range(500):
        body = (
            f'[[feed]]\nname = "feed-{number}"\ntitle = "Feed {number}"\n'
            f'[[feed.source]]\ntype = "feed"\nurl = "https://example.org/{number}.xml"\n'
        )
        (tmp_path / "feeds.d" / f"{number:03}.toml").write_text(body)
    load_config(main)  # what is read and kept once
    tracemalloc.start()
    try:
        config = load_config(main)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(config.feed) == 500
    assert taken < 500 * 600
