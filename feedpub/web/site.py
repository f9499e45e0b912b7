"""Which address gets which answer: published files, and how everything is."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedpub.errors import FeedpubError, PublishError
from feedpub.publisher.names import Published, by_name
from feedpub.store import Planned
from feedpub.web import access, codings, headers, manual_pages, names, orders
from feedpub.web.console import Console
from feedpub.web.copies import Copies, Copy
from feedpub.web.files import Shelf, Signature
from feedpub.web.headers import READING
from feedpub.web.http import Answer, Headers, Receive, Request, Scope, Send
from feedpub.web.refusals import RETRY, not_allowed, refusal
from feedpub.web.reports import Reports
from feedpub.web.upcoming import Upcoming
from feedpub.web.validators import is_current

_NOTHING = "There is nothing under this address."
_ASKING = ("GET", "HEAD")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that is there, and how it is wanted."""

    file: Published
    coding: str
    signature: Signature


class Site:
    """What is served; an ASGI application.

    Args:
        shelf: where the feeds lie.
        console: tells how everything is; None where nothing runs but the site.
        hubs: WebSub hubs that are told of every change.
        base_url: where the folder is published, ending in a slash.
        plans: tells when each feed runs next; asked now and then, in a thread of its own.
        hosts: names of this machine, besides loopback's, under which it may be asked how everything is.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and settings, all named
        self,
        shelf: Shelf,
        console: Console | None,
        hubs: Sequence[str],
        base_url: str,
        plans: Callable[[], Mapping[str, Planned]] = dict,
        *,
        hosts: Collection[str] = (),
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._console = console
        self._reports = Reports(console) if console else None
        self._hubs = hubs
        self._base_url = base_url
        self._upcoming = Upcoming(plans)
        self._copies = Copies(shelf, self._describe)
        self._shelf = shelf
        self._making: dict[tuple[str, str], asyncio.Task[Copy | None]] = {}

    def refresh(self, written: Iterable[str]) -> None:
        """Compress files that have just been written, before the first reader asks for them; in the caller's thread."""
        self._upcoming.look_again()
        for file in filter(None, map(by_name, written)):
            for coding in codings.COMPRESSED if file.kind.compressed else ():
                self._copies.make(file, coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the server library wants it."""
        client = scope.get("client")
        request = Request.of(scope["method"], scope["path"], scope["headers"], client[0] if client else None)
        answer = await self._answer(request, receive)
        await answer.send(send, bodiless=request.method == "HEAD")

    def at_once(self, request: Request) -> Answer | None:
        """The answer, where it can be had without waiting; in the event loop."""
        if self._is_dynamic(request.path) or manual_pages.covers(request.path):
            return None
        if not (self._upcoming.fresh and self._shelf.fresh):
            return None
        wanted = self._wanted(request)
        if isinstance(wanted, Answer):
            return wanted
        copy = self._copies.kept(wanted.file.name, wanted.coding, wanted.signature)
        return self._found(request, wanted.file, copy) if copy else None

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        if self._console and self._reports and self._is_dynamic(request.path):
            return await self._dynamic(request, receive, self._console, self._reports)
        if manual_pages.covers(request.path):
            return await asyncio.to_thread(manual_pages.respond, request)
        if not self._shelf.fresh:
            try:
                await asyncio.to_thread(self._shelf.catch_up)
            except (OSError, PublishError):
                return _unreadable(request)
        wanted = self._wanted(request)
        return wanted if isinstance(wanted, Answer) else await self._had(request, wanted)

    async def _dynamic(self, request: Request, receive: Receive, console: Console, reports: Reports) -> Answer:
        """Answer about the process itself, whoever may ask; feeds and pages are for everybody."""
        if request.path == orders.ADDRESS and request.method == "POST":
            return await orders.take(request, receive, console)  # the token decides
        try:
            allowed = await access.is_allowed(request, self._hosts, console)
        except FeedpubError as error:
            return refusal(503, str(error))
        if not allowed:
            is_health = request.path == "/healthz" and request.method in _ASKING
            return await reports.health() if is_health else refusal(403, access.REASON)
        if request.path == orders.ADDRESS:
            return not_allowed("POST")
        return await reports.get(request.path) if request.method in _ASKING else not_allowed(*_ASKING)

    async def _had(self, request: Request, wanted: _Wanted) -> Answer:
        try:
            copy = self._copies.kept(wanted.file.name, wanted.coding, wanted.signature) or await self._make(wanted)
        except (OSError, PublishError):
            return _unreadable(request)
        await self._upcoming.catch_up()
        return self._found(request, wanted.file, copy) if copy else refusal(404, _NOTHING)

    def _is_dynamic(self, path: str) -> bool:
        return self._reports is not None and (path in self._reports or path == orders.ADDRESS)

    def _wanted(self, request: Request) -> Answer | _Wanted:
        """What is asked for, or why it cannot be had."""
        file = names.published(request.path)
        try:
            signature = self._copies.signature(file.name) if file else None
        except OSError:
            return _unreadable(request)
        if file is None or signature is None:
            return refusal(404, _NOTHING)
        if request.method not in READING:
            return not_allowed(*READING)
        if request.method == "OPTIONS":
            return Answer(204, headers.PREFLIGHT)
        return _as_it_suits(request, file, signature)

    async def _make(self, wanted: _Wanted) -> Copy | None:
        """Make a copy in another thread, once for all who ask for it meanwhile."""
        key = (wanted.file.name, wanted.coding)
        if key not in self._making:
            self._making[key] = asyncio.create_task(asyncio.to_thread(self._copies.make, wanted.file, wanted.coding))
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await self._making[key]

    def _found(self, request: Request, file: Published, copy: Copy) -> Answer:
        age = headers.max_age(file, self._upcoming.seconds(file.feed))
        holds = (b"cache-control", f"public, max-age={age}".encode())
        asked = request.headers
        if is_current(asked.get(b"if-none-match"), asked.get(b"if-modified-since"), copy.etag, copy.modified):
            own = (header for header in copy.headers if header[0] in headers.OF_NOT_MODIFIED)
            return Answer(304, (*own, holds))
        return Answer(200, (*copy.headers, holds), copy.body)

    def _describe(self, file: Published, content: bytes) -> Headers:
        return headers.lasting(file, content, self._base_url, self._hubs)


def _unreadable(request: Request) -> Answer:
    """In place of what the disk or the bucket does not give; while that error is being handled."""
    _log.exception("%s cannot be read", request.path)
    return refusal(503, "This cannot be read just now.", RETRY)


def _as_it_suits(request: Request, file: Published, signature: Signature) -> Answer | _Wanted:
    offered = codings.OFFERED if file.kind.compressed else (codings.IDENTITY,)
    coding = codings.chosen(request.headers.get(b"accept-encoding"), offered)
    if coding is None:
        return refusal(406, f"This can be had in these codings: {', '.join(offered)}.")
    return _Wanted(file, coding, signature)
