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
from tests.web.preview.stories import SAID, story_with_box

REMOVE = RuleDraft(remove=(".join-box",))


@pytest.fixture
def newsroom(site: Site) -> Site:
    """Serve three stories, two of them with a box."""
    open_newsroom(site, [3, 2, 1])
    for n in (3, 1):
        site[path(n)] = story_with_box(n)
    site[path(2)] = story(2, extra='<p class="second">Ada Penn</p>')
    return site


@pytest.fixture
def config(newsroom: Site, tmp_path: Path) -> Config:
    return configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))


@contextmanager
def open_built_context(config: Config) -> Iterator[RunContext]:
    """Build the feed, and yield its context."""
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        yield context


@pytest.fixture
def session(config: Config) -> Iterator[PreviewSession]:
    with open_built_context(config) as context:
        pages = pages_of_feed(config.feed[0], context)
        yield PreviewSession(pages, context, config.rules.sites, pages)


def test_preview_without_draft_changes_nothing(session: PreviewSession) -> None:
    assert [page_.title[-16:] for page_ in session.pages] == [
        f"{n} of the harbour" for n in (3, 2, 1)
    ]
    result = session.preview(0, RuleDraft())
    assert result.article is not None
    assert SAID[3] in result.article.text
    assert f">{SAID[3]}</div>" in result.original
    assert (result.effect.changed, result.effect.lines, result.toml.text) == (0, (), "")


def test_preview_shows_the_effect_on_the_article_and_the_file(session: PreviewSession) -> None:
    result = session.preview(0, REMOVE)
    assert result.article is not None
    assert SAID[3] not in result.article.text
    assert result.effect.lines == (f"-{SAID[3]}",)
    assert f"<del>{SAID[3]}</del>" in result.original
    assert "rule remove &#x27;.join-box&#x27;" in result.original
    assert result.toml.file.endswith("config/sites/127.0.0.1.toml")
    assert result.toml.text == 'remove = [".join-box"]\n'
    assert not Path(result.toml.file).exists()


def test_effects_include_unchanged_articles(session: PreviewSession) -> None:
    assert [(effect.changed, effect.lines) for effect in session.effects(0, REMOVE)] == [
        (0, ()),
        (1, (f"-{SAID[1]}",)),
    ]


def test_effect_includes_title_and_authors(session: PreviewSession) -> None:
    result = session.preview(1, RuleDraft(title="h2", author=".second"))
    assert result.effect.lines[:2] == (
        "-title: Council decides on matter 2 of the harbour",
        "+title: You may also like",
    )
    assert result.effect.lines[2:4] == ("-authors: Jane Doe", "+authors: Ada Penn")


def test_draft_without_remaining_article_is_a_problem(session: PreviewSession) -> None:
    result = session.preview(0, RuleDraft(remove=("main",)))
    assert (result.article, result.original) == (None, "")
    assert result.effect.problem


def test_saved_draft_applies_to_the_session_and_to_runs(
    session: PreviewSession, config: Config
) -> None:
    toml = session.save(0, REMOVE)
    assert config.rules.sites.joinpath("127.0.0.1.toml").read_text("utf-8") == toml.text
    assert [
        rule.source for rule in open_rules(config.rules).rules_for(session.pages[0].url).remove
    ] == [".join-box"]
    result = session.preview(0, RuleDraft())
    assert result.article is not None
    assert (SAID[3] in result.article.text, result.effect.changed) == (False, 0)
    more = session.save(0, RuleDraft(keep=(".map",)))
    assert more.text == 'remove = [".join-box"]\nkeep = [".map"]\n'


def test_invalid_draft_is_neither_tried_nor_saved(session: PreviewSession, config: Config) -> None:
    for act in (session.preview, session.effects, session.save):
        with pytest.raises(ConfigError, match=r"127\.0\.0\.1\.toml:1: "):
            act(0, RuleDraft(remove=("div[",)))
    assert not config.rules.sites.exists()


def test_page_at_a_url_is_fetched(config: Config, newsroom: Site) -> None:
    with open_built_context(config) as context:
        page_ = page_from_address(newsroom.url(path(3)), context)
        others = pages_of_site(page_.url, config.feed, context)
        effects = PreviewSession([page_], context, config.rules.sites, others).effects(0, REMOVE)
        assert [effect.changed for effect in effects] == [0, 1]
        assert pages_of_site("https://elsewhere.example/", config.feed, context) == []
        assert pages_of_site("", config.feed, context) == []


def test_saved_page_takes_its_url_from_its_metadata(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    link = '<link rel="canonical" href="https://www.times.example.org/a"></head>'
    file.write_text(story_with_box(1).replace("</head>", link), "utf-8")
    with open_context(config) as context:
        result = PreviewSession(
            [page_from_file(file, context)], context, config.rules.sites
        ).preview(0, REMOVE)
    assert result.toml.file.endswith("sites/times.example.org.toml")
    assert result.effect.changed == 1


def test_saved_page_without_url_cannot_save_rules(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(story_with_box(1), "utf-8")
    with open_context(config) as context:
        session = PreviewSession([page_from_file(file, context)], context, config.rules.sites)
        result = session.preview(0, REMOVE)
        assert (result.effect.changed, result.toml.text) == (1, 'remove = [".join-box"]\n')
        assert "[feed.rules]" in result.toml.reason_refused
        with pytest.raises(ConfigError, match=r"\[feed\.rules\]"):
            session.save(0, REMOVE)


def test_files_other_than_pages_are_refused(config: Config, tmp_path: Path) -> None:
    with open_context(config) as context:
        with pytest.raises(ExtractError, match="clean --explain"):
            page_from_file(tmp_path / "a.txt", context)
        with pytest.raises(ExtractError, match="cannot be read"):
            page_from_file(tmp_path / "a.html", context)
