"""Which addresses stand for published files: those of known kinds in the output, nothing else."""

import asyncio
import logging
import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedpub.core.errors import FeedpubError, PublishError
from feedpub.publisher.names import PART_PATTERN, OutputFile, file_type_of
from feedpub.store import ScheduledRun
from feedpub.web import control, headers, manual_pages, negotiation
from feedpub.web.backends import FileBackend, Signature
from feedpub.web.cache import CachedResponse, ResponseCache
from feedpub.web.control import ServiceControl
from feedpub.web.error_pages import RETRY_AFTER, error_page, method_not_allowed
from feedpub.web.headers import READ_METHODS
from feedpub.web.http import Headers, Receive, Request, Response, Scope, Send
from feedpub.web.negotiation import is_not_modified
from feedpub.web.next_runs import NextRunCache
from feedpub.web.reports import StatusEndpoints


@lru_cache(maxsize=4096)
def published_name(path: str) -> OutputFile | None:
    """The file that an address stands for, whether there is one or not; None where none can be meant.

    Args:
        path: decoded, as in "/world.rss"; "/" is the page of all feeds, "/world" that of one.
    """
    if not path.startswith("/"):
        return None
    name = path[1:] or "index.html"
    if "." not in posixpath.basename(name):
        name += ".html"
    if not all(PART_PATTERN.fullmatch(part) for part in name.split("/")):
        return None
    return file_type_of(name)


# SECTION: Which address gets which answer: published files, and how everything is.

