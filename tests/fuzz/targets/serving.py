"""Fuzz the site: requests on a connection, and requests to the application."""

import asyncio
import gzip
from collections.abc import MutableMapping
from functools import cache
from typing import Any

import brotli  # type: ignore[import-untyped]
import uvicorn
from uvicorn.server import ServerState

from feedpub.web import FeedApp, FolderBackend
from feedpub.web.server import LimitedProtocol
from tests.fuzz.target import LINES, Target, fields
from tests.fuzz.targets.settings import folder
from tests.web.console import FakeControl

SECRET = b"nobody may read this"
FEED = b"<rss>" + b"News of the day. " * 50 + b"</rss>"
STATUSES = frozenset({200, 202, 204, 303, 304, 400, 403, 404, 405, 406, 409, 413, 503})


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _site() -> FeedApp:
    output = folder() / "feeds"
    (output / "world").mkdir(parents=True)
    for name in (
        "index.html",
        "feeds.opml",
        "world.rss",
        "world.html",
        "world-archive-2.json",
        "world/story.html",
    ):
        (output / name).write_bytes(FEED)
    for name in (
        "secret.rss",
        "feeds/.hidden.rss",
        "feeds/world/.hidden.html",
        "feeds/world.sqlite",
        "secret.html",
    ):
        (folder() / name).write_bytes(SECRET)
    (output / "linked.rss").symlink_to(folder() / "secret.rss")
    return FeedApp(
        FolderBackend(output),
        FakeControl(),
        ["https://hub.example.org/"],
        "https://feeds.example.org/",
    )


def application(data: bytes) -> None:
    """Answer a request: its method and path, its headers, its body."""
    head, lines, body = fields(data, 3)
    method, _, target = head.decode("latin-1").partition(" ")
    path, _, query = target.partition("?")
    pairs = [line.partition(b":") for line in lines.splitlines() if b":" in line]
    received = [(name.lower().strip(), value.strip()) for name, _, value in pairs]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    if method == "POST":  # the answer to a wrong token is delayed
        received = [(name, value) for name, value in received if name != b"authorization"]
        body = b"feed=world&token=open+sesame" if len(body) % 2 else b"x" * 5000
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": received,
    }
    _loop().run_until_complete(_site()(scope, receive, send))
    _check_answer(sent, method)


def _check_answer(sent: list[MutableMapping[str, Any]], method: str) -> None:
    start, *parts = sent
    assert start["status"] in STATUSES, start["status"]
    headers: dict[bytes, bytes] = dict(start["headers"])
    for name, value in start["headers"]:
        assert not set(b"\r\n\0") & set(name + value), (name, value)
    body = b"".join(bytes(part["body"]) for part in parts)
    assert parts, "an answer that does not end"
    assert not parts[-1]["more_body"]
    assert SECRET not in body
    if start["status"] != 200 or method == "HEAD":
        return
    coding = headers.get(b"content-encoding", b"identity")
    plain = {b"br": brotli.decompress, b"gzip": gzip.decompress, b"identity": bytes}[coding](body)
    assert SECRET not in plain
    assert int(headers[b"content-length"]) == len(body)


class _Transport(asyncio.Transport):
    """A transport that keeps the data written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 5), "sockname": ("192.0.2.2", 80)}.get(name, default)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@cache
def _config() -> uvicorn.Config:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await _site()(scope, receive, send)

    app.at_once = _site().try_fast  # type: ignore[attr-defined]
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
    )
    config.load()
    return config


def connection(data: bytes) -> None:
    """Send bytes on a connection; each field is a separate piece."""
    _loop().run_until_complete(_converse(data.split(b"\xff")))


async def _converse(pieces: list[bytes]) -> None:
    state = ServerState()
    protocol = LimitedProtocol(_config(), state, {}, _loop())
    transport = _Transport()
    protocol.connection_made(transport)
    for piece in pieces:
        if not transport.closed:
            protocol.data_received(piece)
            await asyncio.sleep(0)
    while state.tasks:
        await asyncio.wait([*state.tasks], timeout=0.01)
    protocol.connection_lost(None)
    assert SECRET not in transport.written
    assert transport.written.startswith(b"HTTP/1.1 ") or not transport.written
    assert b"HTTP/1.1 500" not in transport.written


TARGETS = (
    Target("requests", application, "http", LINES, 1000),
    Target("connections", connection, "http", LINES, 2000),
)
