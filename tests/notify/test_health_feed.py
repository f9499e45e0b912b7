"""The health feed: valid from the start, with an entry for each incident."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.notify import alert_text
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.store import Incident
from tests.support.clock import FakeClock
from tests.support.feedcheck import CHECKS
from tests.support.newsroom import configure, feed, open_context, output_folder

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "https://example.org/news?token=hunter2"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configure(tmp_path, feed("world", "page https://example.org/news"))


def incident(kind: Any = "broken", key: str = KEY, hours: int = 1, **others: Any) -> Incident:
    """Return an incident of a source that failed at noon, recorded some hours later."""
    line: dict[str, Any] = {
        "reason": "HTTP 404: the page is gone",
        "tries": 2,
        "last_good": NOW - HOUR,
        "items": 20,
    }
    return Incident("world", key, kind, NOW + hours * HOUR, NOW, **line | others)


def items(config: Config, context: RunContext) -> list[dict[str, Any]]:
    """Return the items of the feed, after all its documents were validated."""
    run.finish_build(config, context)
    for suffix, check in CHECKS.items():
        body = (output_folder(config) / f"health.{suffix}").read_bytes()
        assert (
            check(body, now=context.clock(), address=f"{config.feedpub.base_url}health.{suffix}")
            == []
        )
    return list(json.loads((output_folder(config) / "health.json").read_bytes())["items"])


def test_feed_is_valid_with_its_first_entry(config: Config, clock: FakeClock) -> None:
    with open_context(config, clock) as context:
        (first,) = items(config, context)
        assert first["title"] == "feedpub monitors 1 feed"
        assert (output_folder(config) / "health.html").exists()
        before = {file.name: file.read_bytes() for file in output_folder(config).iterdir()}
        clock.pass_time(86400)
        assert items(config, context) == [first]
        assert {file.name: file.read_bytes() for file in output_folder(config).iterdir()} == before


def test_each_incident_is_an_entry_that_never_changes(config: Config, clock: FakeClock) -> None:
    with open_context(config, clock) as context:
        items(config, context)
        clock.pass_time(3600)
        context.store.incidents.open(incident(), lambda _: ())
        broken, _ = items(config, context)
        assert broken["title"] == "example.org/news is failing: HTTP 404: the page is gone"
        for line in (
            "Feed: world",
            "Source: https://example.org/news?token=…",
            "Since: 2026-11-23 12:00 UTC",
            "Tried: 2 times in a row",
            "Last read: 2026-11-23 11:00 UTC, 20 articles",
        ):
            assert line in broken["content_html"]
            assert line in broken["summary"]
        clock.pass_time(7200)
        context.store.incidents.close(incident("recovered", hours=3), lambda _: ())
        back, *before = items(config, context)
        assert back["title"] == "example.org/news recovered after 3 hours"
        assert [item["title"] for item in before] == [broken["title"], "feedpub monitors 1 feed"]
        assert before[0] == broken
        assert len({item["id"] for item in (back, *before)}) == 3


def test_concurrent_incidents_have_distinct_dates_in_the_past(
    config: Config, clock: FakeClock
) -> None:
    clock.pass_time(3600)
    with open_context(config, clock) as context:
        for n in range(60):
            context.store.incidents.open(incident(key=f"https://example.org/{n}"), lambda _: ())
        shown = items(config, context)
    assert len(shown) == 50
    assert len({item["date_modified"] for item in shown}) == 50
    assert max(item["date_modified"] for item in shown) == clock.now().isoformat()


@pytest.mark.parametrize(
    ("described", "headline"),
    [
        (incident(), "example.org/news is failing: HTTP 404: the page is gone"),
        (incident(key="http://[::1]:8080/"), "::1:8080 is failing: HTTP 404: the page is gone"),
        (
            incident(key="/srv/private/articles"),
            "The folder articles is failing: HTTP 404: the page is gone",
        ),
        (
            incident(key="", reason="the disk\nis full"),
            "The feed world is failing: the disk is full",
        ),
        (incident("recovered", hours=50), "example.org/news recovered after 2 days"),
        (incident("recovered", hours=0), "example.org/news recovered after less than a minute"),
        (
            incident("accepted", hours=25),
            "example.org/news recovered after 1 day: accepted as the new baseline",
        ),
        (incident("removed"), "example.org/news was removed from the config"),
    ],
)
def test_headline_names_the_subject_without_secrets(described: Incident, headline: str) -> None:
    assert alert_text.describe_incident(described) == headline


def test_evidence_states_the_last_success() -> None:
    assert alert_text.describe_evidence(incident(last_good=None))["Last read"] == "never"
    assert (
        alert_text.describe_evidence(incident(key="", tries=1))["Last read"]
        == "2026-11-23 11:00 UTC"
    )
    assert alert_text.describe_evidence(incident(key="", tries=1))["Tried"] == "1 time in a row"
