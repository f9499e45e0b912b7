"""Which address gets which answer: published files, and how everything is."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from feedpub.web import codings, files, headers
from feedpub.web.copies import Copies, Copy
from feedpub.web.files import Kind
from feedpub.web.http import Answer, Headers, Receive, Request, Scope, Send, message, not_allowed
from feedpub.web.validators import is_current

_READING = ("GET", "HEAD", "OPTIONS")
_log = logging.getLogger(__name__)


class Site:
    """What is served; an ASGI application.

    Args:
        output: the folder that the feeds are published in.
        console: tells how everything is; None where nothing runs but the site.
        hubs: WebSub hubs that are told of every change.
        base_url: where the folder is published, ending in a slash.
        next_runs: tells when each feed runs next; asked now and then, in a thread of its own.
    """

    def __init__(
        self,
        output: Path,
        console: object | None = None,
        hubs: Sequence[str] = (),
        base_url: str = "",
        next_runs: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        self._hubs = hubs
        self._base_url = base_url
        self._copies = Copies(output, self._describe)
        self._making: dict[tuple[str, str], asyncio.Task[Copy | None]] = {}

    def refresh(self, written: Iterable[str]) -> None:
        """Compress files that have just been written, before the first reader asks for them; from any thread."""
        for name in written:
            kind = files.kind_of(name)
            for coding in codings.OFFERED if kind and kind.compressed else ():
                if coding != codings.IDENTITY:
                    self._copies.make(name, coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request.of(scope)
        answer = await self._answer(request, receive)
        await answer.send(send, bodiless=request.method == "HEAD")

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        name = files.name_of(request.path)
        kind = files.kind_of(name) if name else None
        if name is None or kind is None:
            return message(404, "There is nothing under this address.")
        if request.method not in _READING:
            return not_allowed(*_READING)
        try:
            return await self._file(request, name, kind)
        except OSError:
            _log.exception("%s cannot be read", name)
            return message(503, "This cannot be read just now.", (b"retry-after", b"60"))

    async def _file(self, request: Request, name: str, kind: Kind) -> Answer:
        offered = codings.OFFERED if kind.compressed else (codings.IDENTITY,)
        coding = codings.chosen(request.headers.get(b"accept-encoding"), offered)
        signature = self._copies.signature(name)
        if signature is None:
            return message(404, "There is nothing under this address.")
        if request.method == "OPTIONS":
            return Answer(204, headers.preflight(", ".join(_READING).encode()))
        if coding is None:
            return message(406, f"This can be had in these codings: {', '.join(offered)}.")
        copy = self._copies.kept(name, coding, signature) or await self._make(name, coding)
        if copy is None:
            return message(404, "There is nothing under this address.")
        return self._found(request, name, copy)

    async def _make(self, name: str, coding: str) -> Copy | None:
        """Make a copy in another thread, once for all who ask for it meanwhile."""
        key = (name, coding)
        if key not in self._making:
            self._making[key] = asyncio.create_task(asyncio.to_thread(self._copies.make, name, coding))
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await self._making[key]

    def _found(self, request: Request, name: str, copy: Copy) -> Answer:
        age = headers.max_age(name, None)
        holding = (b"cache-control", f"public, max-age={age}".encode())
        none_match, since = (request.headers.get(key) for key in (b"if-none-match", b"if-modified-since"))
        if is_current(none_match, since, copy.etag, copy.modified):
            kept = tuple(header for header in copy.headers if header[0] in _OF_304)
            return Answer(304, (*kept, holding))
        return Answer(200, (*copy.headers, holding), copy.body)

    def _describe(self, name: str, content: bytes) -> Headers:
        kind = files.KINDS["." + name.rpartition(".")[2].lower()]
        vary = ((b"vary", b"Accept-Encoding"),) if kind.compressed else ()
        own = ((b"content-type", kind.media_type.encode()), (b"x-content-type-options", b"nosniff"))
        return (
            *own,
            *vary,
            *headers.by_role(kind, content),
            *headers.links(name, self._base_url, self._hubs),
        )


_OF_304 = frozenset({b"etag", b"last-modified", b"vary", b"access-control-allow-origin"})
