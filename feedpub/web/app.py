"""Route requests: to published files, the manual, and the service's status and control."""

import asyncio
import logging
import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from feedpub.core.errors import FeedpubError, PublishError
from feedpub.publisher.names import PART_PATTERN, OutputFile, identify_file
from feedpub.web import control, headers, manual_pages, negotiation
from feedpub.web.backends import FileBackend, Signature
from feedpub.web.cache import CachedResponse, NextRunCache, ResponseCache
from feedpub.web.control import ServiceControl
from feedpub.web.error_pages import RETRY_AFTER, error_page, method_not_allowed
from feedpub.web.headers import READ_METHODS
from feedpub.web.http import Headers, Receive, Request, Response, Scope, Send
from feedpub.web.negotiation import is_not_modified
from feedpub.web.reports import StatusEndpoints

_log = logging.getLogger(__name__)

_NOT_FOUND = "There is nothing at this address."
_STATUS_METHODS = ("GET", "HEAD")


@lru_cache(maxsize=4096)
def published_name(path: str) -> OutputFile | None:
    """Return the published file that a path stands for, even if it does not exist.

    Args:
        path: Decoded path such as "/world.rss". "/" is the index page, "/world" a feed's page.

    Returns:
        None if no published file can have that path.
    """
    if not path.startswith("/"):
        return None
    name = path[1:] or "index.html"
    if "." not in posixpath.basename(name):
        name += ".html"
    if not all(PART_PATTERN.fullmatch(part) for part in name.split("/")):
        return None
    return identify_file(name)


@dataclass(frozen=True, slots=True)
class _FileRequest:
    """An existing file, and the coding in which the client gets it."""

    file: OutputFile
    coding: str
    signature: Signature


