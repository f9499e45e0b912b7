"""Status page, metrics and health report over HTTP, and the report for supervisors."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from feedpub.core.errors import StoreError
from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.web import FeedApp, FolderBackend, reports
from feedpub.web.reports import MAX_HEALTHZ_FEEDS, health_report, parse_feed_query
from feedpub.web.status import FeedQuery, Health, ServiceStatus
from tests.support.client import Client, Reply, serve_app
from tests.support.overviews import (
    HOUR,
    NOW,
    failing_source,
    feed_status,
    overview_of,
    process_status,
    service_status,
)
from tests.support.service import eventually
from tests.web.conftest import BASE
from tests.web.console import FakeControl

PATHS = ("/status", "/metrics", "/healthz")


@pytest.fixture
def console() -> FakeControl:
    return FakeControl()


@pytest.fixture
def client(folder: Path, console: FakeControl) -> Iterator[Client]:
    with serve_app(FeedApp(FolderBackend(folder), console, [], BASE)) as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render reports at each request."""
    monkeypatch.setattr(reports, "CACHE_SECONDS", 0.0)


def test_status_page_is_served(client: Client) -> None:
    reply = client.get("/status")
    assert reply.status == 200
    assert b"The world" in reply.body
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "form-action 'self'" in reply.header("content-security-policy")
    assert reply.header("content-security-policy").endswith("frame-ancestors 'none'")
    assert reply.header("cache-control") == "no-store"


def test_metrics_are_served(client: Client) -> None:
    reply = client.get("/metrics")
    assert reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.body.startswith(b"# HELP feedpub_")


@pytest.mark.usefixtures("impatient")
def test_healthz_is_served(client: Client, console: FakeControl) -> None:
    reply = client.get("/healthz")
    assert reply.header("content-type") == "application/json"
    assert (reply.status, json.loads(reply.body)["ok"]) == (200, True)
    console.heartbeat = NOW - HOUR
    reply = client.get("/healthz")
    assert (reply.status, json.loads(reply.body)["ok"]) == (503, False)


@pytest.mark.parametrize("path", PATHS)
def test_reports_support_only_get_and_head(client: Client, path: str) -> None:
    assert client.request("POST", path, body=b"").header("allow") == "GET, HEAD"
    head = client.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")


def test_repeated_requests_render_a_report_once(client: Client, console: FakeControl) -> None:
    for _ in range(5):
        assert client.get("/status").status == 200
    assert console.asked == 1


@pytest.mark.usefixtures("impatient")
def test_report_is_rendered_again_after_the_cache_time(
    client: Client, console: FakeControl
) -> None:
    for _ in range(3):
        assert client.get("/metrics").status == 200
    assert console.asked == 3


@pytest.mark.parametrize("path", PATHS)
def test_unreadable_state_gets_503_with_reason(
    client: Client, console: FakeControl, path: str
) -> None:
    console.error = StoreError("state/feedpub.db: disk I/O error <1>")
    reply = client.get(path)
    assert reply.status == 503
    assert b"disk I/O error &lt;1&gt;" in reply.body
    assert client.get("/world.rss").status == 200


def test_slow_report_does_not_delay_files(client: Client, console: FakeControl) -> None:
    console.may_answer.clear()
    replies: list[Reply] = []
    waiting = threading.Thread(target=lambda: replies.append(client.get("/status")))
    waiting.start()
    assert eventually(lambda: console.asked)
    assert client.get("/world.rss").status == 200
    assert not replies
    console.may_answer.set()
    waiting.join(10)
    assert replies[0].status == 200


def test_query_selects_the_feeds_of_the_status_page(client: Client, console: FakeControl) -> None:
    console.feeds = (*console.feeds, feed_status("gone", health=Health.BROKEN))
    assert b'id="gone"' in client.get("/status").body
    for query in ("state=healthy", "q=THE+WORLD"):
        body = client.get(f"/status?{query}").body
        assert (b'id="world"' in body, b'id="gone"' in body) == (True, False)
    assert b"No feed matches" in client.get("/status?q=%ff%00").body


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", FeedQuery()),
        ("state=late&q=a+b&page=3", FeedQuery(Health.LATE, "a b", 3)),
        ("state=gone&page=x&other=1", FeedQuery()),
        ("page=-1", FeedQuery()),
        ("page=%D9%A3", FeedQuery()),  # a digit of another script
        ("page=99999999999999999999", FeedQuery()),
        ("q=" + "x" * 10_000, FeedQuery(text="x" * 200)),
    ],
)
def test_invalid_values_in_a_query_are_ignored(query: str, expected: FeedQuery) -> None:
    assert parse_feed_query(query) == expected


