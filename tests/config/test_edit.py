"""A new feed is appended to the config, which is otherwise unchanged."""

from pathlib import Path

import pytest

from feedpub.config import (
    NewFeed,
    add_feed,
    ensure_not_configured,
    load_config,
    unique_name,
    with_new_feed,
)
from feedpub.core.errors import ConfigError

HARBOUR = NewFeed("harbour", "Harbour Times", "page", "https://harbour.example/news")
EXISTING = """\
# Our feeds.
[feedpub]
base_url = "https://feeds.example.org/"   # ours

[[feed]]
name   = "old"          # spaced by hand
title = 'Old "news"'
[[feed.source]]
type = "feed"
url = "https://old.example/feed/"

[feed.rules]
remove = [".ad"]        # the last table belongs to the feed above


# a note for later
# [[feed]]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "config" / "feedpub.toml"
    file.parent.mkdir()
    file.write_text(EXISTING, "utf-8")
    return file


def test_feed_is_appended_and_the_rest_is_unchanged(path: Path) -> None:
    add_feed(path, HARBOUR, {})
    block = (
        '\n[[feed]]\nname = "harbour"\ntitle = "Harbour Times"\n\n'
        '[[feed.source]]\ntype = "page"\nurl = "https://harbour.example/news"\n'
    )
    assert path.read_text("utf-8") == EXISTING + block
    assert [feed.name for feed in load_config(path, {}).feed] == ["old", "harbour"]


def test_settings_with_special_characters_are_read_back_unchanged(path: Path) -> None:
    new = NewFeed(
        "odd",
        'Ünd "quotes" \\ all',
        "sitemap",
        "https://odd.example/sitemap.xml?a=%20b",
        "https://odd.example/",
        {"include": ["odd.example/news/"]},
    )
    add_feed(path, new, {})
    feed = load_config(path, {}).feed[-1]
    (source,) = feed.source
    assert (feed.title, feed.link, source.model_dump()["include"]) == (
        new.title,
        new.link,
        ("odd.example/news/",),
    )


def test_line_ends_and_byte_order_mark_are_kept(path: Path) -> None:
    before = b'\xef\xbb\xbf[feedpub]\r\nrequest_delay = "2s" # slow'
    path.write_bytes(before)
    add_feed(path, HARBOUR, {})
    after = path.read_bytes()
    assert after.startswith(before + b"\r\n\r\n[[feed]]\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_mode_and_link_are_kept_and_no_temporary_file_remains(path: Path) -> None:
    real = path.with_name("real.toml")
    path.rename(real)
    real.chmod(0o640)
    path.symlink_to(real)
    add_feed(path, HARBOUR, {})
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in path.parent.iterdir()) == ["feedpub.toml", "real.toml"]


@pytest.mark.parametrize(("folder", "output"), [("config", "feeds"), ("etc", "etc/feeds")])
def test_missing_config_is_created_with_comments(tmp_path: Path, folder: str, output: str) -> None:
    path = tmp_path / folder / "feedpub.toml"
    add_feed(path, HARBOUR, {})
    config = load_config(path, {})
    assert config.feedpub.output == tmp_path / output
    assert [feed.name for feed in config.feed] == ["harbour"]
    assert "# the folder for the feeds" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "url",
    ["https://old.example/feed/", "http://www.old.example/feed", "https://old.example:443/feed/#x"],
)
def test_url_that_is_already_a_source_is_refused_in_any_spelling(path: Path, url: str) -> None:
    with pytest.raises(
        ConfigError, match=r"feedpub\.toml:10: .* is a source of the feed old already; .*build old"
    ):
        add_feed(path, NewFeed("new", "New", "feed", url), {})
    assert path.read_text("utf-8") == EXISTING


def test_other_url_of_the_site_is_not_refused(path: Path) -> None:
    ensure_not_configured(
        path,
        "https://old.example/feed/2",
        "https://old.example/feed/?page=2",
        "https://old.example:8080/feed/",
    )
    ensure_not_configured(path.with_name("absent.toml"), "https://old.example/feed/")


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewFeed("old", "New", "page", "https://new.example/"), "the same name"),
        (NewFeed("No Name", "New", "page", "https://new.example/"), "not a name"),
        (NewFeed("new", "New", "page", "ftp://new.example/"), "not a web address"),
        (NewFeed("new", "New", "page", "https://new.example/", settings={"limks": "a"}), "limks"),
    ],
)
def test_invalid_feed_is_not_written(path: Path, new: NewFeed, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        add_feed(path, new, {})
    assert path.read_text("utf-8") == EXISTING


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("feed = []\n", "feedpub.toml:1: feedpub cannot add to feeds in an array"),
        ("[feedpub\n", "feedpub.toml:1"),
        ('[[feed]]\nname = "x"\n', "title"),
    ],
)
def test_config_that_cannot_be_extended_is_unchanged(path: Path, text: str, reason: str) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=reason):
        with_new_feed(path, HARBOUR, {})


def test_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written: "):
        add_feed(tmp_path / "config" / "feedpub.toml", HARBOUR, {})


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("Harbour Times", [], "harbour-times"),
        ("Straße & Käse", [], "strasse-kase"),
        ("Feeds", [], "feeds-2"),
        ("old", ["old", "old-2"], "old-3"),
        ("Новости", [], "novosti"),
        ("!?", [], "feed"),
        ("the-archive-1", [], "the-1"),
        (
            "a very long title that goes on and on without an end",
            [],
            "a-very-long-title-that-goes-on-and-on",
        ),
        ("x" * 60, [], "x" * 40),
    ],
)
def test_unique_name_is_made_of_the_title(wanted: str, taken: list[str], name: str) -> None:
    assert unique_name(wanted, taken) == name
