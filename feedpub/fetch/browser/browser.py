"""Render pages in a browser, one at a time.

The browser starts with the first page and stops with the last run that may need it. Playwright is
an optional dependency: it is imported when the first page is rendered.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from feedpub.core.errors import FetchError, ResourceLimitError
from feedpub.core.models import Page
from feedpub.fetch.browser.launch import (
    ChromiumProcess,
    RenderLimits,
    find_chromium,
    why_unavailable,
)
from feedpub.fetch.client import Fetcher, PageSession
from feedpub.fetch.request import RequestOptions

if TYPE_CHECKING:
    from feedpub.fetch.browser.loop import BrowserLoop

DEFAULT_LIMITS = RenderLimits()
_HTML_TYPES = ("", "text/html", "application/xhtml+xml")


class Browser:
    """A browser that only receives what the client fetches. Thread-safe. Starts when it is used.

    Args:
        program: the Chromium in the config; None for the installed one.
        limits: the limits of a page.
    """

    def __init__(self, program: Path | None = None, limits: RenderLimits = DEFAULT_LIMITS) -> None:
        self._program = program
        self._limits = limits
        self._render_lock = threading.Lock()  # one page at a time, each may take much memory
        self._users_lock = threading.Lock()
        self._users = 0
        self._loop: BrowserLoop | None = None

    @contextmanager
    def is_in_use(self) -> Iterator[None]:
        """Keep the browser running during the block; the last block to end stops it."""
        with self._users_lock:
            self._users += 1
        try:
            yield
        finally:
            with self._users_lock:
                self._users -= 1
                is_unused = self._users == 0
            if is_unused:
                self.close()

    def render(
        self, url: str, fetcher: Fetcher, options: RequestOptions, *, seconds: float
    ) -> Page:
        """Fetch a page and render it. A document that is not HTML is returned as fetched.

        Args:
            url: an http or https URL.
            fetcher: fetches the page and its subresources.
            options: headers and credentials to send.
            seconds: the time limit.

        Raises:
            FetchError: the page cannot be fetched, or there is no browser.
            ExtractError: the browser cannot render it.
            ResourceLimitError: the page exceeds a limit.
        """
        if reason := why_unavailable(self._program):
            raise FetchError(reason, url)
        session = fetcher.open_page(url, options=options)
        try:
            if session.page.content_type not in _HTML_TYPES:
                return session.page
            with self._render_lock:
                return self._render(session, seconds)
        finally:
            session.close()

    def close(self) -> None:
        """Stop the browser if it is running; the next page starts it again."""
        with self._render_lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _render(self, session: PageSession, seconds: float) -> Page:
        from feedpub.fetch.browser.loop import (  # noqa: PLC0415 -- playwright is optional
            BrowserLoop,
        )

        if self._loop is None or not self._loop.is_alive:
            self._stop()
            process = ChromiumProcess(find_chromium(self._program) or "", self._limits)
            self._loop = BrowserLoop(process, session.page.url)
        try:
            return self._loop.render(session, self._limits, seconds)
        except TimeoutError as error:
            self._stop(kill=True)
            reason = "rendered in the browser: the browser stopped responding"
            raise ResourceLimitError(reason, session.page.url) from error

    def _stop(self, *, kill: bool = False) -> None:
        loop, self._loop = self._loop, None
        if loop:
            loop.close(kill=kill)