def test_healthz_names_the_worst_of_many_feeds(client: Client, console: FakeControl) -> None:
    healthy = tuple(feed_status(f"f{n}") for n in range(MAX_HEALTHZ_FEEDS))
    console.feeds = healthy
    assert len(json.loads(client.get("/healthz").body)["feeds"]) == MAX_HEALTHZ_FEEDS
    late = replace(healthy[7], health=Health.LATE, overdue=True)
    console.feeds = (*healthy[:7], late, *healthy[8:], feed_status("x", health=Health.BROKEN))
    body = json.loads(client.get("/healthz?again").body)
    assert list(body["feeds"]) == ["x", "f7"]
    assert (body["ok"], body["overdue"]) == (False, 1)
    assert body["states"] == {"broken": 1, "late": 1, "partial": 0, "healthy": 99}


def test_metrics_of_thousands_of_feeds_arrive_complete(
    client: Client, console: FakeControl
) -> None:
    console.feeds = tuple(feed_status(f"f{n}") for n in range(3000))
    reply = client.get("/metrics")
    assert reply.header("transfer-encoding") == "chunked"
    assert reply.body.count(b"feedpub_feed_state{") == 4 * 3000
    assert reply.body.endswith(b"\n")


@pytest.mark.parametrize("path", [*PATHS, "/run"])
def test_app_without_service_has_no_reports(folder: Path, path: str) -> None:
    with serve_app(FeedApp(FolderBackend(folder), None, [], BASE)) as client:
        assert client.get(path).status == 404


def report(seen: ServiceStatus) -> tuple[bool, dict[str, Any]]:
    """Return if a service is healthy, and its report."""
    overview = overview_of(seen)
    return overview.is_healthy, health_report(overview, seen.feeds)


def test_service_with_fresh_feeds_is_healthy() -> None:
    ok, body = report(service_status(feed_status()))
    assert ok
    assert json.loads(json.dumps(body)) == {
        "ok": True,
        "scheduler": {"alive": True, "heartbeat": "2026-11-25T09:59:57+00:00"},
        "states": {"broken": 0, "late": 0, "partial": 0, "healthy": 1},
        "overdue": 0,
        "feeds": {
            "world": {
                "fresh": True,
                "state": "healthy",
                "reason": "",
                "unread": [],
                "last_success": "2026-11-25T09:54:00+00:00",
            }
        },
    }


def test_unread_items_are_named_and_do_not_make_the_service_unhealthy() -> None:
    unread = Failure("https://x.org/a", "HTTP 403", unread=True)
    other = Failure("https://x.org/b", "the recheck failed")
    outcome = RunResult("world", RunStatus.PARTIAL, problems=(other, *[unread] * 12))
    ok, body = report(service_status(feed_status(health=Health.PARTIAL, outcome=outcome)))
    assert ok
    assert body["feeds"]["world"]["state"] == "partial"
    assert (
        body["feeds"]["world"]["unread"] == [{"item": "https://x.org/a", "reason": "HTTP 403"}] * 10
    )


def test_dead_scheduler_is_unhealthy() -> None:
    ok, body = report(service_status(feed_status(), running=process_status(heartbeat=NOW - HOUR)))
    assert (ok, body["scheduler"]["alive"]) == (False, False)


def test_overdue_feed_is_unhealthy() -> None:
    late = feed_status(
        "late", health=Health.LATE, overdue=True, reasons=("its run was due 3 hours ago",)
    )
    ok, body = report(service_status(feed_status(), late))
    assert not ok
    assert (body["feeds"]["world"]["fresh"], body["feeds"]["late"]["fresh"]) == (True, False)
    assert body["feeds"]["late"]["reason"] == "its run was due 3 hours ago"


def test_broken_source_is_reported_but_healthy() -> None:
    ok, body = report(
        service_status(
            feed_status(health=Health.BROKEN, sources=(failing_source(),), last_success=None)
        )
    )
    assert ok
    assert body["feeds"]["world"] == {
        "fresh": True,
        "state": "broken",
        "reason": "https://broken.example.org/feed: HTTP 404: the page is gone",
        "unread": [],
        "last_success": None,
    }


def test_process_without_scheduler_reports_null() -> None:
    ok, body = report(service_status(feed_status(), running=None))
    assert (ok, body["scheduler"]) == (True, None)
