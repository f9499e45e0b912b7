"""One page in the browser: its document goes in, its requests are answered, its DOM comes out.

It runs in the browser's event loop; what the gate takes time for runs in threads. Playwright's
errors become ours here.
"""

import asyncio
import logging
import time
from collections import Counter
from typing import Any

from playwright.async_api import Browser, BrowserContext, Error, Frame, Page, Request, Route

from feedpub.core.errors import ExtractError, FetchError, ResourceLimitError
from feedpub.core.log import fields
from feedpub.core.models import Page as Document
from feedpub.fetch.browser.launch import RenderLimits
from feedpub.fetch.browser.subresources import (
    EMPTY_PIXEL,
    RequestPolicy,
    answer_headers,
    may_read_response,
    request_headers,
    request_policy,
    same_origin,
)
from feedpub.fetch.client import Visit
from feedpub.fetch.response import Response

_log = logging.getLogger(__name__)

_LOOK = 0.1  # seconds between two looks at whether it is finished
_CLOSING = 5.0  # seconds for a tab to close
_STATE = "[document.readyState, document.getElementsByTagName('*').length, document.documentElement.innerHTML.length]"
# Without scripts, styles, and what is shown where there are no scripts; data in JSON stays. The
# copy is inert.
_DOM = """(() => {
  const copy = document.implementation.createHTMLDocument("").importNode(document.documentElement, true);
  for (const element of copy.querySelectorAll("script, noscript, style"))
    if (!/json/i.test(element.type || "")) element.remove();
  const html = "<!DOCTYPE html>\\n" + copy.outerHTML;
  return html.length > %d ? null : html;
})()"""


