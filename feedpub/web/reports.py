"""How everything is, for people, for Prometheus and for supervisors."""

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

CACHE_SECONDS = 1.0  # seconds for which a report that was made is good enough for the next who asks


class StatusEndpoints:
    """The reports: made in another thread, once for all who ask within a second."""

    def __init__(self, console: ServiceControl) -> None:
        self._console = console
        self._lock = asyncio.Lock()
        self._made: dict[str, tuple[float, Response]] = {}
        self._ways: Mapping[str, Callable[[], Response]] = {
            "/status": self._status,
            "/metrics": self._metrics,
            "/healthz": self._healthz,
        }

    def __contains__(self, path: object) -> bool:
        return path in self._ways

    async def get(self, path: str) -> Response:
        """The report at an address that has one."""
        async with self._lock:
            made = self._made.get(path)
            if made is None or time.monotonic() - made[0] > CACHE_SECONDS:
                answer = await asyncio.to_thread(self._make, path)
                made = self._made[path] = (time.monotonic(), answer)
        return made[1]

    async def health(self) -> Response:
        """Say whether all is well, and nothing else: for whoever may not see more."""
        status = (await self.get("/healthz")).status
        return content_response(status, JSON, json.dumps({"ok": status == HTTPStatus.OK}))

    def _make(self, path: str) -> Response:
        try:
            return self._ways[path]()
        except FeedpubError as error:
            return error_page(
                503, f"How everything is cannot be told just now: {error}", RETRY_AFTER
            )

    def _status(self) -> Response:
        may_run = self._console.runs_feeds and self._console.admin_token() is not None
        page = status_page.render_status_page(self._console.status(), token_needed=may_run)
        return content_response(200, HTML, page, *page_headers(page.encode()))

    def _metrics(self) -> Response:
        return content_response(
            200, metrics.METRICS_TYPE, metrics.render_metrics(self._console.status())
        )

    def _healthz(self) -> Response:
        healthy, report = healthz.health_response(self._console.status(brief=True))
        return content_response(
            200 if healthy else 503, JSON, json.dumps(report, ensure_ascii=False)
        )
