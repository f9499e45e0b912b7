"""Run Chromium with Playwright, in an event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import Error, Playwright, async_playwright

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch.browser.launch import ChromiumProcess, RenderLimits
from feedpub.fetch.browser.tab import PageRenderer
from feedpub.fetch.client import PageSession

T = TypeVar("T")

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_GRACE_SECONDS = 10.0  # after the time limit of a page


class BrowserLoop:
    """A running browser and its event loop.

    Args:
        process: the browser's process.
        url: the page that it is started for, for the error.

    Raises:
        FetchError: it does not start.
    """

    def __init__(self, process: ChromiumProcess, url: str) -> None:
        self._process = process
        self._playwright: Playwright | None = None
        self._browser: PlaywrightBrowser | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        try:
            self._wait_for(self._start(), _START_SECONDS)
        except (Error, OSError) as error:
            self.close(kill=True)
            lines = str(error).strip().splitlines() or [f"not within {_START_SECONDS:.0f} s"]
            advice = ""
            if "sandbox" in str(error).lower():
                advice = "; its sandbox needs user namespaces: see `feedpub help howto-javascript`"
            raise FetchError(f"the browser does not start: {lines[0]}{advice}", url) from error

    @property
    def is_alive(self) -> bool:
        """Return False if the browser has crashed or ended."""
        return self._browser is not None and self._browser.is_connected()

    def render(self, session: PageSession, limits: RenderLimits, seconds: float) -> Page:
        """Render a page.

        Raises:
            ExtractError: as in `PageRenderer.render`.
            TimeoutError: the browser itself hangs; close it.
        """
        assert self._browser is not None  # noqa: S101 -- it has started
        work = _render_page(self._browser, session, limits, seconds)
        return self._wait_for(work, limits.seconds + _GRACE_SECONDS)

    def close(self, *, kill: bool = False) -> None:
        """Stop the browser; with `kill`, or if it takes too long, kill it."""
        try:
            if self._browser and not kill:
                self._wait_for(self._browser.close(), _STOP_SECONDS)
        except (Error, TimeoutError):
            kill = True
        try:
            self._process.stop(kill=kill)
            if self._playwright:
                self._wait_for(self._playwright.stop(), _STOP_SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_STOP_SECONDS)
            if not self._thread.is_alive():
                self._loop.close()

    def _wait_for(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        finally:
            future.cancel()

    async def _start(self) -> None:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(**self._process.options)


async def _render_page(
    browser: PlaywrightBrowser, session: PageSession, limits: RenderLimits, seconds: float
) -> Page:
    # PageRenderer creates asyncio objects, so it is created in the event loop.
    return await PageRenderer(session, limits, seconds).render(browser)
