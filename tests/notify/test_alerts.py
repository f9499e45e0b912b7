"""One alert when a source breaks and one when it recovers, even if a process dies in between."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub import notify
from feedpub.config import Config
from feedpub.core.errors import PublishError, StoreError
from feedpub.core.log import JsonFormatter
from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.notify import alerts
from feedpub.notify.alerts import needs_attention, record_incidents
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.run import finish_build, run_feed
from feedpub.publisher import FolderOutput
from feedpub.store import SourceState
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
)
from tests.support.site import Request, Route, Site
from tests.support.states import state_folder

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STORIES = list(range(20, 0, -1))
GONE = Route(b"gone", status=404)
DOWN = Route(b"oops", status=500)


# --- needs_attention ---


@pytest.mark.parametrize(
    ("failures", "hours", "firm", "broken"),
    [
        (0, 0, False, False),
        (1, 0, False, False),
        (1, 48, False, False),
        (2, 5.9, False, False),
        (2, 6, False, True),
        (3, 0.1, False, True),
        (1, 48, True, False),
        (2, 0.1, True, True),
    ],
)
def test_source_needs_attention_after_enough_failures(
    failures: int,
    hours: float,
    firm: bool,  # noqa: FBT001 -- a table's columns
    broken: bool,  # noqa: FBT001 -- a table's columns
) -> None:
    since = NOW - hours * HOUR if failures else None
    state = SourceState(
        "world", "s", NOW, None, 0, failing_since=since, failures=failures, firm=firm
    )
    assert needs_attention(state, NOW) is broken


# --- alerts ---


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Config:
    """Return a config with a feed of the site, and a webhook."""
    open_newsroom(site, STORIES)
    site["/T0KEN"] = b"ok"
    settings = f'[alerts]\nwebhook = "{site.url("/T0KEN")}"'
    return configure(tmp_path, feed("world", f"page {site.url('/news')}"), settings=settings)


@pytest.fixture
def context(config: Config, clock: FakeClock) -> Iterator[RunContext]:
    with open_context(config, clock) as opened:
        yield opened


Build = Callable[..., RunResult]


@pytest.fixture
def build(config: Config, context: RunContext, clock: FakeClock) -> Build:
    """Return a function that does what `feedpub build` does, an hour later."""

    def run(config: Config = config) -> RunResult:
        clock.pass_time(3600)
        outcome = run_feed(config.feed[0], context)
        record_incidents(config.feed[0], outcome, config.alerts, context.store, context.clock())
        alerts.close_removed_feeds(config, context.store, context.clock())
        finish_build(config, context)
        notify.deliver_due(config, context.store, context.clock)
        return outcome

    return run


def webhook_requests(site: Site) -> list[Request]:
    return [request for request in site.requests if request.path == "/T0KEN"]


def received_alerts(site: Site) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in webhook_requests(site)]


def alert_texts(site: Site) -> list[str]:
    return [
        alert["text"].replace(f"127.0.0.1:{site.port}", "example.org")
        for alert in received_alerts(site)
    ]


def health_titles(config: Config) -> list[str]:
    document = json.loads((output_folder(config) / "health.json").read_bytes())
    return [item["title"] for item in document["items"]]


def test_failure_and_recovery_are_one_alert_each(site: Site, config: Config, build: Build) -> None:
    build()
    site["/news"] = GONE
    for _ in range(5):
        build()
    assert alert_texts(site) == ["example.org/news is failing: HTTP 404: the page is gone"]
    site["/news"] = listing(STORIES)
    build()
    build()
    assert alert_texts(site)[1:] == ["example.org/news recovered after 5 hours"]
    assert [
        title.replace(f"127.0.0.1:{site.port}", "example.org") for title in health_titles(config)
    ] == [
        *reversed(alert_texts(site)),
        "feedpub monitors 1 feed",
    ]
    broken, back = received_alerts(site)
    key = site.url("/news")
    assert broken == {
        "event": "broken",
        "text": f"127.0.0.1:{site.port}/news is failing: HTTP 404: the page is gone",
        "feed": "world",
        "source": key,
        "reason": "HTTP 404: the page is gone",
        "since": (NOW + 2 * HOUR).isoformat(),
        "at": (NOW + 3 * HOUR).isoformat(),
        "tries": 2,
        "last_good": (NOW + HOUR).isoformat(),
        "items": 20,
        "evidence": {
            "Feed": "world",
            "Source": key,
            "Reason": "HTTP 404: the page is gone",
            "Since": "2026-11-30 14:00 UTC",
            "Tried": "2 times in a row",
            "Last read": "2026-11-30 13:00 UTC, 20 articles",
        },
        "proposal": None,
    }
    assert (back["event"], back["since"], back["at"]) == (
        "recovered",
        broken["since"],
        (NOW + 7 * HOUR).isoformat(),
    )
    assert {request.headers["content-type"] for request in webhook_requests(site)} == {
        "application/json"
    }


def test_short_failure_sends_no_alert(site: Site, config: Config, build: Build) -> None:
    for _ in range(3):
        build()
        site["/news"] = DOWN
        build()
        build()
        site["/news"] = listing(STORIES)
    build()
    assert received_alerts(site) == []
    assert health_titles(config) == ["feedpub monitors 1 feed"]
    site["/news"] = DOWN
    for _ in range(3):
        build()
    assert alert_texts(site) == ["example.org/news is failing: HTTP 500: the server has an error"]


def test_anomaly_alert_states_the_baseline_and_its_acceptance(
    site: Site, build: Build, clock: FakeClock
) -> None:
    for _ in range(6):
        build()
    site["/news"] = listing([20, 19, 18])
    build()
    assert received_alerts(site) == []
    build()
    assert alert_texts(site) == ["example.org/news is failing: lists 3 articles, usually 20"]
    for _ in range(3):
        clock.pass_time(10 * 3600)
        build()
    assert alert_texts(site)[1:] == [
        "example.org/news recovered after 1 day: accepted as the new baseline"
    ]
    site["/news"] = GONE
    build()
    build()
    site["/news"] = listing([20, 19, 18])
    build()
    assert alert_texts(site)[-1] == "example.org/news recovered after 2 hours"


def test_alert_names_only_the_failing_source(
    site: Site, tmp_path: Path, config: Config, build: Build
) -> None:
    site["/other"] = GONE
    both = configure(
        tmp_path, feed("world", f"page {site.url('/news')}", f"page {site.url('/other')}")
    )
    both = both.model_copy(update={"alerts": config.alerts})
    for _ in range(3):
        assert build(both).status == RunStatus.PARTIAL
    assert alert_texts(site) == ["example.org/other is failing: HTTP 404: the page is gone"]


def test_removed_source_or_feed_is_closed_without_an_alert(
    site: Site, tmp_path: Path, config: Config, build: Build
) -> None:
    site["/news"] = GONE
    build()
    build()
    other = configure(tmp_path, feed("world", f"page {site.url('/rss')}".replace("page", "feed")))
    build(other)
    assert health_titles(config)[0] == f"127.0.0.1:{site.port}/news was removed from the config"
    site["/rss"] = GONE
    build(other)
    build(other)
    build(
        configure(
            tmp_path, feed("another", f"page {site.url('/sitemap.xml')}".replace("page", "sitemap"))
        )
    )
    assert health_titles(config)[0] == f"127.0.0.1:{site.port}/rss was removed from the config"
    assert len(alert_texts(site)) == 1


def test_full_disk_is_an_immediate_alert_about_the_feed(
    site: Site, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    with monkeypatch.context() as patch:

        def full(_: FolderOutput, __: object, **___: object) -> tuple[str, ...]:
            raise PublishError("/srv/world.rss cannot be written: No space left on device")

        patch.setattr(FolderOutput, "publish", full)
        with pytest.raises(PublishError):  # nor can the index pages be written
            build()
    for _ in range(2):
        build()
    assert alert_texts(site) == [
        "The feed world is failing: /srv/world.rss cannot be written: No space left on device",
        "The feed world recovered after 1 hour",
    ]
    assert received_alerts(site)[0]["last_good"] == (NOW + HOUR).isoformat()


def test_run_that_hangs_is_one_alert(config: Config, site: Site, context: RunContext) -> None:
    hung = Failure("world", "the run timed out after 11 minutes", fatal=True)
    for _ in range(2):
        record_incidents(
            config.feed[0],
            RunResult("world", RunStatus.FAILED, problems=(hung,)),
            config.alerts,
            context.store,
            context.clock(),
        )
    notify.deliver_due(config, context.store, context.clock)
    assert alert_texts(site) == [f"The feed world is failing: {hung.reason}"]


def test_alert_waits_until_the_webhook_is_back(site: Site, build: Build, clock: FakeClock) -> None:
    site["/news"] = GONE
    site["/T0KEN"] = DOWN
    build()
    build()
    assert len(webhook_requests(site)) == 1
    site.clear_requests()
    site["/news"] = listing(STORIES)
    site["/T0KEN"] = b"ok"
    build()
    clock.pass_time(86400)
    build()
    assert [alert["event"] for alert in received_alerts(site)] == ["broken", "recovered"]


def test_alert_of_a_process_that_died_is_sent_by_the_next(
    site: Site, config: Config, context: RunContext, clock: FakeClock
) -> None:
    site["/news"] = GONE
    for _ in range(2):
        clock.pass_time(3600)
        outcome = run.run_feed(config.feed[0], context)
        noted = record_incidents(
            config.feed[0], outcome, config.alerts, context.store, context.clock()
        )
    assert noted  # then the process dies
    with open_context(config, clock) as others:
        assert not record_incidents(
            config.feed[0], outcome, config.alerts, others.store, others.clock()
        )
        assert notify.deliver_due(config, others.store, others.clock) == 1
        assert notify.deliver_due(config, others.store, others.clock) == 0
    assert [alert["event"] for alert in received_alerts(site)] == ["broken"]


def test_secrets_are_not_in_alerts_or_the_log(
    site: Site, tmp_path: Path, config: Config, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    address = site.url("/nowhere?token=hunter2")
    secret = configure(tmp_path, feed("world", f"page {address}")).model_copy(
        update={"alerts": config.alerts}
    )
    site["/T0KEN"] = DOWN
    build(secret)
    build(secret)
    received_alerts = [JsonFormatter().format(record) for record in caplog.records]
    assert any('"event": "message_retry", "kind": "webhook"' in line for line in received_alerts)
    (request,) = webhook_requests(site)
    for text in (request.body.decode(), str(health_titles(config)), caplog.text, *received_alerts):
        assert "hunter2" not in text
        assert "T0KEN" not in text


def test_health_feed_works_without_configured_alerts(
    site: Site, tmp_path: Path, build: Build, context: RunContext
) -> None:
    plain = configure(tmp_path, feed("world", f"page {site.url('/nowhere')}"))
    build(plain)
    build(plain)
    assert context.store.outbox.load_all() == ()
    assert health_titles(plain)[0].endswith("/nowhere is failing: HTTP 404: the page is gone")


def test_unwritable_state_is_an_immediate_alert(
    site: Site, config: Config, context: RunContext
) -> None:
    with closing(sqlite3.connect(state_folder(config.feedpub) / "feedpub.sqlite")) as database:
        database.execute("DROP TABLE open_incidents")
    outcome = RunResult("world", RunStatus.UNCHANGED)
    with pytest.raises(StoreError, match="no such table") as caught:
        record_incidents(config.feed[0], outcome, config.alerts, context.store, context.clock())
    alerts.alert_state_unavailable("world", caught.value, config, NOW)
    (alert,) = received_alerts(site)
    assert (alert["event"], alert["feed"], alert["source"]) == ("broken", "world", "")
    assert "feedpub.sqlite" in alert["reason"]
