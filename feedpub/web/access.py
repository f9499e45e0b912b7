"""Decide who may see how everything is: somebody on this machine, or somebody who knows the admin token.

Somebody on this machine connects from loopback or to a Unix socket, and names loopback or a listed host. A page of
another site that a browser on this machine shows names its own host (DNS rebinding). A reverse proxy on this machine
asks for others: it says so in a header, or it passes on the host that they asked for.
"""

import asyncio
import hmac
from collections.abc import Collection
from ipaddress import ip_address

from feedpub.web.console import Console
from feedpub.web.http import Request

GUESSING_SECONDS = 1.0  # that a wrong token costs
REASON = (
    "This is for somebody on the machine that feedpub runs on: ask it there, at 127.0.0.1 or localhost. If it has "
    'another name there, write that into the config: [http] hosts = ["name"]. From elsewhere, and through a proxy, '
    'send the token of the config, [http] admin_token, in a header: "Authorization: Bearer …".'
)
_FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")


async def is_allowed(request: Request, hosts: Collection[str], console: Console) -> bool:
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
    return await knows_token(given, await asyncio.to_thread(console.token))


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
    scheme, _, token = request.headers.get(b"authorization", b"").decode("utf-8", "replace").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def knows_token(given: str, token: str | None) -> bool:
    """Return True if a token is the right one; a wrong one takes a while."""
    if token is None:
        return False
    if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return True
    await asyncio.sleep(GUESSING_SECONDS)
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
