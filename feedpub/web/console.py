"""What the site asks of the process that it runs in, and the pages made from that."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from feedpub.errors import FeedpubError
from feedpub.overview import Overview
from feedpub.web import healthz, metrics, status
from feedpub.web.http import PAGE_HEADERS, Answer, content, message

_HOLDS = 1.0  # seconds for which a page that was made is good enough for the next who asks


class Console(Protocol):
    """The process that the site runs in. Its methods may take their time."""

    def overview(self) -> Overview:
        """How everything is now. Raises StoreError."""

    def run_now(self, feed: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""

    def token(self) -> str | None:
        """What must be known to have a feed run; None where nobody can. Raises ConfigError."""


class Pages:
    """The pages about how everything is: made in another thread, once for all who ask within a second."""

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
        """The page at an address that is one of these."""
        async with self._lock:
            made = self._made.get(path)
            if made is None or time.monotonic() - made[0] > _HOLDS:
                answer = await asyncio.to_thread(self._make, path)
                made = self._made[path] = (time.monotonic(), answer)
        return made[1]

    def _make(self, path: str) -> Answer:
        try:
            return self._ways[path]()
        except FeedpubError as error:
            return message(503, f"How everything is cannot be told just now: {error}", (b"retry-after", b"10"))

    def _status(self) -> Answer:
        page = status.page(self._console.overview(), token_needed=self._console.token() is not None)
        return content(200, "text/html", page, *PAGE_HEADERS)

    def _metrics(self) -> Answer:
        return content(200, "text/plain; version=0.0.4", metrics.text(self._console.overview()))

    def _healthz(self) -> Answer:
        healthy, report = healthz.report(self._console.overview())
        return content(200 if healthy else 503, "application/json", json.dumps(report, ensure_ascii=False))
