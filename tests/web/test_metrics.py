"""The metrics, parsed strictly by the Prometheus text format."""

import re

import pytest

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.web.status import Health, SourceStatus
from tests.support.overviews import (
    NOW,
    failing_source,
    feed_status,
    render_metrics,
    service_in_every_state,
    service_status,
    source_status,
)

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)+)")
TYPE = re.compile(rf"# TYPE ({NAME}) (gauge|counter)")
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


def parse_metrics(text: str) -> dict[str, dict[str, float]]:
    """Parse a metrics text strictly into metric → labels → value."""
    assert text.endswith("\n")
    found: dict[str, dict[str, float]] = {}
    lines = iter(text.splitlines())
    line = next(lines, None)
    while line is not None:
        match = HELP.fullmatch(line)
        assert match, line
        kind = TYPE.fullmatch(next(lines))
        assert kind, line
        name = match[1]
        assert kind[1] == name
        assert name not in found
        assert (kind[2] == "counter") == name.endswith("_total")
        found[name] = {}
        line = next(lines, None)
        while line is not None and not line.startswith("#"):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == name
            assert (sample[2] or "") not in found[name], line
            found[name][sample[2] or ""] = float(sample[3])
            line = next(lines, None)
        assert found[name]
    return found


def test_feed_and_source_metrics() -> None:
    match = parse_metrics(render_metrics(service_status(feed_status())))
    minute = 60
    now = NOW.timestamp()
    of_feed = {
        name.removeprefix("feedpub_feed_"): samples.get('feed="world"')
        for name, samples in match.items()
    }
    expected = {
        "last_run_timestamp_seconds": now - 6 * minute,
        "last_success_timestamp_seconds": now - 6 * minute,
        "next_run_timestamp_seconds": now + 24 * minute,
        "last_run_duration_seconds": 2.14,
        "entries": 50,
        "newest_entry_timestamp_seconds": now - 120 * minute,
        "last_run_failed_articles": 0,
        "unread_items": 0,
        "running": 0,
        "run_stuck": 0,
    }
    assert {name: of_feed[name] for name in expected} == expected
    labels = 'feed="world",source="https://news.example.org/feed"'
    assert {
        name.removeprefix("feedpub_source_"): s[labels] for name, s in match.items() if labels in s
    } == {
        "up": 1,
        "last_check_timestamp_seconds": now - 6 * minute,
        "last_success_timestamp_seconds": now - 6 * minute,
        "next_check_timestamp_seconds": now + 24 * minute,
        "consecutive_failures": 0,
        "items": 20,
    }


def test_requests_are_counted_by_status() -> None:
    match = parse_metrics(render_metrics(service_status(feed_status())))
    assert match["feedpub_feed_requests_total"] == {
        'feed="world",status="200"': 40,
        'feed="world",status="304"': 12,
        'feed="world",status="error"': 1,
    }


def test_feed_states_are_one_hot() -> None:
    match = parse_metrics(
        render_metrics(
            service_status(
                feed_status(),
                feed_status("gone", health=Health.BROKEN, sources=(failing_source(),)),
            )
        )
    )
    assert match["feedpub_feeds"] == {
        'state="broken"': 1,
        'state="late"': 0,
        'state="partial"': 0,
        'state="healthy"': 1,
    }
    states = {labels for labels, value in match["feedpub_feed_state"].items() if value}
    assert states == {'feed="world",state="healthy"', 'feed="gone",state="broken"'}
    assert sum(match["feedpub_source_consecutive_failures"].values()) == 4


def test_unread_items_are_counted() -> None:
    unread = Failure("https://x.org/a", "HTTP 403", unread=True)
    other = Failure("https://x.org/b", "the recheck failed")
    outcome = RunResult("world", RunStatus.PARTIAL, problems=(unread, other, unread))
    feed = feed_status(health=Health.PARTIAL, outcome=outcome)
    match = parse_metrics(render_metrics(service_status(feed)))
    assert match["feedpub_feed_unread_items"] == {'feed="world"': 2}
    assert match["feedpub_feeds"]['state="partial"'] == 1


def test_service_metrics() -> None:
    match = parse_metrics(render_metrics(service_in_every_state()))
    assert match["feedpub_config_last_reload_successful"] == {"": 0}
    assert match["feedpub_scheduler_heartbeat_timestamp_seconds"] == {"": NOW.timestamp() - 3}
    assert "feedpub_config_last_reload_successful" not in parse_metrics(
        render_metrics(service_status(feed_status(), running=None))
    )


@pytest.mark.parametrize(
    "address", ['/srv/"saved"', "/srv/back\\slash", "/srv/two\nlines", "https://x.org/ä?a={b},c=1"]
)
def test_label_values_are_escaped(address: str) -> None:
    match = parse_metrics(
        render_metrics(service_status(feed_status(sources=(source_status(address),))))
    )
    (label,) = match["feedpub_source_up"]
    escaped = label.removeprefix('feed="world",source="').removesuffix('"')
    assert re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), escaped) == address


def test_unknown_values_are_left_out() -> None:
    never = SourceStatus("https://new.example.org/", "page", Health.LATE, "not checked yet")
    new = feed_status(
        "new",
        health=Health.LATE,
        last_run=None,
        last_success=None,
        next_run=None,
        outcome=None,
        newest=None,
        requests={},
        sources=(never,),
    )
    match = parse_metrics(render_metrics(service_status(new)))
    absent = (
        "last_run",
        "last_success",
        "next_run",
        "newest",
        "requests",
        "last_check",
        "next_check",
    )
    assert [name for name in match if any(part in name for part in absent)] == []
