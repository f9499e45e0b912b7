"""Control the running service over HTTP: who may see its status, and who may run feeds.

A local client may see the status without a token. It connects from loopback or through a Unix
socket, and its Host header names loopback or a listed host. The Host header is checked because a
page of another site in a local browser could connect under its own name (DNS rebinding).

A reverse proxy on this machine sends requests for remote clients. It adds a header for that, or it
passes on the Host header of the client.
"""

import asyncio
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import parse_qs, quote

from feedpub.config import Config, resolve_secret
from feedpub.core.clock import utc_now
from feedpub.core.errors import FeedpubError
from feedpub.store import Store
from feedpub.web import status
from feedpub.web.error_pages import error_page, method_not_allowed
from feedpub.web.http import (
    JSON,
    BodyTooLargeError,
    Receive,
    Request,
    Response,
    content_response,
    read_body,
)
from feedpub.web.status import PAGE_FEEDS, Overview, ServiceStatus, StatusBoard

RUN_PATH = "/run"
WRONG_TOKEN_SECONDS = 1.0  # delay of the response, against guessing
_MAX_FORM_BYTES = 4096
FORBIDDEN_REASON = (
    "Only local clients may see this: request it on the machine that feedpub runs on, at "
    "127.0.0.1 or localhost. If the machine has another name, add it to the config: "
    '[http] hosts = ["name"]. A remote client, or one behind a proxy, has to send the token of '
    'the config, [http] admin_token, in a header: "Authorization: Bearer …".'
)
_RUN_DISABLED_REASON = (
    "Feeds cannot be run from here. This requires `feedpub run` and a token in its config: "
    '[http] admin_token = { env = "FEEDPUB_TOKEN" }'
)
_PROXY_HEADERS = frozenset(
    (
        b"forwarded",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
    )
)


class ServiceControl(Protocol):
    """The service that is controlled. Its methods may block and are called in threads.

    Attributes:
        runs_feeds: False if the process only serves files.
    """

    runs_feeds: bool

    @property
    def feed_names(self) -> Collection[str]:
        """Return the names of the config's feeds."""

    def overview(self, *, max_age_seconds: float = 0.0) -> Overview:
        """Return the health of all feeds.

        Args:
            max_age_seconds: The age of changes by other processes that may be missing.

        Raises:
            StoreError: The state cannot be read.
        """

    def details(self, feeds: Collection[str], *, brief: bool = False) -> ServiceStatus:
        """Return the status of some feeds, in their order.

        Args:
            feeds: Their names.
            brief: Load only what the health depends on.

        Raises:
            StoreError: The state cannot be read.
        """

    def live_entries(self) -> Mapping[str, tuple[int, int | None]]:
        """Return feed → the number of entries in its live document, and the newest one's date.

        The date is in seconds since 1970.

        Raises:
            StoreError: The state cannot be read.
        """

    def run_now(self, feed: str) -> bool:
        """Check all sources of a feed now; False if the feed is unknown, waits or runs."""

    def admin_token(self) -> str | None:
        """Return the token for running feeds and for remote access to the status.

        Returns:
            None if no token is configured.

        Raises:
            ConfigError: The token is not available.
        """


class ReadOnlyControl:
    """A process that only serves files. It reports the stored status and runs nothing.

    Attributes:
        board: The health of all feeds.
    """

    runs_feeds = False

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self.board = StatusBoard(config, store)

    @property
    def feed_names(self) -> Collection[str]:
        return self._config.feed.names

    def overview(self, *, max_age_seconds: float = 0.0) -> Overview:
        del max_age_seconds  # all changes are by other processes
        return self.board.overview(utc_now(), None, max_age_seconds=0.0)

    def details(self, feeds: Collection[str], *, brief: bool = False) -> ServiceStatus:
        now = utc_now()
        return status.collect_status(self._config, self._store, now, feeds=feeds, brief=brief)

    def live_entries(self) -> Mapping[str, tuple[int, int | None]]:
        return status.collect_live_entries(self._config, self._store, self.feed_names)

    def run_now(self, feed: str) -> bool:  # noqa: ARG002 -- it runs no feeds
        return False

    def admin_token(self) -> str | None:
        token = self._config.http.admin_token
        return resolve_secret(token) if token else None


