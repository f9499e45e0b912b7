"""Run the HTTP server (uvicorn) in its own thread."""

import socket
import threading
from collections.abc import Sequence
from typing import Protocol

import uvicorn

from feedpub.web.http import Receive, Request, Response, Scope, Send
from feedpub.web.protocol import LimitedProtocol

_KEEP_ALIVE_SECONDS = 15


class App(Protocol):
    """An ASGI application that can answer some requests at once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request through the ASGI interface."""

    def try_fast(self, request: Request) -> Response | None:
        """Return a response that is available without waiting. Called in the event loop."""


class Server:
    """Serve an application until stopped. The caller handles signals.

    Args:
        app: The application.
        sockets: Listening sockets. They are closed at the end.
    """

    def __init__(self, app: App, sockets: Sequence[socket.socket]) -> None:
        self._switch = _SwitchableApp(app)
        self._sockets = list(sockets)
        self._config = uvicorn.Config(
            self._switch,
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
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._run, name="feedpub-http", daemon=True)

    @property
    def app(self) -> App:
        """Return the current application. It may be replaced at any time."""
        return self._switch.app

    @app.setter
    def app(self, app: App) -> None:
        self._switch.app = app

    @property
    def alive(self) -> bool:
        """Return True while the server's thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Accept no more requests, and wait up to `seconds` for responses in progress."""
        self._config.timeout_graceful_shutdown = max(0, int(seconds) - 1)
        self._server.should_exit = True
        self._thread.join(seconds)

    def _run(self) -> None:
        self._server.run(self._sockets)


class _SwitchableApp:
    """Forward to the current application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def try_fast(self, request: Request) -> Response | None:
        return self.app.try_fast(request)