class PageRenderer:
    """One page on its way through the browser.

    Args:
        visit: the page, and the way to what it asks for.
        limits: what it may cost.
        seconds: that there are for it, at most those of the limits.
    """

    def __init__(self, visit: Visit, limits: RenderLimits, seconds: float) -> None:
        self._visit = visit
        self._limits = limits
        self._until = time.monotonic() + min(seconds, limits.seconds)
        self._page: Page | None = None
        self._world: int | None = None
        self._pending = 0
        self._asked = 0
        self._received = 0
        self._documents = 0
        self._refused: Counter[str] = Counter()
        self._crashed = asyncio.Event()

    async def render(self, browser: Browser) -> Document:
        """The page as its scripts have made it.

        Raises:
            ResourceLimitError: it hangs, crashes, or takes more than it may.
            ExtractError: it cannot be read off.
        """
        try:
            return await self._in_context(browser)
        except Error as error:
            raise ExtractError(
                f"the browser cannot show it: {error.message.splitlines()[0]}", self._url
            ) from error
        finally:
            self._tell()

    async def _in_context(self, browser: Browser) -> Document:
        """In a context of its own: what a page leaves behind ends with it."""
        context = await browser.new_context(
            service_workers="block",
            accept_downloads=False,
            viewport={"width": 1280, "height": 4000},
        )
        try:
            return await self._watched(context)
        finally:
            await asyncio.wait_for(context.close(), _CLOSING)

    async def _watched(self, context: BrowserContext) -> Document:
        """Whatever comes first: the page, its crash, or the end of its time."""
        work = asyncio.ensure_future(self._rendered(context))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            await asyncio.wait(
                {work, crash}, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED
            )
            if work.done():
                return work.result()
        finally:
            for task in (work, crash):
                task.cancel()
            await asyncio.wait({work, crash})
        if self._crashed.is_set():
            raise self._overrun(
                f"its scripts take more memory than the {self._limits.heap} MB that they may"
            )
        raise self._overrun(f"it was not finished within {self._limits.seconds:.3g} s")

    async def _rendered(self, context: BrowserContext) -> Document:
        page = self._page = await context.new_page()
        page.on("crash", lambda _: self._crashed.set())
        page.on("framenavigated", self._navigated)
        context.on("page", self._close_window)
        await context.route("**/*", self._answer)
        session = await context.new_cdp_session(page)
        await page.goto(self._url, wait_until="commit", timeout=self._left() * 1000)
        await self._settle(session)
        html = await self._evaluate(session, _DOM % self._limits.length)
        if html is None:
            raise self._overrun(
                f"its scripts made more than {self._limits.length} characters of it"
            )
        found = page.url.partition("#")[0]
        return Document(
            url=found if same_origin(found, self._url) else self._url,
            body=html.encode("utf-8", "replace"),
            content_type="text/html",
            charset="utf-8",
            expires=self._visit.page.expires,
        )

    async def _settle(self, session: Any) -> None:
        """Wait until nothing is under way and nothing changes.

        Not for ever: some pages count seconds.
        """
        end = min(time.monotonic() + self._limits.settle, self._until - _LOOK)
        state, since = None, time.monotonic()
        while time.monotonic() < end:
            now = await self._evaluate(session, _STATE)
            if self._pending or now != state or now[0] != "complete":
                state, since = now, time.monotonic()
            elif time.monotonic() - since >= self._limits.quiet:
                return
            await asyncio.sleep(_LOOK)

    async def _evaluate(self, session: Any, expression: str) -> Any:
        """The value of an expression in a world that shares the page's DOM, and none of its scripts' objects."""
        patience = min(self._limits.unresponsive, self._left())
        try:
            return await asyncio.wait_for(self._ask(session, expression), patience)
        except TimeoutError as error:
            raise self._overrun(
                f"its scripts ran for {patience:.3g} s without a pause: they hang"
            ) from error

    async def _ask(self, session: Any, expression: str) -> Any:
        while True:
            try:
                if self._world is None:
                    tree = await session.send("Page.getFrameTree")
                    frame = {"frameId": tree["frameTree"]["frame"]["id"]}
                    self._world = (await session.send("Page.createIsolatedWorld", frame))[
                        "executionContextId"
                    ]
                asked = {"expression": expression, "contextId": self._world, "returnByValue": True}
                return (await session.send("Runtime.evaluate", asked))["result"].get("value")
            except Error:  # it has just led on to another document
                if self._crashed.is_set() or self._left() <= 0:
                    raise
                self._world = None
                await asyncio.sleep(_LOOK)

    def _navigated(self, frame: Frame) -> None:
        if self._page and frame is self._page.main_frame:
            self._world = None

    async def _close_window(self, page: Page) -> None:
        if page is not self._page:
            await page.close()

    async def _answer(self, route: Route) -> None:
        """One request of the page."""
        self._pending += 1
        try:
            await self._answer_as(route, self._fate(route.request))
        except Error:
            self._refused["the page went on before they were answered"] += 1
        finally:
            self._pending -= 1

    def _fate(self, request: Request) -> RequestPolicy:
        try:
            main = self._page is not None and request.frame is self._page.main_frame
        except Error:  # of a window that is only just being opened
            main = False
        navigation = request.is_navigation_request()
        return request_policy(
            request.resource_type, request.method, request.url, main=main, navigation=navigation
        )

    async def _answer_as(self, route: Route, fate: RequestPolicy) -> None:
        match fate:
            case RequestPolicy.DOCUMENT if self._documents == 0:
                self._documents = 1
                own = self._visit.page
                charset = f"; charset={own.charset}" if own.charset else ""
                await route.fulfill(
                    body=own.body, content_type=(own.content_type or "text/html") + charset
                )
            case RequestPolicy.DOCUMENT | RequestPolicy.FETCHED:
                await self._answer_by_gate(route, document=fate is RequestPolicy.DOCUMENT)
            case RequestPolicy.PICTURE:
                await route.fulfill(body=EMPTY_PIXEL, content_type="image/gif")
            case RequestPolicy.STYLE:
                await route.fulfill(body="", content_type="text/css")
            case RequestPolicy.REFUSED:
                await self._refuse(
                    route, f"{route.request.method} requests of this kind are not made"
                )

    async def _answer_by_gate(self, route: Route, *, document: bool) -> None:
        request, limits = route.request, self._limits
        self._documents += document
        self._asked += 1
        if document and (
            self._documents > limits.documents or not same_origin(request.url, self._url)
        ):
            await self._refuse(route, "it leads on too far")
            return
        most = limits.received - self._received
        if self._asked > limits.requests or most <= 0:
            await self._refuse(
                route, f"more than {limits.requests} requests, or {limits.received} bytes"
            )
            return
        try:
            headers = request_headers(request.headers)
            answer, place = await asyncio.to_thread(
                self._visit.fetch_subresource, request.url, headers, left=self._left(), most=most
            )
        except FetchError as error:
            await self._refuse(route, error.reason, error.status)
            return
        self._received += len(answer.body)
        if self._is_kept_from(request, answer, place, document=document):
            await self._refuse(
                route, "another site's answer, which does not say that others may read it"
            )
            return
        await route.fulfill(
            status=answer.status, headers=answer_headers(answer.headers), body=answer.body
        )

    def _is_kept_from(
        self, request: Request, answer: Response, place: str, *, document: bool
    ) -> bool:
        """Whether an answer is none for this page's scripts."""
        if document:
            return not same_origin(self._url, place)
        return request.resource_type != "script" and not may_read_response(
            self._url, place, answer.headers
        )

    async def _refuse(self, route: Route, reason: str, status: int | None = None) -> None:
        self._refused[reason] += 1
        if route.request.is_navigation_request():
            await route.fulfill(status=204)  # the page stays, where an error would take its place
        elif status is None:
            await route.abort("accessdenied")
        else:
            await route.fulfill(status=status, body="")

    def _tell(self) -> None:
        _log.debug(
            "rendered",
            extra=fields(
                url=self._url,
                requests=self._asked,
                bytes=self._received,
                refused="; ".join(
                    f"{count} × {reason}" for reason, count in self._refused.most_common(5)
                )
                or None,
            ),
        )

    @property
    def _url(self) -> str:
        return self._visit.page.url

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.0)

    def _overrun(self, reason: str) -> ResourceLimitError:
        return ResourceLimitError(f"rendered in the browser: {reason}", self._url)
