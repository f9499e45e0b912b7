"""Serve /status, /metrics and /healthz.

/healthz reports to supervisors if the service works. A failing source or an unread item is
reported, but it does not make the service unhealthy, because a restart would not fix it.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from feedpub.core.errors import FeedpubError
from feedpub.web import metrics, status_page
from feedpub.web.control import ServiceControl
from feedpub.web.error_pages import RETRY_AFTER, error_page
from feedpub.web.headers import page_headers
from feedpub.web.http import HTML, JSON, Response, content_response, streamed_response
from feedpub.web.status import FeedQuery, FeedStatus, Health, Overview

CACHE_SECONDS = 1.0
# How long metrics and the health may lack a change that a command on the same state has made
EXTERNAL_CHANGES_SECONDS = 30.0
MAX_HEALTHZ_FEEDS = 100
_MAX_UNREAD = 10  # items of each feed
_MAX_TEXT_CHARS = 200  # of a search
_MAX_QUERY_CHARS = 4096
_PAGE_NUMBER = re.compile("[0-9]{1,8}")


class StatusEndpoints:
    """Reports on the service's status, cached for a second and rendered in another thread."""

    def __init__(self, control: ServiceControl) -> None:
        self._control = control
        self._lock = asyncio.Lock()
        self._cached: dict[tuple[str, str], tuple[float, Response]] = {}
        self._endpoints: Mapping[str, Callable[[str], Response]] = {
            "/status": self._render_status,
            "/metrics": self._render_metrics,
            "/healthz": self._render_healthz,
        }

    def __contains__(self, path: object) -> bool:
        return path in self._endpoints

    async def get(self, path: str, query: str = "") -> Response:
        """Return the report at one of the paths."""
        key = (path, query)
        async with self._lock:
            self._drop_old()
            if key not in self._cached:
                response = await asyncio.to_thread(self._render, path, query)
                if response.stream:  # can be sent only once
                    return response
                self._cached[key] = (time.monotonic(), response)
            return self._cached[key][1]

    async def health(self) -> Response:
        """Return only if the service is healthy, for clients that may not see more."""
        status = (await self.get("/healthz")).status
        return content_response(status, JSON, json.dumps({"ok": status == HTTPStatus.OK}))

    def _drop_old(self) -> None:
        oldest = time.monotonic() - CACHE_SECONDS
        self._cached = {key: kept for key, kept in self._cached.items() if kept[0] >= oldest}

    def _render(self, path: str, query: str) -> Response:
        try:
            return self._endpoints[path](query)
        except FeedpubError as error:
            return error_page(503, f"The status is not available: {error}", RETRY_AFTER)

    def _render_status(self, query: str) -> Response:
        can_run = self._control.runs_feeds and self._control.admin_token() is not None
        selection = self._control.overview().select(parse_feed_query(query))
        status = self._control.details(selection.names)
        page = status_page.render_status_page(status, selection, can_run=can_run)
        return content_response(200, HTML, page, *page_headers(page.encode()))

    def _render_metrics(self, _query: str) -> Response:
        overview = self._control.overview(max_age_seconds=EXTERNAL_CHANGES_SECONDS)
        parts = metrics.render_metrics(overview, self._control.live_entries())
        return streamed_response(metrics.METRICS_TYPE, map(str.encode, parts))

    def _render_healthz(self, _query: str) -> Response:
        overview = self._control.overview(max_age_seconds=EXTERNAL_CHANGES_SECONDS)
        names = overview.worst_feeds(MAX_HEALTHZ_FEEDS)
        feeds = self._control.details(names, brief=True).feeds
        body = json.dumps(health_report(overview, feeds), ensure_ascii=False)
        return content_response(200 if overview.is_healthy else 503, JSON, body)


def parse_feed_query(query: str) -> FeedQuery:
    """Parse the query of a URL that requests the status page. Invalid values are ignored."""
    values = {name: given[0] for name, given in parse_qs(query[:_MAX_QUERY_CHARS]).items()}
    state, page = values.get("state", ""), values.get("page", "")
    return FeedQuery(
        Health(state) if state in list(Health) else None,
        values.get("q", "")[:_MAX_TEXT_CHARS],
        int(page) if _PAGE_NUMBER.fullmatch(page) else 1,
    )


def health_report(overview: Overview, feeds: tuple[FeedStatus, ...]) -> dict[str, Any]:
    """Return the health as JSON data.

    Args:
        overview: The health of all feeds.
        feeds: The feeds to name.
    """
    scheduler = None  # if the process only serves files
    if running := overview.running:
        is_alive = running.alive(overview.now)
        scheduler = {"alive": is_alive, "heartbeat": running.heartbeat.isoformat()}
    return {
        "ok": overview.is_healthy,
        "scheduler": scheduler,
        "states": {health.value: overview.counts.get(health, 0) for health in Health},
        "overdue": len(overview.overdue),
        "feeds": {feed.name: _describe_feed(feed) for feed in feeds},
    }


def _describe_feed(feed: FeedStatus) -> dict[str, Any]:
    unread = feed.outcome.unread[:_MAX_UNREAD] if feed.outcome else ()
    return {
        "fresh": not feed.overdue,
        "state": feed.health.value,
        "reason": feed.reason,
        "unread": [{"item": failure.where, "reason": failure.reason} for failure in unread],
        "last_success": feed.last_success.isoformat() if feed.last_success else None,
    }
