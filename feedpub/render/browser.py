"""The browser as feedpub's threads see it: a page is asked for and comes, one after another.

It is started when the first page is asked for and ended with the last run that may want one. Playwright lives in an
event loop in a thread of its own, and is imported only there: few have it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from feedpub.errors import FetchError, OverrunError
from feedpub.fetch import Fetcher, RequestOptions, Visit
from feedpub.model import Page
from feedpub.render.found import chromium, missing
from feedpub.render.launch import Launch
from feedpub.render.limits import Limits

if TYPE_CHECKING:
    from feedpub.render.session import Session

_HTML = ("", "text/html", "application/xhtml+xml")
DEFAULTS = Limits()


class Browser:
    """A browser that reaches nothing but what a gate brings. Thread-safe; costs nothing until it is used.

    Args:
        program: the Chromium that the config names; None for the one that is installed.
        limits: what a page may cost.
    """

    def __init__(self, program: Path | None = None, limits: Limits = DEFAULTS) -> None:
        self._program = program
        self._limits = limits
        self._turn = threading.Lock()  # one page at a time: each may take much memory
        self._count = threading.Lock()
        self._users = 0
        self._session: Session | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
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

    def page(self, url: str, fetcher: Fetcher, options: RequestOptions, *, seconds: float) -> Page:
        """The page at an address, as its scripts make it; what is no HTML comes as it was fetched.

        Args:
            url: as the gate has it.
            fetcher: the gate for the page and all that it asks for.
            options: what else to send for it.
            seconds: that there are for it.

        Raises:
            FetchError: it cannot be had, or there is no browser.
            ExtractError: it was had, and the browser cannot show it; as OverrunError: it took too much.
        """
        if lacking := missing(self._program):
            raise FetchError(lacking, url)
        visit = fetcher.visit(url, options=options)
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
        if self._session is None or not self._session.alive:
            self._end()
            self._session = self._start(visit.page.url)
        try:
            return self._session.render(visit, self._limits, seconds)
        except TimeoutError as error:
            self._end(kill=True)
            raise OverrunError("rendered in the browser: it took the browser with it", visit.page.url) from error

    def _start(self, url: str) -> "Session":
        from feedpub.render.session import Session  # noqa: PLC0415 -- an extra that few have installed

        return Session(Launch(chromium(self._program) or "", self._limits), url)

    def _end(self, *, kill: bool = False) -> None:
        session, self._session = self._session, None
        if session:
            session.close(kill=kill)