_NOTHING = "There is nothing under this address."
_ASKING = ("GET", "HEAD")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that is there, and how it is wanted."""

    file: OutputFile
    coding: str
    signature: Signature


class FeedApp:
    """What is served; an ASGI application.

    Args:
        shelf: where the feeds lie.
        console: tells how everything is; None where nothing runs but the site.
        hubs: WebSub hubs that are told of every change.
        base_url: where the folder is published, ending in a slash.
        plans: tells when each feed runs next; asked now and then, in a thread of its own.
        hosts: names of this machine, besides loopback's, under which it may be asked how everything
            is.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and settings, all named
        self,
        shelf: FileBackend,
        console: ServiceControl | None,
        hubs: Sequence[str],
        base_url: str,
        plans: Callable[[], Mapping[str, ScheduledRun]] = dict,
        *,
        hosts: Collection[str] = (),
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._console = console
        self._reports = StatusEndpoints(console) if console else None
        self._hubs = hubs
        self._base_url = base_url
        self._upcoming = NextRunCache(plans)
        self._copies = ResponseCache(shelf, self._describe)
        self._shelf = shelf
        self._making: dict[tuple[str, str], asyncio.Task[CachedResponse | None]] = {}

    def refresh(self, written: Iterable[str]) -> None:
        """Compress files that have just been written, before the first reader asks for them.

        In the caller's thread.
        """
        self._upcoming.invalidate()
        for file in filter(None, map(file_type_of, written)):
            for coding in negotiation.COMPRESSIBLE_TYPES if file.kind.compressed else ():
                self._copies.build(file, coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the server library wants it."""
        client = scope.get("client")
        request = Request.from_scope(
            scope["method"], scope["path"], scope["headers"], client[0] if client else None
        )
        answer = await self._answer(request, receive)
        await answer.send(send, bodiless=request.method == "HEAD")

    def try_fast(self, request: Request) -> Response | None:
        """The answer, where it can be had without waiting; in the event loop."""
        if self._is_dynamic(request.path) or manual_pages.covers(request.path):
            return None
        if not (self._upcoming.is_fresh and self._shelf.is_fresh):
            return None
        wanted = self._wanted(request)
        if isinstance(wanted, Response):
            return wanted
        copy = self._copies.lookup(wanted.file.name, wanted.coding, wanted.signature)
        return self._respond(request, wanted.file, copy) if copy else None

    async def _answer(self, request: Request, receive: Receive) -> Response:
        if self._console and self._reports and self._is_dynamic(request.path):
            return await self._dynamic(request, receive, self._console, self._reports)
        if manual_pages.covers(request.path):
            return await asyncio.to_thread(manual_pages.respond, request)
        if not self._shelf.is_fresh:
            try:
                await asyncio.to_thread(self._shelf.refresh)
            except (OSError, PublishError):
                return _unreadable(request)
        wanted = self._wanted(request)
        return wanted if isinstance(wanted, Response) else await self._serve(request, wanted)

    async def _dynamic(
        self, request: Request, receive: Receive, console: ServiceControl, reports: StatusEndpoints
    ) -> Response:
        """Answer about the process itself, whoever may ask; feeds and pages are for everybody."""
        if request.path == control.RUN_PATH and request.method == "POST":
            return await control.handle_run_request(request, receive, console)  # the token decides
        try:
            allowed = await control.is_allowed(request, self._hosts, console)
        except FeedpubError as error:
            return error_page(503, str(error))
        if not allowed:
            is_health = request.path == "/healthz" and request.method in _ASKING
            return (
                await reports.health() if is_health else error_page(403, control.FORBIDDEN_REASON)
            )
        if request.path == control.RUN_PATH:
            return method_not_allowed("POST")
        return (
            await reports.get(request.path)
            if request.method in _ASKING
            else method_not_allowed(*_ASKING)
        )

    async def _serve(self, request: Request, wanted: _Wanted) -> Response:
        try:
            copy = self._copies.lookup(
                wanted.file.name, wanted.coding, wanted.signature
            ) or await self._make(wanted)
        except (OSError, PublishError):
            return _unreadable(request)
        await self._upcoming.refresh()
        return self._respond(request, wanted.file, copy) if copy else error_page(404, _NOTHING)

    def _is_dynamic(self, path: str) -> bool:
        return self._reports is not None and (path in self._reports or path == control.RUN_PATH)

    def _wanted(self, request: Request) -> Response | _Wanted:
        """What is asked for, or why it cannot be had."""
        file = published_name(request.path)
        try:
            signature = self._copies.signature(file.name) if file else None
        except OSError:
            return _unreadable(request)
        if file is None or signature is None:
            return error_page(404, _NOTHING)
        if request.method not in READ_METHODS:
            return method_not_allowed(*READ_METHODS)
        if request.method == "OPTIONS":
            return Response(204, headers.PREFLIGHT_HEADERS)
        return _as_it_suits(request, file, signature)

    async def _make(self, wanted: _Wanted) -> CachedResponse | None:
        """Make a copy in another thread, once for all who ask for it meanwhile."""
        key = (wanted.file.name, wanted.coding)
        if key not in self._making:
            self._making[key] = asyncio.create_task(
                asyncio.to_thread(self._copies.build, wanted.file, wanted.coding)
            )
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await self._making[key]

    def _respond(self, request: Request, file: OutputFile, copy: CachedResponse) -> Response:
        age = headers.max_age(file, self._upcoming.seconds_until_run(file.feed))
        holds = (b"cache-control", f"public, max-age={age}".encode())
        asked = request.headers
        if is_not_modified(
            asked.get(b"if-none-match"), asked.get(b"if-modified-since"), copy.etag, copy.modified
        ):
            own = (header for header in copy.headers if header[0] in headers.NOT_MODIFIED_HEADERS)
            return Response(304, (*own, holds))
        return Response(200, (*copy.headers, holds), copy.body)

    def _describe(self, file: OutputFile, content: bytes) -> Headers:
        return headers.static_headers(file, content, self._base_url, self._hubs)


def _unreadable(request: Request) -> Response:
    """In place of what the disk or the bucket does not give; while that error is being handled."""
    _log.exception("%s cannot be read", request.path)
    return error_page(503, "This cannot be read just now.", RETRY_AFTER)


def _as_it_suits(request: Request, file: OutputFile, signature: Signature) -> Response | _Wanted:
    offered = (
        negotiation.OFFERED_CODINGS if file.kind.compressed else (negotiation.IDENTITY_CODING,)
    )
    coding = negotiation.choose_coding(request.headers.get(b"accept-encoding"), offered)
    if coding is None:
        return error_page(406, f"This can be had in these codings: {', '.join(offered)}.")
    return _Wanted(file, coding, signature)
