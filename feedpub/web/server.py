"""The server library in a thread of its own."""

import socket
import threading
from collections.abc import Sequence
from typing import Protocol

import uvicorn

from feedpub.web.http import Receive, Request, Response, Scope, Send
from feedpub.web.limits import LimitedProtocol

_IDLE_SECONDS = 15  # that a connection is kept open for another request


class App(Protocol):
    """What answers requests: a site, or whatever else is an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the server library wants it."""

    def try_fast(self, request: Request) -> Response | None:
        """The answer, where it can be had without waiting; in the event loop."""


class Server:
    """Serves a site until it is stopped. Signals are the caller's business.

    Args:
        site: what to serve.
        sockets: where; listening. They are closed at the end.

    Attributes:
        site: may be replaced at any time.
    """

    def __init__(self, site: App, sockets: Sequence[socket.socket]) -> None:
        self._app = _App(site)
        self._sockets = list(sockets)
        self._config = uvicorn.Config(
            self._app,
            http=LimitedProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
        )
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._run, name="feedpub-http", daemon=True)

    @property
    def app(self) -> App:
        return self._app.site

    @app.setter
    def app(self, site: App) -> None:
        self._app.site = site

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Take no more requests; wait so long for answers under way, and end."""
        self._config.timeout_graceful_shutdown = max(0, int(seconds) - 1)
        self._server.should_exit = True
        self._thread.join(seconds)

    def _run(self) -> None:
        self._server.run(self._sockets)


class _App:
    """What the server library calls: whichever site is in force."""

    def __init__(self, site: App) -> None:
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.site(scope, receive, send)

    def try_fast(self, request: Request) -> Response | None:
        return self.site.try_fast(request)
