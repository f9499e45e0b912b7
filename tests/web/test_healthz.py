"""The report for supervisors."""

import json

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.web.healthz import health_response
from feedpub.web.status import Health
from tests.support.overviews import (
    HOUR,
    NOW,
    failing_source,
    feed_status,
    process_status,
    service_status,
)


def test_service_with_fresh_feeds_is_healthy() -> None:
    ok, body = health_response(service_status(feed_status()))
    assert ok
    assert json.loads(json.dumps(body)) == {
        "ok": True,
        "scheduler": {"alive": True, "heartbeat": "2026-11-25T09:59:57+00:00"},
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
    ok, body = health_response(service_status(feed_status(health=Health.PARTIAL, outcome=outcome)))
    assert ok
    assert body["feeds"]["world"]["state"] == "partial"
    assert (
        body["feeds"]["world"]["unread"] == [{"item": "https://x.org/a", "reason": "HTTP 403"}] * 10
    )


def test_dead_scheduler_is_unhealthy() -> None:
    ok, body = health_response(
        service_status(feed_status(), running=process_status(heartbeat=NOW - HOUR))
    )
    assert (ok, body["scheduler"]["alive"]) == (False, False)


def test_overdue_feed_is_unhealthy() -> None:
    late = feed_status(
        "late", health=Health.LATE, overdue=True, reasons=("its run was due 3 hours ago",)
    )
    ok, body = health_response(service_status(feed_status(), late))
    assert not ok
    assert (body["feeds"]["world"]["fresh"], body["feeds"]["late"]["fresh"]) == (True, False)
    assert body["feeds"]["late"]["reason"] == "its run was due 3 hours ago"


def test_broken_source_is_reported_but_healthy() -> None:
    ok, body = health_response(
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
    ok, body = health_response(service_status(feed_status(), running=None))
    assert (ok, body["scheduler"]) == (True, None)