class FeedApp:
    """Serve feeds, status and control; an ASGI application.

    Args:
        backend: Reads the published files.
        service: The running service; None if there is no status to serve.
        websub_hubs: WebSub hubs that are notified of changes.
        base_url: URL of the output folder, with a trailing slash.
        load_plans: Returns when each feed runs next. Called in a separate thread.
        hosts: Names of this machine, in addition to loopback's, under which local clients may see
            the status.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and settings, all named
        self,
        backend: FileBackend,
        service: ServiceControl | None,
        websub_hubs: Sequence[str],
        base_url: str,
        load_plans: Callable[[], Mapping[str, datetime]] = dict,
        *,
        hosts: Collection[str] = (),
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._service = service
        self._endpoints = StatusEndpoints(service) if service else None
        self._websub_hubs = websub_hubs
        self._base_url = base_url
        self._next_runs = NextRunCache(load_plans)
        self._cache = ResponseCache(backend, self._make_headers)
        self._backend = backend
        self._builds: dict[tuple[str, str], asyncio.Task[CachedResponse | None]] = {}

    def refresh(self, written: Collection[str]) -> None:
        """Serve the new versions of files that this process has just written."""
        self._next_runs.invalidate()
        self._cache.note_written(written)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request through the ASGI interface."""
        client = scope.get("client")
        request = Request.from_scope(
            scope["method"],
            scope["path"],
            scope["headers"],
            client[0] if client else None,
            scope["query_string"],
        )
        response = await self._answer(request, receive)
        await response.send(send, bodiless=request.method == "HEAD")

    def try_fast(self, request: Request) -> Response | None:
        """Return a response that is available without waiting. Called in the event loop."""
        if self._is_service_path(request.path) or manual_pages.covers(request.path):
            return None
        if not (self._next_runs.is_fresh and self._backend.is_fresh):
            return None
        found = self._find_file(request)
        if isinstance(found, Response):
            return found
        cached = self._cache.lookup(found.file.name, found.coding, found.signature)
        return self._respond(request, found.file, cached) if cached else None

    async def _answer(self, request: Request, receive: Receive) -> Response:
        if self._service and self._endpoints and self._is_service_path(request.path):
            return await self._answer_service_request(
                request, receive, self._service, self._endpoints
            )
        if manual_pages.covers(request.path):
            return await asyncio.to_thread(manual_pages.respond, request)
        if not self._backend.is_fresh:
            try:
                await asyncio.to_thread(self._backend.refresh)
            except (OSError, PublishError):
                return _read_error(request)
        found = self._find_file(request)
        return found if isinstance(found, Response) else await self._serve(request, found)

    async def _answer_service_request(
        self,
        request: Request,
        receive: Receive,
        service: ServiceControl,
        endpoints: StatusEndpoints,
    ) -> Response:
        """Answer a request for status or control, if the client is allowed to send it."""
        if request.path == control.RUN_PATH and request.method == "POST":
            return await control.handle_run_request(request, receive, service)  # checks the token
        try:
            is_allowed = await control.is_allowed(request, self._hosts, service)
        except FeedpubError as error:
            return error_page(503, str(error))
        if not is_allowed:
            if request.path == "/healthz" and request.method in _STATUS_METHODS:
                return await endpoints.health()
            return error_page(403, control.FORBIDDEN_REASON)
        methods = ("POST",) if request.path == control.RUN_PATH else _STATUS_METHODS
        if request.method not in methods:
            return method_not_allowed(*methods)
        return await endpoints.get(request.path, request.query)

    async def _serve(self, request: Request, found: _FileRequest) -> Response:
        try:
            cached = self._cache.lookup(found.file.name, found.coding, found.signature)
            response = cached or await self._build(found)
        except (OSError, PublishError):
            return _read_error(request)
        await self._next_runs.refresh()
        if response is None:
            return error_page(404, _NOT_FOUND)
        return self._respond(request, found.file, response)

    def _is_service_path(self, path: str) -> bool:
        if self._endpoints is None:
            return False
        return path in self._endpoints or path == control.RUN_PATH

    def _find_file(self, request: Request) -> Response | _FileRequest:
        """Return the requested file, or a response if it cannot be served."""
        file = published_name(request.path)
        try:
            signature = self._cache.signature(file.name) if file else None
        except OSError:
            return _read_error(request)
        if file is None or signature is None:
            return error_page(404, _NOT_FOUND)
        if request.method not in READ_METHODS:
            return method_not_allowed(*READ_METHODS)
        if request.method == "OPTIONS":
            return Response(204, headers.PREFLIGHT_HEADERS)
        offered: tuple[str, ...] = (negotiation.IDENTITY_CODING,)
        if file.kind.compressed:
            offered = negotiation.OFFERED_CODINGS
        coding = negotiation.choose_coding(request.headers.get(b"accept-encoding"), offered)
        if coding is None:
            return error_page(406, f"Available content codings: {', '.join(offered)}.")
        return _FileRequest(file, coding, signature)

    async def _build(self, found: _FileRequest) -> CachedResponse | None:
        """Build a response in another thread, once for all concurrent requests."""
        key = (found.file.name, found.coding)
        if key not in self._builds:
            self._builds[key] = asyncio.create_task(
                asyncio.to_thread(self._cache.build, found.file, found.coding)
            )
            self._builds[key].add_done_callback(lambda _: self._builds.pop(key))
        return await self._builds[key]

    def _respond(self, request: Request, file: OutputFile, cached: CachedResponse) -> Response:
        age = headers.max_age(file, self._next_runs.seconds_until_run(file.feed))
        cache_control = (b"cache-control", f"public, max-age={age}".encode())
        none_match = request.headers.get(b"if-none-match")
        modified_since = request.headers.get(b"if-modified-since")
        if is_not_modified(none_match, modified_since, cached.etag, cached.modified):
            kept = [each for each in cached.headers if each[0] in headers.NOT_MODIFIED_HEADERS]
            return Response(304, (*kept, cache_control))
        return Response(200, (*cached.headers, cache_control), cached.body)

    def _make_headers(self, file: OutputFile, content: bytes) -> Headers:
        return headers.static_headers(file, content, self._base_url, self._websub_hubs)


def _read_error(request: Request) -> Response:
    """Log the current exception, and return an error page."""
    _log.exception("%s cannot be read", request.path)
    return error_page(503, "The file cannot be read at the moment.", RETRY_AFTER)
