"""How everything is, for people, for Prometheus and for supervisors."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from feedpub.errors import FeedpubError
from feedpub.web import healthz, metrics, status
from feedpub.web.console import Console
from feedpub.web.headers import of_page
from feedpub.web.http import HTML, JSON, Answer, content
from feedpub.web.refusals import RETRY, refusal

HOLDS = 1.0  # seconds for which a report that was made is good enough for the next who asks


class Reports:
    """The reports: made in another thread, once for all who ask within a second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = asyncio.Lock()
        self._made: dict[str, tuple[float, Answer]] = {}
        self._ways: Mapping[str, Callable[[], Answer]] = {
            "/status": self._status,
            "/metrics": self._metrics,
            "/healthz": self._healthz,
        }

    def __contains__(self, path: object) -> bool:
        return path in self._ways

    async def get(self, path: str) -> Answer:
        """The report at an address that has one."""
        async with self._lock:
            made = self._made.get(path)
            if made is None or time.monotonic() - made[0] > HOLDS:
                answer = await asyncio.to_thread(self._make, path)
                made = self._made[path] = (time.monotonic(), answer)
        return made[1]

    async def health(self) -> Answer:
        """Say whether all is well, and nothing else: for whoever may not see more."""
        status = (await self.get("/healthz")).status
        return content(status, JSON, json.dumps({"ok": status == HTTPStatus.OK}))

    def _make(self, path: str) -> Answer:
        try:
            return self._ways[path]()
        except FeedpubError as error:
            return refusal(503, f"How everything is cannot be told just now: {error}", RETRY)

    def _status(self) -> Answer:
        may_run = self._console.runs_feeds and self._console.token() is not None
        page = status.page(self._console.overview(), token_needed=may_run)
        return content(200, HTML, page, *of_page(page.encode()))

    def _metrics(self) -> Answer:
        return content(200, metrics.MEDIA_TYPE, metrics.text(self._console.overview()))

    def _healthz(self) -> Answer:
        healthy, report = healthz.report(self._console.overview(brief=True))
        return content(200 if healthy else 503, JSON, json.dumps(report, ensure_ascii=False))
