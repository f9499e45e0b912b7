"""Serve /status, /metrics and /healthz.

/healthz reports to supervisors if the service works. A failing source or an unread item is
reported, but it does not make the service unhealthy, because a restart would not fix it.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from feedpub.core.errors import FeedpubError
from feedpub.web import metrics, status_page
from feedpub.web.control import ServiceControl
from feedpub.web.error_pages import RETRY_AFTER, error_page
from feedpub.web.headers import page_headers
from feedpub.web.http import HTML, JSON, Response, content_response
from feedpub.web.status import FeedStatus, ServiceStatus

CACHE_SECONDS = 1.0
_MAX_UNREAD = 10  # items of each feed


class StatusEndpoints:
    """Reports on the service's status, cached for a second and rendered in another thread."""

    def __init__(self, control: ServiceControl) -> None:
        self._control = control
        self._lock = asyncio.Lock()
        self._cached: dict[str, tuple[float, Response]] = {}
        self._endpoints: Mapping[str, Callable[[], Response]] = {
            "/status": self._render_status,
            "/metrics": self._render_metrics,
            "/healthz": self._render_healthz,
        }

    def __contains__(self, path: object) -> bool:
        return path in self._endpoints

    async def get(self, path: str) -> Response:
        """Return the report at one of the paths."""
        async with self._lock:
            cached = self._cached.get(path)
            if cached is None or time.monotonic() - cached[0] > CACHE_SECONDS:
                response = await asyncio.to_thread(self._render, path)
                cached = self._cached[path] = (time.monotonic(), response)
        return cached[1]

    async def health(self) -> Response:
        """Return only if the service is healthy, for clients that may not see more."""
        status = (await self.get("/healthz")).status
        return content_response(status, JSON, json.dumps({"ok": status == HTTPStatus.OK}))

    def _render(self, path: str) -> Response:
        try:
            return self._endpoints[path]()
        except FeedpubError as error:
            return error_page(503, f"The status is not available: {error}", RETRY_AFTER)

    def _render_status(self) -> Response:
        can_run = self._control.runs_feeds and self._control.admin_token() is not None
        page = status_page.render_status_page(self._control.status(), can_run=can_run)
        return content_response(200, HTML, page, *page_headers(page.encode()))

    def _render_metrics(self) -> Response:
        text = metrics.render_metrics(self._control.status())
        return content_response(200, metrics.METRICS_TYPE, text)

    def _render_healthz(self) -> Response:
        healthy, report = health_response(self._control.status(brief=True))
        body = json.dumps(report, ensure_ascii=False)
        return content_response(200 if healthy else 503, JSON, body)


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
