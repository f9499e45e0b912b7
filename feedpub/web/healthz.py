"""Report to supervisors if the service works.

A failing source or an unread item is reported, but it does not make the service unhealthy, because
a restart would not fix it.
"""

from typing import Any

from feedpub.web.status import FeedStatus, ServiceStatus

_MAX_UNREAD = 10  # items of each feed


def health_response(status: ServiceStatus) -> tuple[bool, dict[str, Any]]:
    """Return if the service is healthy, and the report as JSON data.

    It is healthy if the scheduler is alive and no feed is overdue.
    """
    feeds = {feed.name: _describe_feed(feed) for feed in status.feeds}
    scheduler = None  # if the process only serves files
    is_alive = True
    if status.running:
        is_alive = status.running.alive(status.now)
        scheduler = {"alive": is_alive, "heartbeat": status.running.heartbeat.isoformat()}
    ok = is_alive and all(feed["fresh"] for feed in feeds.values())
    return ok, {"ok": ok, "scheduler": scheduler, "feeds": feeds}


def _describe_feed(feed: FeedStatus) -> dict[str, Any]:
    unread = feed.outcome.unread[:_MAX_UNREAD] if feed.outcome else ()
    return {
        "fresh": not feed.overdue,
        "state": feed.health.value,
        "reason": feed.reason,
        "unread": [{"item": failure.where, "reason": failure.reason} for failure in unread],
        "last_success": feed.last_success.isoformat() if feed.last_success else None,
    }
