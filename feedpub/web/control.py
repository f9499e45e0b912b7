"""What the site asks of the process that it runs in."""

import asyncio
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import parse_qs, quote

from feedpub.config import Config, resolve_secret
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
from feedpub.web.status import ServiceStatus


class ServiceControl(Protocol):
    """The process that the site runs in. Its methods may take their time; they are called in threads.

    Attributes:
        runs_feeds: False if it only publishes.
    """

    runs_feeds: bool

    def status(self, *, brief: bool = False) -> ServiceStatus:
        """How everything is now.

        Or only as much as shows whether all is well. Raises StoreError.
        """

    def run_now(self, feed: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""

    def admin_token(self) -> str | None:
        """What must be known to have a feed run, and to ask from elsewhere.

        None if nobody can. Raises ConfigError.
        """


@dataclass(frozen=True, slots=True)
class ReadOnlyControl:
    """A process that only publishes.

    It tells how everything was when others last looked, and runs nothing.
    """

    config: Config
    store: Store
    runs_feeds = False

    def status(self, *, brief: bool = False) -> ServiceStatus:
        return status.collect_status(self.config, self.store, datetime.now(UTC), brief=brief)

    def run_now(self, feed: str) -> bool:  # noqa: ARG002 -- none can
        return False

    def admin_token(self) -> str | None:
        token = self.config.http.admin_token
        return resolve_secret(token) if token else None


# SECTION: Decide who may see how everything is: somebody on this machine, or somebody who knows
# the admin token.
#
# Somebody on this machine connects from loopback or to a Unix socket, and names loopback or a
# listed host. A page of
# another site that a browser on this machine shows names its own host (DNS rebinding). A reverse
# proxy on this machine
# asks for others: it says so in a header, or it passes on the host that they asked for.

WRONG_TOKEN_SECONDS = 1.0  # that a wrong token costs
FORBIDDEN_REASON = (
    "This is for somebody on the machine that feedpub runs on: ask it there, at 127.0.0.1 or localhost. If it has "
    'another name there, write that into the config: [http] hosts = ["name"]. From elsewhere, and through a proxy, '
    'send the token of the config, [http] admin_token, in a header: "Authorization: Bearer …".'
)
_FORWARDED = (
    b"forwarded",
    b"via",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-real-ip",
)


async def is_allowed(request: Request, hosts: Collection[str], console: ServiceControl) -> bool:
    """Return True if a client may see how everything is.

    Args:
        request: the client's.
        hosts: names of this machine besides loopback's, in lower case.
        console: knows the token.

    Raises:
        ConfigError: the token cannot be had.
    """
    if is_local(request, hosts):
        return True
    given = bearer_token(request)
    if not given:
        return False
    return await knows_token(given, await asyncio.to_thread(console.admin_token))


def is_local(request: Request, hosts: Collection[str]) -> bool:
    """Return True if somebody on this machine asks, under a name of this machine, and for nobody else."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    if request.client is not None and not _is_loopback(request.client):
        return False
    host = _host_of(request.headers.get(b"host", b"").decode("latin-1"))
    return host == "localhost" or host.endswith(".localhost") or host in hosts or _is_loopback(host)


def bearer_token(request: Request) -> str:
    """Return the token that a program sends in a header; "" without one."""
    scheme, _, token = (
        request.headers.get(b"authorization", b"").decode("utf-8", "replace").partition(" ")
    )
    return token.strip() if scheme.lower() == "bearer" else ""


async def knows_token(given: str, token: str | None) -> bool:
    """Return True if a token is the right one; a wrong one takes a while."""
    if token is None:
        return False
    if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return True
    await asyncio.sleep(WRONG_TOKEN_SECONDS)
    return False


def _host_of(header: str) -> str:
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


# SECTION: Run now: somebody who knows the token has a feed looked at, from the status page or
# from a program.

RUN_PATH = "/run"
_MOST = 4096  # bytes of a form
_NOBODY = (
    "Nobody can have feeds run from here. That takes `feedpub run`, with a token in its config: "
    '[http] admin_token = { env = "FEEDPUB_TOKEN" }'
)


@dataclass(frozen=True, slots=True)
class _Order:
    """Which feed is to run.

    Attributes:
        given: the token that came with it.
        program: it comes from a program, which wants no page.
    """

    feed: str
    given: str
    program: bool


async def handle_run_request(
    request: Request, receive: Receive, console: ServiceControl
) -> Response:
    """Have a feed run, if whoever asks for it knows the token."""
    if request.method != "POST":
        return method_not_allowed("POST")
    try:
        order = _read(request, await read_body(receive, _MOST))
    except BodyTooLargeError:
        return error_page(413, f"The form is larger than {_MOST} bytes.", (b"connection", b"close"))
    try:
        return await _judged(order, console)
    except FeedpubError as error:
        return _told(order, 503, str(error))


async def _judged(order: _Order, console: ServiceControl) -> Response:
    token = await asyncio.to_thread(console.admin_token) if console.runs_feeds else None
    if token is None:
        return _told(order, 403, _NOBODY)
    if not await knows_token(order.given, token):
        return _told(order, 403, "This is not the token that stands in the config.")
    return await asyncio.to_thread(_run, order, console)


def _read(request: Request, body: bytes) -> _Order:
    form = parse_qs(body.decode("utf-8", "replace"))
    bearer = bearer_token(request)
    feed, token = (form.get(field, [""])[0] for field in ("feed", "token"))
    return _Order(feed, bearer or token, bool(bearer))


def _run(order: _Order, console: ServiceControl) -> Response:
    if order.feed not in {feed.name for feed in console.status().feeds}:
        return _told(order, 404, "No feed has this name.")
    if not console.run_now(order.feed):
        return _told(order, 409, "This feed is being looked at already.")
    if order.program:
        return _told(order, 202, "The feed is looked at now.")
    return Response(
        303, ((b"location", f"status#{quote(order.feed)}".encode()), (b"content-length", b"0"))
    )


def _told(order: _Order, status: int, text: str) -> Response:
    if order.program:
        return content_response(status, JSON, json.dumps({"feed": order.feed, "message": text}))
    return error_page(status, text)
