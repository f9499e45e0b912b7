"""The effect of a draft of rules, before and after it is saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedpub.cleaner.rules import RuleDraft, open_rules
from feedpub.config import Config
from feedpub.core.errors import ConfigError, ExtractError
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.web.preview import (
    PreviewSession,
    page_from_address,
    page_from_file,
    pages_of_feed,
    pages_of_site,
)
from tests.support.newsroom import configure, feed, open_context, open_newsroom, path, story
from tests.support.site import Site
from tests.web.preview.stories import SAID, boxed

REMOVE = RuleDraft(remove=(".join-box",))


@pytest.fixture
def newsroom(site: Site) -> Site:
    """Serve three stories, two of them with a box."""
    open_newsroom(site, [3, 2, 1])
    for n in (3, 1):
        site[path(n)] = boxed(n)
    site[path(2)] = story(2, extra='<p class="second">Ada Penn</p>')
    return site


@pytest.fixture
def config(newsroom: Site, tmp_path: Path) -> Config:
    return configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))


@contextmanager
def built(config: Config) -> Iterator[RunContext]:
    """Build the feed, and yield its context."""
    with open_context(config) as tools:
        run.run_feed(config.feed[0], tools)
        yield tools


@pytest.fixture
def desk(config: Config) -> Iterator[PreviewSession]:
    with built(config) as tools:
        pages = pages_of_feed(config.feed[0], tools)
        yield PreviewSession(pages, tools, config.rules.sites, pages)


def test_preview_without_draft_changes_nothing(desk: PreviewSession) -> None:
    assert [page_.title[-16:] for page_ in desk.pages] == [f"{n} of the harbour" for n in (3, 2, 1)]
    look = desk.preview(0, RuleDraft())
    assert look.article is not None
    assert SAID[3] in look.article.text
    assert f">{SAID[3]}</div>" in look.original
    assert (look.effect.changed, look.effect.lines, look.toml.text) == (0, (), "")


def test_preview_shows_the_effect_on_the_article_and_the_file(desk: PreviewSession) -> None:
    look = desk.preview(0, REMOVE)
    assert look.article is not None
    assert SAID[3] not in look.article.text
    assert look.effect.lines == (f"-{SAID[3]}",)
    assert f"<del>{SAID[3]}</del>" in look.original
    assert "rule remove &#x27;.join-box&#x27;" in look.original
    assert look.toml.file.endswith("config/sites/127.0.0.1.toml")
    assert look.toml.text == 'remove = [".join-box"]\n'
    assert not Path(look.toml.file).exists()


def test_effects_include_unchanged_articles(desk: PreviewSession) -> None:
    assert [(effect.changed, effect.lines) for effect in desk.effects(0, REMOVE)] == [
        (0, ()),
        (1, (f"-{SAID[1]}",)),
    ]


def test_effect_includes_title_and_authors(desk: PreviewSession) -> None:
    look = desk.preview(1, RuleDraft(title="h2", author=".second"))
    assert look.effect.lines[:2] == (
        "-title: Council decides on matter 2 of the harbour",
        "+title: You may also like",
    )
    assert look.effect.lines[2:4] == ("-authors: Jane Doe", "+authors: Ada Penn")


def test_draft_without_remaining_article_is_a_problem(desk: PreviewSession) -> None:
    look = desk.preview(0, RuleDraft(remove=("main",)))
    assert (look.article, look.original) == (None, "")
    assert look.effect.problem


def test_saved_draft_applies_to_the_session_and_to_runs(
    desk: PreviewSession, config: Config
) -> None:
    toml = desk.save(0, REMOVE)
    assert config.rules.sites.joinpath("127.0.0.1.toml").read_text("utf-8") == toml.text
    assert [
        rule.source for rule in open_rules(config.rules).rules_for(desk.pages[0].url).remove
    ] == [".join-box"]
    look = desk.preview(0, RuleDraft())
    assert look.article is not None
    assert (SAID[3] in look.article.text, look.effect.changed) == (False, 0)
    more = desk.save(0, RuleDraft(keep=(".map",)))
    assert more.text == 'remove = [".join-box"]\nkeep = [".map"]\n'


def test_invalid_draft_is_neither_tried_nor_saved(desk: PreviewSession, config: Config) -> None:
    for act in (desk.preview, desk.effects, desk.save):
        with pytest.raises(ConfigError, match=r"127\.0\.0\.1\.toml:1: "):
            act(0, RuleDraft(remove=("div[",)))
    assert not config.rules.sites.exists()


def test_page_at_a_url_is_fetched(config: Config, newsroom: Site) -> None:
    with built(config) as tools:
        page_ = page_from_address(newsroom.url(path(3)), tools)
        others = pages_of_site(page_.url, config.feed, tools)
        effects = PreviewSession([page_], tools, config.rules.sites, others).effects(0, REMOVE)
        assert [effect.changed for effect in effects] == [0, 1]
        assert pages_of_site("https://elsewhere.example/", config.feed, tools) == []
        assert pages_of_site("", config.feed, tools) == []


def test_saved_page_takes_its_url_from_its_metadata(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    link = '<link rel="canonical" href="https://www.times.example.org/a"></head>'
    file.write_text(boxed(1).replace("</head>", link), "utf-8")
    with open_context(config) as tools:
        look = PreviewSession([page_from_file(file, tools)], tools, config.rules.sites).preview(
            0, REMOVE
        )
    assert look.toml.file.endswith("sites/times.example.org.toml")
    assert look.effect.changed == 1


def test_saved_page_without_url_cannot_save_rules(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(boxed(1), "utf-8")
    with open_context(config) as tools:
        desk = PreviewSession([page_from_file(file, tools)], tools, config.rules.sites)
        look = desk.preview(0, REMOVE)
        assert (look.effect.changed, look.toml.text) == (1, 'remove = [".join-box"]\n')
        assert "[feed.rules]" in look.toml.reason_refused
        with pytest.raises(ConfigError, match=r"\[feed\.rules\]"):
            desk.save(0, REMOVE)


def test_files_other_than_pages_are_refused(config: Config, tmp_path: Path) -> None:
    with open_context(config) as tools:
        with pytest.raises(ExtractError, match="clean --explain"):
            page_from_file(tmp_path / "a.txt", tools)
        with pytest.raises(ExtractError, match="cannot be read"):
            page_from_file(tmp_path / "a.html", tools)
