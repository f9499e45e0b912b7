"""Render one page: pass its document to the browser, answer its requests, and read its DOM.

This runs in the browser's event loop; requests of the client run in threads. Playwright's errors
are replaced by feedpub's here.
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
    may_read_response,
    request_headers,
    request_policy,
    response_headers,
    same_origin,
)
from feedpub.fetch.client import PageSession
from feedpub.fetch.response import Response

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 5.0
_STATE = """[
  document.readyState,
  document.getElementsByTagName('*').length,
  document.documentElement.innerHTML.length
]"""
# The DOM without scripts, styles and <noscript>; data in JSON stays. The copy is inert.
_DOM = """(() => {
  const inert = document.implementation.createHTMLDocument("");
  const copy = inert.importNode(document.documentElement, true);
  for (const element of copy.querySelectorAll("script, noscript, style"))
    if (!/json/i.test(element.type || "")) element.remove();
  const html = "<!DOCTYPE html>\\n" + copy.outerHTML;
  return html.length > %d ? null : html;
})()"""


class PageRenderer:
    """Renders one page.

    Args:
        session: the page, and the means to fetch its subresources.
        limits: the limits of the page.
        seconds: the time limit, if lower.
    """

    def __init__(self, session: PageSession, limits: RenderLimits, seconds: float) -> None:
        self._session = session
        self._limits = limits
        self._deadline = time.monotonic() + min(seconds, limits.seconds)
        self._page: Page | None = None
        self._world: int | None = None
        self._pending = 0
        self._requests = 0
        self._received_bytes = 0
        self._documents = 0
        self._refused: Counter[str] = Counter()
        self._crashed = asyncio.Event()

    async def render(self, browser: Browser) -> Document:
        """Render the page in a context of its own, so that nothing of it stays in the browser.

        Raises:
            ResourceLimitError: it hangs, crashes or exceeds a limit.
            ExtractError: its DOM cannot be read.
        """
        try:
            context = await browser.new_context(
                service_workers="block",
                accept_downloads=False,
                viewport={"width": 1280, "height": 4000},
            )
            try:
                return await self._render_until_crash(context)
            finally:
                await asyncio.wait_for(context.close(), _CLOSE_SECONDS)
        except Error as error:
            reason = f"the browser cannot render it: {error.message.splitlines()[0]}"
            raise ExtractError(reason, self._url) from error
        finally:
            self._log_rendered()

    async def _render_until_crash(self, context: BrowserContext) -> Document:
        """Return the page, unless it crashes or its time is up first."""
        work = asyncio.ensure_future(self._render(context))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            await asyncio.wait(
                {work, crash}, timeout=self._remaining(), return_when=asyncio.FIRST_COMPLETED
            )
            if work.done():
                return work.result()
        finally:
            for task in (work, crash):
                task.cancel()
            await asyncio.wait({work, crash})
        if self._crashed.is_set():
            raise self._limit_error(f"its scripts need more than {self._limits.heap} MB of memory")
        raise self._limit_error(f"it was not finished within {self._limits.seconds:.3g} s")

    async def _render(self, context: BrowserContext) -> Document:
        page = self._page = await context.new_page()
        page.on("crash", lambda _: self._crashed.set())
        page.on("framenavigated", self._on_navigation)
        context.on("page", self._close_window)
        await context.route("**/*", self._answer)
        session = await context.new_cdp_session(page)
        await page.goto(self._url, wait_until="commit", timeout=self._remaining() * 1000)
        await self._settle(session)
        html = await self._evaluate(session, _DOM % self._limits.length)
        if html is None:
            raise self._limit_error(f"its DOM has more than {self._limits.length} characters")
        url = page.url.partition("#")[0]
        return Document(
            url=url if same_origin(url, self._url) else self._url,
            body=html.encode("utf-8", "replace"),
            content_type="text/html",
            charset="utf-8",
            expires=self._session.page.expires,
        )

    async def _settle(self, session: Any) -> None:
        """Wait until there are no requests and no changes, up to a limit: some pages never rest."""
        end = min(time.monotonic() + self._limits.settle, self._deadline - _POLL_SECONDS)
        state, since = None, time.monotonic()
        while time.monotonic() < end:
            now = await self._evaluate(session, _STATE)
            if self._pending or now != state or now[0] != "complete":
                state, since = now, time.monotonic()
            elif time.monotonic() - since >= self._limits.quiet:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _evaluate(self, session: Any, expression: str) -> Any:
        """Evaluate an expression in a world with the page's DOM, but without its objects."""
        seconds = min(self._limits.unresponsive, self._remaining())
        try:
            return await asyncio.wait_for(self._send(session, expression), seconds)
        except TimeoutError as error:
            raise self._limit_error(
                f"its scripts ran for {seconds:.3g} s without a pause: they hang"
            ) from error

    async def _send(self, session: Any, expression: str) -> Any:
        while True:
            try:
                if self._world is None:
                    tree = await session.send("Page.getFrameTree")
                    frame = {"frameId": tree["frameTree"]["frame"]["id"]}
                    self._world = (await session.send("Page.createIsolatedWorld", frame))[
                        "executionContextId"
                    ]
                parameters = {
                    "expression": expression,
                    "contextId": self._world,
                    "returnByValue": True,
                }
                return (await session.send("Runtime.evaluate", parameters))["result"].get("value")
            except Error:  # the page has just navigated
                if self._crashed.is_set() or self._remaining() <= 0:
                    raise
                self._world = None
                await asyncio.sleep(_POLL_SECONDS)

    def _on_navigation(self, frame: Frame) -> None:
        if self._page and frame is self._page.main_frame:
            self._world = None

    async def _close_window(self, page: Page) -> None:
        if page is not self._page:
            await page.close()

    async def _answer(self, route: Route) -> None:
        """Answer one request of the page."""
        self._pending += 1
        try:
            await self._apply_policy(route, self._get_policy(route.request))
        except Error:
            self._refused["the page navigated before they were answered"] += 1
        finally:
            self._pending -= 1

    def _get_policy(self, request: Request) -> RequestPolicy:
        try:
            main = self._page is not None and request.frame is self._page.main_frame
        except Error:  # the request of a window that is being opened
            main = False
        navigation = request.is_navigation_request()
        return request_policy(
            request.resource_type, request.method, request.url, main=main, navigation=navigation
        )

    async def _apply_policy(self, route: Route, policy: RequestPolicy) -> None:
        match policy:
            case RequestPolicy.DOCUMENT if self._documents == 0:
                self._documents = 1
                page = self._session.page
                content_type = page.content_type or "text/html"
                if page.charset:
                    content_type += f"; charset={page.charset}"
                await route.fulfill(body=page.body, content_type=content_type)
            case RequestPolicy.DOCUMENT | RequestPolicy.FETCHED:
                await self._fetch(route, is_document=policy is RequestPolicy.DOCUMENT)
            case RequestPolicy.PICTURE:
                await route.fulfill(body=EMPTY_PIXEL, content_type="image/gif")
            case RequestPolicy.STYLE:
                await route.fulfill(body="", content_type="text/css")
            case RequestPolicy.REFUSED:
                reason = f"{route.request.method} requests of this kind are not made"
                await self._refuse(route, reason)

    async def _fetch(self, route: Route, *, is_document: bool) -> None:
        """Answer a request with the client."""
        request, limits = route.request, self._limits
        self._documents += is_document
        self._requests += 1
        if is_document:
            is_foreign = not same_origin(request.url, self._url)
            if is_foreign or self._documents > limits.documents:
                await self._refuse(route, "it navigates too far")
                return
        max_bytes = limits.received - self._received_bytes
        if self._requests > limits.requests or max_bytes <= 0:
            reason = f"more than {limits.requests} requests, or {limits.received} bytes"
            await self._refuse(route, reason)
            return
        try:
            response, url = await asyncio.to_thread(
                self._session.fetch_subresource,
                request.url,
                request_headers(request.headers),
                seconds=self._remaining(),
                max_bytes=max_bytes,
            )
        except FetchError as error:
            await self._refuse(route, error.reason, error.status)
            return
        self._received_bytes += len(response.body)
        if not self._may_read(request, response, url, is_document=is_document):
            await self._refuse(route, "a response of another site that does not allow others")
            return
        headers = response_headers(response.headers)
        await route.fulfill(status=response.status, headers=headers, body=response.body)

    def _may_read(
        self, request: Request, response: Response, url: str, *, is_document: bool
    ) -> bool:
        """Return True if the page may receive a response."""
        if is_document:
            return same_origin(self._url, url)
        if request.resource_type == "script":
            return True
        return may_read_response(self._url, url, response.headers)

    async def _refuse(self, route: Route, reason: str, status: int | None = None) -> None:
        self._refused[reason] += 1
        if route.request.is_navigation_request():
            await route.fulfill(status=204)  # an error would replace the page
        elif status is None:
            await route.abort("accessdenied")
        else:
            await route.fulfill(status=status, body="")

    def _log_rendered(self) -> None:
        refused = [f"{count} × {reason}" for reason, count in self._refused.most_common(5)]
        extra = fields(
            url=self._url,
            requests=self._requests,
            bytes=self._received_bytes,
            refused="; ".join(refused) or None,
        )
        _log.debug("rendered", extra=extra)

    @property
    def _url(self) -> str:
        return self._session.page.url

    def _remaining(self) -> float:
        return max(self._deadline - time.monotonic(), 0.0)

    def _limit_error(self, reason: str) -> ResourceLimitError:
        return ResourceLimitError(f"rendered in the browser: {reason}", self._url)