async def is_allowed(request: Request, hosts: Collection[str], service: ServiceControl) -> bool:
    """Return True if a client may see the status.

    Args:
        request: The client's request.
        hosts: Names of this machine in addition to loopback's, in lower case.
        service: Provides the token.

    Raises:
        ConfigError: The token is not available.
    """
    if is_local(request, hosts):
        return True
    given = bearer_token(request)
    if not given:
        return False
    return await is_valid_token(given, await asyncio.to_thread(service.admin_token))


def is_local(request: Request, hosts: Collection[str]) -> bool:
    """Return True if a local client sends a request, for itself and to a name of this machine."""
    if not _PROXY_HEADERS.isdisjoint(request.headers):
        return False
    if request.client is not None and not _is_loopback(request.client):
        return False
    host = _parse_host(request.headers.get(b"host", b"").decode("latin-1"))
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return host in hosts or _is_loopback(host)


def bearer_token(request: Request) -> str:
    """Return the token of the Authorization header; "" without one."""
    header = request.headers.get(b"authorization", b"").decode("utf-8", "replace")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def is_valid_token(given: str, token: str | None) -> bool:
    """Return True if a token is correct. The result for a wrong one is delayed."""
    if token is None:
        return False
    if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return True
    await asyncio.sleep(WRONG_TOKEN_SECONDS)
    return False


def _parse_host(header: str) -> str:
    """Return the host of a Host header, in lower case, without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]  # an IPv6 address
    return host.partition(":")[0].removesuffix(".")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@dataclass(frozen=True, slots=True)
class _RunRequest:
    """A request to run a feed.

    Attributes:
        token: The token that the client sent.
        wants_json: The client is a program, not the status page.
    """

    feed: str
    token: str
    wants_json: bool


async def handle_run_request(
    request: Request, receive: Receive, service: ServiceControl
) -> Response:
    """Run a feed now if the request has the right token."""
    if request.method != "POST":
        return method_not_allowed("POST")
    try:
        run_request = _parse_run_request(request, await read_body(receive, _MAX_FORM_BYTES))
    except BodyTooLargeError:
        reason = f"The form is larger than {_MAX_FORM_BYTES} bytes."
        return error_page(413, reason, (b"connection", b"close"))
    try:
        token = await asyncio.to_thread(service.admin_token) if service.runs_feeds else None
        if token is None:
            return _run_response(run_request, 403, _RUN_DISABLED_REASON)
        if not await is_valid_token(run_request.token, token):
            return _run_response(run_request, 403, "The token is not the one in the config.")
        return await asyncio.to_thread(_start_run, run_request, service)
    except FeedpubError as error:
        return _run_response(run_request, 503, str(error))


def _parse_run_request(request: Request, body: bytes) -> _RunRequest:
    form = parse_qs(body.decode("utf-8", "replace"))
    bearer = bearer_token(request)
    feed, token = form.get("feed", [""])[0], form.get("token", [""])[0]
    return _RunRequest(feed, bearer or token, wants_json=bool(bearer))


def _start_run(run_request: _RunRequest, service: ServiceControl) -> Response:
    if run_request.feed not in service.feed_names:
        return _run_response(run_request, 404, "There is no feed of this name.")
    if not service.run_now(run_request.feed):
        return _run_response(run_request, 409, "This feed is already waiting or running.")
    if run_request.wants_json:
        return _run_response(run_request, 202, "The feed is running now.")
    name = quote(run_request.feed)
    location = f"status#{name}"
    if len(service.feed_names) > PAGE_FEEDS:  # the feed may be on any page
        location = f"status?q={name}#{name}"
    return Response(303, ((b"location", location.encode()), (b"content-length", b"0")))


def _run_response(run_request: _RunRequest, status: int, message: str) -> Response:
    if run_request.wants_json:
        body = json.dumps({"feed": run_request.feed, "message": message})
        return content_response(status, JSON, body)
    return error_page(status, message)
