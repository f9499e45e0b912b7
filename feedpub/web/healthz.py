"""Whether the service does its work, for those who start it again when it does not.

That a source is broken is told, but is no fault that a new start would mend.
"""

from typing import Any

from feedpub.web.status import FeedStatus, ServiceStatus


def health_response(overview: ServiceStatus) -> tuple[bool, dict[str, Any]]:
    """Whether all is well with the service, and what there is to say about it, for JSON.

    All is well where the scheduler lives and every feed is fresh: was looked at when it was due.
    """
    alive = overview.running.alive(overview.now) if overview.running else None
    feeds = {feed.name: _feed(feed) for feed in overview.feeds}
    ok = alive is not False and all(feed["fresh"] for feed in feeds.values())
    return ok, {"ok": ok, "scheduler": _scheduler(overview), "feeds": feeds}


def _scheduler(overview: ServiceStatus) -> dict[str, Any] | None:
    """None where the process only publishes."""
    running = overview.running
    if running is None:
        return None
    return {"alive": running.alive(overview.now), "heartbeat": running.heartbeat.isoformat()}


def _feed(feed: FeedStatus) -> dict[str, Any]:
    return {
        "fresh": not feed.overdue,
        "state": feed.health.value,
        "reason": feed.reason,
        "last_success": feed.last_success.isoformat() if feed.last_success else None,
    }
