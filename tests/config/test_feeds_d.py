"""Feeds can have files of their own in feeds.d."""

import os
from pathlib import Path

import pytest

from feedpub.config import (
    FolderSource,
    NewFeed,
    add_feed,
    config_files,
    ensure_not_configured,
    load_config,
    patch_source,
    readable_secrets,
    with_new_feed,
)
from feedpub.config.edit import with_new_feeds
from feedpub.core.errors import ConfigError

SETTINGS = '[feedpub]\nbase_url = "https://feeds.example.net/"\n'


def feed(name: str, more: str = "") -> str:
    return (
        f'[[feed]]\nname = "{name}"\ntitle = "About {name}"\n{more}'
        f'[[feed.source]]\ntype = "page"\nurl = "https://{name}.example/news"\n'
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a main file with one feed."""
    file = tmp_path / "config" / "feedpub.toml"
    file.parent.mkdir()
    file.write_text(SETTINGS + feed("main"), "utf-8")
    return file


def put_file(path: Path, name: str, text: str) -> Path:
    """Write a file in feeds.d."""
    file = path.parent / "feeds.d" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def names(path: Path) -> list[str]:
    return [feed.name for feed in load_config(path, {}).feed]


def get_errors(path: Path) -> list[str]:
    """Return the lines of the error, with paths relative to the config folder."""
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    return str(raised.value).replace(f"{path.parent}/", "").split("\n")


def test_files_are_read_after_the_main_one_in_order_of_their_names(path: Path) -> None:
    put_file(path, "20-late.toml", feed("late"))
    put_file(path, "10-early.toml", feed("early") + feed("next"))
    assert names(path) == ["main", "early", "next", "late"]


def test_main_file_needs_no_feed(path: Path) -> None:
    path.write_text(SETTINGS, "utf-8")
    put_file(path, "a.toml", feed("a"))
    assert names(path) == ["a"]


@pytest.mark.parametrize(
    "name", [".hidden.toml", "a.toml~", "#a.toml#", ".#a.toml", "a.toml.bak", "README"]
)
def test_temporary_and_other_files_are_ignored(path: Path, name: str) -> None:
    put_file(path, name, "no [toml")
    assert names(path) == ["main"]
    assert config_files(path) == (path,)


def test_file_without_feeds_is_valid(path: Path) -> None:
    put_file(path, "a.toml", "# nothing\n")
    put_file(path, "b.toml", feed("b"))
    assert names(path) == ["main", "b"]


def test_paths_are_relative_to_the_main_file(path: Path) -> None:
    put_file(
        path,
        "a.toml",
        '[[feed]]\nname = "a"\ntitle = "A"\nsource = [{ type = "folder", path = "articles" }]\n',
    )
    (source,) = load_config(path, {}).feed[1].source
    assert isinstance(source, FolderSource)
    assert source.path == path.parent / "articles"


def test_problems_of_all_files_are_reported_at_once(path: Path) -> None:
    path.write_text(SETTINGS + "request_dealy = 1\n" + feed("main"), "utf-8")
    put_file(path, "a.toml", "\n" + feed("a", 'evry = "30m"\n'))
    put_file(path, "b.toml", feed("b") + "\n[http]\nadmin_token = 5\n")
    put_file(path, "c.toml", feed("c") + feed("main") + "[[feed]]\ntitle = 7\n")
    put_file(path, "d.toml", 'feed = "d"\n')
    put_file(path, "e.toml", "[[feed]\n")
    (path.parent / "feeds.d" / "f.toml").mkdir()
    (path.parent / "feeds.d" / "g.toml").write_bytes(b"# \xff")
    assert get_errors(path) == [
        'feedpub.toml:3: feedpub: request_dealy: unknown key; did you mean "request_delay"?',
        'feeds.d/a.toml:5: feed "a": evry: unknown key; did you mean "every"?',
        (
            "feeds.d/b.toml:8: http: a file in feeds.d can contain only [[feed]]; "
            "move this to the main config"
        ),
        (
            'feeds.d/c.toml:8: feed "main": name: the feed at feedpub.toml:5 has the same name; '
            "choose another"
        ),
        'feeds.d/c.toml:13: feed 3: name: missing; write name = "world"',
        "feeds.d/c.toml:13: feed 3: source: missing; write [[feed.source]]",
        'feeds.d/c.toml:14: feed 3: title: must be text in quotes, as in title = "World news"',
        "feeds.d/d.toml:1: feed: must be a list of tables, each headed [[feed]], with two brackets",
        "feeds.d/e.toml:1: column 7: expected ']]' at the end of an array declaration",
        "feeds.d/f.toml: cannot be read: Is a directory",
        "feeds.d/g.toml:1: not UTF-8 text; save the file as UTF-8",
    ]


def test_problems_are_reported_even_if_the_main_file_is_not_toml(path: Path) -> None:
    """No follow-up problems of the main file are reported."""
    path.write_text("no toml", "utf-8")
    put_file(path, "a.toml", feed("a", 'evry = "30m"\n'))
    first, second = get_errors(path)
    assert first.startswith("feedpub.toml:1: column")
    assert second == 'feeds.d/a.toml:4: feed "a": evry: unknown key; did you mean "every"?'


def test_duplicate_name_in_one_file_is_reported_with_its_line(path: Path) -> None:
    put_file(path, "a.toml", feed("a") + feed("a"))
    assert get_errors(path) == [
        'feeds.d/a.toml:8: feed "a": name: the feed on line 2 has the same name; choose another'
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_an_error(path: Path) -> None:
    put_file(path, "a.toml", feed("a")).chmod(0)
    assert get_errors(path) == ["feeds.d/a.toml: cannot be read: Permission denied"]


def test_broken_link_is_an_error(path: Path) -> None:
    put_file(path, "a.toml", feed("a")).unlink()
    (path.parent / "feeds.d" / "a.toml").symlink_to("/nowhere/a.toml")
    assert get_errors(path) == ["feeds.d/a.toml: cannot be read: No such file or directory"]


def test_file_named_feeds_d_is_an_error(path: Path) -> None:
    (path.parent / "feeds.d").write_text(feed("a"), "utf-8")
    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        load_config(path, {})


def test_source_folder_that_overlaps_the_output_is_an_error(path: Path) -> None:
    put_file(
        path,
        "a.toml",
        '[[feed]]\nname = "a"\ntitle = "A"\nsource = [{ type = "folder", path = "../feeds/in" }]\n',
    )
    (line,) = get_errors(path)
    assert line.startswith('feeds.d/a.toml:4: feed "a": source 1: path: overlaps the output folder')


def test_new_feed_is_added_to_the_main_file_unless_another_file_has_it(path: Path) -> None:
    file = put_file(path, "a.toml", "# comment\n" + feed("a"))
    with pytest.raises(
        ConfigError, match=rf"{file}:7: https://a.example/news is a source of the feed a already"
    ):
        ensure_not_configured(path, "https://a.example/news/")
    with pytest.raises(ConfigError, match=f'feeds.d/a.toml:3: feed "a": name: the feed at {path}:'):
        with_new_feed(path, NewFeed("a", "Another", "page", "https://other.example/"), {})
    add_feed(path, NewFeed("new", "New", "page", "https://new.example/"), {})
    assert names(path) == ["main", "new", "a"]
    assert file.read_text("utf-8") == "# comment\n" + feed("a")
    table = {
        "name": "two",
        "title": "Two",
        "source": [{"type": "page", "url": "https://two.example/"}],
    }
    assert '"two"' in with_new_feeds(path, [table], {})


def test_source_is_changed_in_the_file_that_contains_it(path: Path) -> None:
    file = put_file(path, "b.toml", feed("first") + "# comment 2\n" + feed("b"))
    put_file(path, "a.toml", feed("a"))
    source = load_config(path, {}).feed[-1].source[0]
    patch = patch_source(path, "b", source, {"links": "h3 a"}, {})
    patch.apply()
    assert patch.path == file
    assert (
        file.read_text("utf-8") == feed("first") + "# comment 2\n" + feed("b") + 'links = "h3 a"\n'
    )
    assert path.read_text("utf-8") == SETTINGS + feed("main")
    assert str(file) in patch.diff


def test_warning_about_a_readable_secret_names_its_file(path: Path) -> None:
    secret = 'auth = { username = "me", password = "hunter2" }\n'
    closed, opened = (
        put_file(path, "a.toml", feed("a") + secret),
        put_file(path, "b.toml", feed("b") + secret),
    )
    path.chmod(0o644)
    closed.chmod(0o600)
    opened.chmod(0o644)
    (warning,) = readable_secrets(load_config(path, {}), path)
    assert warning.startswith(
        f'{opened}: feed "b" has a secret in this file, which others can read'
    )
