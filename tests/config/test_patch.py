"""A source is changed in its file, which is otherwise unchanged."""

from pathlib import Path

import pytest

from feedpub.config import Config, load_config, patch_source
from feedpub.core.errors import ConfigError

BLOCKS = """\
# Our feeds.
[feedpub]
base_url = "https://feeds.example.org/"   # ours

[[feed]]
name   = "world"          # spaced by hand
title = 'World'

# its page
[[feed.source]]
type = "page"   # a list
url = "https://one.example/news"   # the page
links = 'h2 a'   # the headlines

[[feed.source]]
type = "page"
url = "https://two.example/"
cookies = { consent = "yes" }  # skips the consent page

# the next one
[[feed]]
name = "inline"
title = "Inline"
source = [
  { type = "page", url = "https://three.example/", links = ".a a" },  # three
  { type = "feed", url = "https://four.example/feed" },
]
"""
SOURCE = '{ type = "page", url = "https://one.example/" }'
INLINE = f'feed = [{{ name = "f", title = "F", source = [{SOURCE}] }}]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "feedpub.toml"
    file.write_text(BLOCKS, "utf-8")
    return file


def change(path: Path, place: tuple[int, int], changes: dict[str, str | None]) -> str:
    """Change a source and return the text of the file."""
    feed = load_config(path).feed[place[0]]
    patch = patch_source(path, feed.name, feed.source[place[1]], changes)
    patch.apply()
    assert path.read_bytes().decode() == patch.after
    return patch.after


@pytest.mark.parametrize(
    ("place", "changes", "before", "after"),
    [
        ((0, 0), {"links": "main h2 a"}, "links = 'h2 a'   #", 'links = "main h2 a"   #'),
        ((0, 0), {"links": None}, "links = 'h2 a'   # the headlines\n", ""),
        (
            (0, 0),
            {"url": "https://one.example/newsroom/"},
            '"https://one.example/news"   #',
            '"https://one.example/newsroom/"   #',
        ),
        (
            (0, 1),
            {"links": '[data-kind="story"] a'},
            'url = "https://two.example/"\n',
            'url = "https://two.example/"\nlinks = "[data-kind=\\"story\\"] a"\n',
        ),
        ((1, 0), {"links": ".b a"}, 'links = ".a a" },  # three', 'links = ".b a" },  # three'),
        ((1, 0), {"links": None}, '/", links = ".a a" }', '/"  }'),
    ],
)
def test_only_the_given_keys_change(
    path: Path, place: tuple[int, int], changes: dict[str, str | None], before: str, after: str
) -> None:
    """New keys are inserted below the URL."""
    assert BLOCKS.count(before) == 1
    assert change(path, place, changes) == BLOCKS.replace(before, after)


def test_page_can_become_a_feed(path: Path) -> None:
    after = change(
        path, (0, 0), {"type": "feed", "url": "https://one.example/feed.xml", "links": None}
    )
    source = 'type = "feed"   # a list\nurl = "https://one.example/feed.xml"   # the page\n'
    assert f"{source}\n[[feed.source]]" in after
    assert [source.type for source in load_config(path).feed[0].source] == ["feed", "page"]


def test_diff_is_unified_and_names_the_file(path: Path) -> None:
    config = load_config(path)
    diff = patch_source(
        path, "world", config.feed[0].source[0], {"links": "h3 a"}
    ).diff.splitlines()
    assert diff[:2] == [f"--- {path}", f"+++ {path}"]
    assert [line for line in diff[2:] if line[0] in "+-"] == [
        "-links = 'h2 a'   # the headlines",
        '+links = "h3 a"   # the headlines',
    ]
    assert path.read_text("utf-8") == BLOCKS


def test_line_ends_and_byte_order_mark_are_kept(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + BLOCKS.replace("\n", "\r\n").encode())
    after = change(path, (0, 1), {"links": "h2 a"})
    assert after.startswith("\ufeff# Our feeds.")
    assert 'url = "https://two.example/"\r\nlinks = "h2 a"\r\ncookies' in after
    assert after.count("\n") == after.count("\r\n")


def test_source_in_an_inline_array_is_changed(path: Path) -> None:
    path.write_text(INLINE, "utf-8")
    assert change(path, (0, 0), {"links": "h2 a"}).count('links = "h2 a"') == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"links": "h2 ["}, "selector"), ({"url": "nowhere"}, "url"), ({"type": "folder"}, "path")],
)
def test_invalid_change_is_not_written(path: Path, changes: dict[str, str], reason: str) -> None:
    config = load_config(path)
    with pytest.raises(ConfigError, match=reason):
        patch_source(path, "world", config.feed[0].source[0], changes)
    assert path.read_text("utf-8") == BLOCKS


def test_source_that_changed_meanwhile_is_an_error(path: Path) -> None:
    source = load_config(path).feed[0].source[0]
    path.write_text(BLOCKS.replace("'h2 a'", "'h3 a'"), "utf-8")
    with pytest.raises(ConfigError, match="the source of the feed world has changed meanwhile"):
        patch_source(path, "world", source, {"links": "h4 a"})


def test_file_that_changed_meanwhile_is_not_overwritten(path: Path) -> None:
    config: Config = load_config(path)
    patch = patch_source(path, "world", config.feed[0].source[0], {"links": "h4 a"})
    path.write_text(f"{BLOCKS}# a note\n", "utf-8")
    with pytest.raises(ConfigError, match="has changed meanwhile; run the command again"):
        patch.apply()
    assert path.read_text("utf-8").endswith("# a note\n")
