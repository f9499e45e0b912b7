"""Serve /status, /metrics and /healthz."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from feedpub.core.errors import FeedpubError
from feedpub.web import healthz, metrics, status_page
from feedpub.web.control import ServiceControl
from feedpub.web.error_pages import RETRY_AFTER, error_page
from feedpub.web.headers import page_headers
from feedpub.web.http import HTML, JSON, Response, content_response

CACHE_SECONDS = 1.0


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
        healthy, report = healthz.health_response(self._control.status(brief=True))
        body = json.dumps(report, ensure_ascii=False)
        return content_response(200 if healthy else 503, JSON, body)
