"""The example config and its commented examples are valid."""

import re
import struct
from pathlib import Path

import pytest

from feedpub.config import Config, FolderSource, load_config
from tests.support.reference import settings

CONFIG = Path(__file__).parents[2] / "config"
TEXT = (CONFIG / "feedpub.toml").read_text("utf-8")
COMMENTED = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)
ARTICLES = sorted(
    path for path in (CONFIG / "articles").rglob("*") if path.suffix in (".txt", ".md", ".html")
)


@pytest.fixture
def full_config(tmp_path: Path) -> Config:
    """Load the config with its commented examples enabled."""
    path = tmp_path / "feedpub.toml"
    (tmp_path / "ftr-site-config").mkdir()
    (tmp_path / "sites").mkdir()
    path.write_text(COMMENTED.sub("", TEXT), "utf-8")
    return load_config(path, {})


def test_example_reads_only_folders() -> None:
    """The first build needs no network."""
    config = load_config(CONFIG / "feedpub.toml", {})
    sources = [source for feed in config.feed for source in feed.source]
    assert all(isinstance(source, FolderSource) and source.path.is_dir() for source in sources)


def test_each_folder_of_the_example_has_articles() -> None:
    for feed in load_config(CONFIG / "feedpub.toml", {}).feed:
        for source in feed.source:
            assert isinstance(source, FolderSource)
            assert any(source.path.glob(source.glob))


def test_example_publishes_next_to_the_config_folder() -> None:
    config = load_config(CONFIG / "feedpub.toml", {})
    assert config.feedpub.output == CONFIG.parent / "feeds"
    assert config.feedpub.state == CONFIG.parent / ".feedpub"


def test_commented_examples_are_valid_and_include_each_source_type(full_config: Config) -> None:
    types = {source.type for feed in full_config.feed for source in feed.source}
    assert types == {"page", "feed", "sitemap", "items", "json", "folder", "mail", "watch"}


@pytest.mark.parametrize("key", sorted({name for _, name, _ in settings()}))
def test_example_contains_every_setting(key: str) -> None:
    assert re.search(rf"\b{key} = ", TEXT)


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.relative_to(CONFIG).as_posix())
def test_example_articles_have_realistic_lengths(path: Path) -> None:
    text = path.read_text("utf-8")
    assert 250 <= len(re.sub(r"<[^>]+>", " ", text).split()) <= 550


def test_example_articles_have_three_languages_and_formats() -> None:
    kinds = {(path.parent.name, path.suffix) for path in ARTICLES}
    assert kinds == {
        (language, kind) for language in ("en", "de", "fr") for kind in (".txt", ".md", ".html")
    }
    assert len(ARTICLES) >= 10


@pytest.mark.parametrize("picture", ["en/library-roof.png", "fr/sentier.png"])
def test_example_pictures_are_next_to_their_articles(picture: str) -> None:
    body = (CONFIG / "articles" / picture).read_bytes()
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", body[16:24]) == (640, 360)
    html = (CONFIG / "articles" / picture).with_suffix(".html").read_text("utf-8")
    assert f'src="{Path(picture).name}"' in html
