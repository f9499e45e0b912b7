"""Hubs are notified of each change once, and subscribers receive it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from feedpub import notify
from feedpub.config import Config
from feedpub.core.errors import PublishError
from feedpub.core.models import RunResult, RunStatus
from feedpub.notify import websub
from feedpub.pipeline import run
from feedpub.pipeline.run import run_feed
from feedpub.publisher import FolderOutput
from tests.support.clock import FakeClock
from tests.support.hub import Hub, Subscriber
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
    path,
    story,
    title,
)
from tests.support.site import Route, Site

TOPIC = "https://feeds.example.org/world.atom"
ALL = [f"https://feeds.example.org/world.{suffix}" for suffix in ("rss", "atom", "json")]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def hub(site: Site, tmp_path: Path) -> Hub:
    """Return a hub that fetches topics from the output folder, which the site serves."""
    open_newsroom(site, [2, 1])

    def where(topic: str) -> str:
        name = urlsplit(topic).path
        site[f"/feeds{name}"] = Route(
            (tmp_path / "feeds" / name.lstrip("/")).read_bytes(), "application/atom+xml"
        )
        return site.url(f"/feeds{name}")

    return Hub(site, where)


@pytest.fixture
def config(site: Site, hub: Hub, tmp_path: Path) -> Config:
    return configure(
        tmp_path,
        feed("world", f"page {site.url('/news')}"),
        settings=f'websub_hubs = ["{hub.url}"]',
    )


@pytest.fixture
def build(config: Config, clock: FakeClock, hub: Hub) -> Callable[[], RunResult]:
    """Return a function that does what `feedpub build` does."""

    def run() -> RunResult:
        with open_context(config, clock) as context:
            outcome = run_feed(config.feed[0], context)
            notify.deliver_due(config, context.store, context.clock)
        hub.wait_until_idle()
        return outcome

    return run


def news(site: Site, *numbers: int) -> None:
    """Add articles to the site."""
    for n in numbers:
        site[path(n)] = story(n)
    site["/news"] = listing([*numbers, 2, 1])


def test_change_reaches_a_subscriber(site: Site, hub: Hub, build: Callable[[], RunResult]) -> None:
    subscriber = Subscriber(site, TOPIC)
    subscriber.subscribe(hub.url)
    hub.wait_until_idle()
    assert hub.subscriptions == {(TOPIC, site.url("/callback")): b"between us"}
    build()
    assert hub.pings == ALL
    assert len(subscriber.received) == 1
    build()
    assert hub.pings == ALL
    news(site, 3)
    build()
    assert hub.pings == ALL * 2
    assert title(3) in subscriber.received[1].decode()
    assert hub.advertised_links(TOPIC)[1] == TOPIC


def test_ping_has_one_topic_under_both_names(site: Site, build: Callable[[], RunResult]) -> None:
    build()
    bodies = [request.body for request in site.requests if request.path == "/hub"]
    assert bodies == [websub.ping_form(topic) for topic in ALL]
    escaped = "https%3A%2F%2Ffeeds.example.org%2Fworld.rss"
    assert bodies[0] == f"hub.mode=publish&hub.url={escaped}&hub.topic={escaped}".encode()


def test_hub_that_was_down_is_notified_once(
    site: Site, hub: Hub, clock: FakeClock, build: Callable[[], RunResult]
) -> None:
    hub.down = 503
    build()
    news(site, 3)
    clock.pass_time(7)
    build()
    news(site, 4, 3)
    clock.pass_time(7)
    build()
    assert hub.pings == []
    hub.down = 0
    clock.pass_time(3600)
    build()
    assert sorted(hub.pings) == sorted(ALL)
    clock.pass_time(86400)
    build()
    assert len(hub.pings) == 3
    assert title(4) in hub.contents[TOPIC].decode()


def test_changes_during_an_outage_do_not_use_up_retries(
    site: Site, hub: Hub, config: Config, clock: FakeClock, build: Callable[[], RunResult]
) -> None:
    hub.down = 503
    for n in range(3, 9):
        news(site, *range(n, 2, -1))
        build()
        clock.pass_time(4)
    with open_context(config, clock) as context:
        assert [message.tries for message in context.store.outbox.load_all()] == [1, 1, 1]
    hub.down = 0
    clock.pass_time(60)
    build()
    assert sorted(hub.pings) == sorted(ALL)
    assert title(8) in hub.contents[TOPIC].decode()


def test_only_changed_documents_are_announced(
    site: Site, hub: Hub, config: Config, clock: FakeClock
) -> None:
    with open_context(config, clock) as context:
        run.run_feed(config.feed[0], context)
        notify.deliver_due(config, context.store, context.clock)
        (output_folder(config) / "world.json").write_bytes(b"{}")
        (output_folder(config) / "world.html").write_bytes(b"")
        outcome = run.run_feed(config.feed[0], context)
        assert outcome.written == ("world.json", "world.html")
        notify.deliver_due(config, context.store, context.clock)
        hub.wait_until_idle()
    assert hub.pings[3:] == [ALL[2]]
    assert site.requests[-1].path == "/feeds/world.json"


def test_no_ping_is_stored_without_hubs(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    open_newsroom(site, [1])
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}"))
    with open_context(config, clock) as context:
        assert run.run_feed(config.feed[0], context).status == RunStatus.UPDATED
        assert context.store.outbox.load_all() == ()


def test_ping_of_a_process_that_died_after_writing_is_sent(
    hub: Hub, config: Config, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = FolderOutput.publish

    def last_deed(self: FolderOutput, files: dict[str, bytes], **_: object) -> tuple[str, ...]:
        publish(self, files)
        raise KeyboardInterrupt

    with open_context(config, clock) as context, monkeypatch.context() as patch:
        patch.setattr(FolderOutput, "publish", last_deed)
        with pytest.raises(KeyboardInterrupt):
            run.run_feed(config.feed[0], context)
    with open_context(config, clock) as context:
        assert notify.deliver_due(config, context.store, context.clock) == 0
        clock.pass_time(61)
        assert notify.deliver_due(config, context.store, context.clock) == 3
    hub.wait_until_idle()
    assert hub.pings == ALL


def test_ping_is_not_due_before_the_files_are_written(config: Config, clock: FakeClock) -> None:
    with open_context(config, clock) as context:
        with websub.announce_changes(["world.rss"], context.settings, context.store, context.clock):
            assert context.store.outbox.due(clock.now()) == ()
            assert len(context.store.outbox.load_all()) == 1
        assert len(context.store.outbox.due(clock.now())) == 1
        with (
            pytest.raises(PublishError, match="no room"),
            websub.announce_changes(["world.atom"], context.settings, context.store, context.clock),
        ):
            raise PublishError("no room")
        assert len(context.store.outbox.load_all()) == 2
