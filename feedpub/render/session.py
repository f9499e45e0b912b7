"""Playwright and one browser process, in an event loop that runs in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import Error, Playwright, async_playwright

from feedpub.errors import FetchError
from feedpub.fetch import Visit
from feedpub.model import Page
from feedpub.render.launch import Launch
from feedpub.render.limits import Limits
from feedpub.render.tab import Tab

T = TypeVar("T")

_STARTING = 30.0  # seconds
_ENDING = 5.0  # seconds
_GRACE = 10.0  # seconds over a page's own


class Session:
    """A running browser.

    Args:
        launch: how it is started.
        url: the page that it is started for, for the error.

    Raises:
        FetchError: it does not start.
    """

    def __init__(self, launch: Launch, url: str) -> None:
        self._launch = launch
        self._playwright: Playwright | None = None
        self._browser: PlaywrightBrowser | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        try:
            self._wait_for(self._start(), _STARTING)
        except (Error, OSError) as error:
            self.close(kill=True)
            why = str(error).strip().splitlines() or ["not within 30 s"]
            raise FetchError(f"the browser does not start: {why[0]}{_sandbox(str(error))}", url) from error

    @property
    def alive(self) -> bool:
        """False once the browser has ended by itself."""
        return self._browser is not None and self._browser.is_connected()

    def render(self, visit: Visit, limits: Limits, seconds: float) -> Page:
        """The page as its scripts make it.

        Raises:
            ExtractError: as `Tab.render`.
            TimeoutError: the browser itself hangs; close it.
        """
        assert self._browser is not None  # noqa: S101 -- it has started
        return self._wait_for(_rendered(self._browser, visit, limits, seconds), limits.seconds + _GRACE)

    def close(self, *, kill: bool = False) -> None:
        """End the browser; with `kill`, or where it takes too long, by force."""
        try:
            if self._browser and not kill:
                self._wait_for(self._browser.close(), _ENDING)
        except (Error, TimeoutError):
            kill = True
        try:
            self._launch.end(kill=kill)
            if self._playwright:
                self._wait_for(self._playwright.stop(), _ENDING)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_ENDING)
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
        self._browser = await self._playwright.chromium.launch(**self._launch.options)


async def _rendered(browser: PlaywrightBrowser, visit: Visit, limits: Limits, seconds: float) -> Page:
    return await Tab(visit, limits, seconds).render(browser)


def _sandbox(reason: str) -> str:
    """What to do where the system does not let it lock itself in."""
    if "sandbox" not in reason.lower():
        return ""
    return "; its sandbox needs user namespaces: allow them (README, Pages that need JavaScript)"
