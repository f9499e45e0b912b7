"""Playwright and one browser process, in an event loop that runs in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import Error, Playwright, async_playwright

from feedpub.core.errors import FetchError, ResourceLimitError
from feedpub.core.models import Page
from feedpub.fetch.browser.launch import (
    ChromiumProcess,
    RenderLimits,
    find_chromium,
    why_unavailable,
)
from feedpub.fetch.browser.tab import PageRenderer
from feedpub.fetch.client import Fetcher, Visit
from feedpub.fetch.request import RequestOptions

T = TypeVar("T")

_STARTING = 30.0  # seconds
_ENDING = 5.0  # seconds
_GRACE = 10.0  # seconds over a page's own


class BrowserLoop:
    """A running browser.

    Args:
        launch: how it is started.
        url: the page that it is started for, for the error.

    Raises:
        FetchError: it does not start.
    """

    def __init__(self, launch: ChromiumProcess, url: str) -> None:
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
            raise FetchError(
                f"the browser does not start: {why[0]}{_sandbox(str(error))}", url
            ) from error

    @property
    def is_alive(self) -> bool:
        """False once the browser has ended by itself."""
        return self._browser is not None and self._browser.is_connected()

    def render(self, visit: Visit, limits: RenderLimits, seconds: float) -> Page:
        """The page as its scripts make it.

        Raises:
            ExtractError: as `Tab.render`.
            TimeoutError: the browser itself hangs; close it.
        """
        assert self._browser is not None  # noqa: S101 -- it has started
        return self._wait_for(
            _rendered(self._browser, visit, limits, seconds), limits.seconds + _GRACE
        )

    def close(self, *, kill: bool = False) -> None:
        """End the browser; with `kill`, or where it takes too long, by force."""
        try:
            if self._browser and not kill:
                self._wait_for(self._browser.close(), _ENDING)
        except (Error, TimeoutError):
            kill = True
        try:
            self._launch.stop(kill=kill)
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


async def _rendered(
    browser: PlaywrightBrowser, visit: Visit, limits: RenderLimits, seconds: float
) -> Page:
    return await PageRenderer(visit, limits, seconds).render(browser)


def _sandbox(reason: str) -> str:
    """What to do where the system does not let it lock itself in."""
    if "sandbox" not in reason.lower():
        return ""
    return "; its sandbox needs user namespaces: allow them (README, Pages that need JavaScript)"


# SECTION: The browser as feedpub's threads see it: a page is asked for and comes, one after
# another.
#
# It is started when the first page is asked for and ended with the last run that may want one.
# Playwright lives in an
# event loop in a thread of its own, and is imported only there: few have it.

if TYPE_CHECKING:
    pass

_HTML = ("", "text/html", "application/xhtml+xml")
DEFAULTS = RenderLimits()


class Browser:
    """A browser that reaches nothing but what a gate brings. Thread-safe; costs nothing until it is used.

    Args:
        program: the Chromium that the config names; None for the one that is installed.
        limits: what a page may cost.
    """

    def __init__(self, program: Path | None = None, limits: RenderLimits = DEFAULTS) -> None:
        self._program = program
        self._limits = limits
        self._turn = threading.Lock()  # one page at a time: each may take much memory
        self._count = threading.Lock()
        self._users = 0
        self._session: BrowserLoop | None = None

    @contextmanager
    def is_in_use(self) -> Iterator[None]:
        """Keep a browser that was started until the block is over; the last one ends it."""
        with self._count:
            self._users += 1
        try:
            yield
        finally:
            with self._count:
                self._users -= 1
                unused = self._users == 0
            if unused:
                self.close()

    def render(
        self, url: str, fetcher: Fetcher, options: RequestOptions, *, seconds: float
    ) -> Page:
        """The page at an address, as its scripts make it; what is no HTML comes as it was fetched.

        Args:
            url: as the gate has it.
            fetcher: the gate for the page and all that it asks for.
            options: what else to send for it.
            seconds: that there are for it.

        Raises:
            FetchError: it cannot be had, or there is no browser.
            ExtractError: it was had, and the browser cannot show it; as ResourceLimitError: it took too
                much.
        """
        if lacking := why_unavailable(self._program):
            raise FetchError(lacking, url)
        visit = fetcher.open_page(url, options=options)
        try:
            if visit.page.content_type not in _HTML:
                return visit.page
            with self._turn:
                return self._rendered(visit, seconds)
        finally:
            visit.close()

    def close(self) -> None:
        """End the browser, if there is one; the next page starts another."""
        with self._turn:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rendered(self, visit: Visit, seconds: float) -> Page:
        if self._session is None or not self._session.is_alive:
            self._end()
            self._session = self._start(visit.page.url)
        try:
            return self._session.render(visit, self._limits, seconds)
        except TimeoutError as error:
            self._end(kill=True)
            raise ResourceLimitError(
                "rendered in the browser: it took the browser with it", visit.page.url
            ) from error

    def _start(self, url: str) -> "BrowserLoop":

        return BrowserLoop(ChromiumProcess(find_chromium(self._program) or "", self._limits), url)

    def _end(self, *, kill: bool = False) -> None:
        session, self._session = self._session, None
        if session:
            session.close(kill=kill)
