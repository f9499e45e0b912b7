"""Looks that bring nothing new: few questions, and nothing is missed by them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run, unchanged
from feedpub.pipeline.context import RunContext
from feedpub.store import schema
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_newsroom,
    output_of,
    path,
    story,
    tools_for,
)
from tests.support.site import Site

PAUSE = 15 * 60.0  # seconds between two looks


class Desk:
    """A feed that is looked at again and again."""

    def __init__(self, site: Site, config: Config, tools: RunContext, clock: FakeClock) -> None:
        self.site, self.config, self.tools, self.clock = site, config, tools, clock

    def look(self, *, after: float = PAUSE) -> RunResult:
        """Look at all sources; what the site was asked for is forgotten before."""
        self.clock.sleep(after)
        self.site.forget()
        return run.run_feed(self.config.feed[0], self.tools)

    def settle(self) -> None:
        """Until so many looks brought nothing that the next one can be a calm one."""
        for _ in range(unchanged.MIN_OBSERVATIONS + 2):
            self.look()
        assert self.tools.store.probe_states("world")

    @property
    def published(self) -> str:
        return (output_of(self.config) / "world.rss").read_text()


@pytest.fixture
def site(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


def configured(folder: Path, site: Site, more: str = "recheck = false", title: str = "") -> Config:
    text = feed("world", f"page {site.url('/news')}", more=more)
    return configure(folder, text.replace("The world feed", title or "The world feed"))


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Iterator[Desk]:
    """With a history of looks that brought nothing."""
    clock, config = FakeClock(), configured(tmp_path, site)
    with tools_for(config, clock) as tools:
        made = Desk(site, config, tools, clock)
        made.settle()
        yield made


def test_one_request_is_all(desk: Desk) -> None:
    """And the outcome is that of a whole look."""
    outcome = desk.look()
    assert desk.site.paths() == ["/news"]
    assert (outcome.status, outcome.kept, outcome.requests, outcome.written) == (
        RunStatus.UNCHANGED,
        3,
        1,
        (),
    )


def test_it_counts_as_a_look(desk: Desk) -> None:
    """At the source, in the record of runs, and in what is usual for the source."""
    before = len(desk.tools.store.observations.for_source("world", desk.site.url("/news")))
    outcome, now = desk.look(), desk.clock.now().replace(microsecond=0)
    (state,) = desk.tools.store.sources("world")
    looks = desk.tools.store.observations.for_source("world", state.key)
    assert (state.checked, state.succeeded, state.items) == (now, now, 3)
    assert desk.tools.store.runs("world", limit=1)[0].outcome == outcome
    assert (len(looks), looks[-1].at) == (before, now)


def test_what_is_new_is_seen_at_once(desk: Desk) -> None:
    """Its source is asked once: the answer is read."""
    desk.site[path(4)] = story(4)
    desk.site["/news"] = listing([4, 3, 2, 1])
    outcome = desk.look()
    assert (outcome.new, outcome.requests) == (1, 2)
    assert desk.site.paths() == ["/news", path(4)]
    assert "matter 4" in desk.published


def test_a_source_that_fails_is_told_of(desk: Desk) -> None:
    """As always; the next look is a whole one."""
    del desk.site["/news"]
    outcome = desk.look()
    assert outcome.status == RunStatus.FAILED
    assert "404" in str(outcome.problems)
    assert not desk.tools.store.probe_states("world")


def test_at_first_all_looks_are_whole(site: Site, tmp_path: Path) -> None:
    """What is usual for a source has to be known before anything is left out."""
    clock, config = FakeClock(), configured(tmp_path, site)
    with tools_for(config, clock) as tools:
        desk = Desk(site, config, tools, clock)
        for _ in range(unchanged.MIN_OBSERVATIONS - 1):
            desk.look()
            assert not tools.store.probe_states("world")


def test_now_and_then_a_look_is_whole(desk: Desk) -> None:
    """What only a whole look sees is seen in time."""
    before = len(desk.tools.store.observations.for_source("world", desk.site.url("/news")))
    desk.look(after=unchanged.FULL_RUN_INTERVAL / timedelta(seconds=1) + PAUSE)
    assert (
        len(desk.tools.store.observations.for_source("world", desk.site.url("/news"))) == before + 1
    )


def test_a_changed_config_is_heeded(desk: Desk, tmp_path: Path) -> None:
    """Though no source has anything new."""
    desk.config = configured(tmp_path, desk.site, title="Another title")
    assert desk.look().status == RunStatus.UPDATED
    assert "<title>Another title</title>" in desk.published


def test_a_file_that_is_gone_is_written_again(desk: Desk) -> None:
    """By the next look."""
    (output_of(desk.config) / "world.rss").unlink()
    assert desk.look().written == ("world.rss",)


def test_an_article_that_could_not_be_read_is_tried_again(desk: Desk) -> None:
    """A source of which anything is left to do is read as a whole."""
    desk.site["/news"] = listing([4, 3, 2, 1])
    assert desk.look().failed == 1
    assert not desk.tools.store.probe_states("world")
    desk.site[path(4)] = story(4)
    assert desk.look(after=24 * 3600).new == 1


def test_articles_are_looked_at_again_when_it_is_time(site: Site, tmp_path: Path) -> None:
    """For corrections."""
    clock, config = FakeClock(), configured(tmp_path, site, more="recheck = true")
    with tools_for(config, clock) as tools:
        desk = Desk(site, config, tools, clock)
        desk.settle()
        due = tools.store.next_recheck("world", clock.now())
        if due is None:
            pytest.skip("nothing young enough")
        desk.look(after=(due - clock.now()).total_seconds() + 1)
        assert set(site.paths()) > {"/news"}


def test_what_rules_leave_out_is_counted_on(site: Site, tmp_path: Path) -> None:
    """As skipped, not as kept."""
    clock = FakeClock()
    config = configured(tmp_path, site)
    text = feed("world", f"page {site.url('/news')}", more="recheck = false")
    config = configure(tmp_path, text + '[feed.exclude]\ntitle = ["matter 2"]\n')
    with tools_for(config, clock) as tools:
        desk = Desk(site, config, tools, clock)
        desk.settle()
        outcome = desk.look()
        assert site.paths() == ["/news"]
        assert (outcome.kept, outcome.skipped) == (2, 1)


def test_of_two_sources_one_may_have_something_new(site: Site, tmp_path: Path) -> None:
    """Each is asked once."""
    clock = FakeClock()
    config = configure(
        tmp_path,
        feed(
            "world", f"page {site.url('/news')}", f"feed {site.url('/rss')}", more="recheck = false"
        ),
    )
    with tools_for(config, clock) as tools:
        desk = Desk(site, config, tools, clock)
        desk.settle()
        desk.look()
        assert sorted(site.paths()) == ["/news", "/rss"]
        site[path(4)] = story(4)
        site["/news"] = listing([4, 3, 2, 1])
        assert desk.look().new == 1
        assert sorted(site.paths()) == sorted(["/news", "/rss", path(4)])


def test_a_document_that_is_not_kept_any_more_is_asked_for_again(desk: Desk) -> None:
    """The server's "not modified" is of no use without it."""
    with desk.tools.store._database.write_transaction() as connection:
        connection.execute(delete(schema.document_cache))
    desk.site[path(4)] = story(4)
    (output_of(desk.config) / "world.html").unlink()  # so that the look is a whole one
    assert desk.look().ok
