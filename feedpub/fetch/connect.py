"""Resolve a host once, check every address, and connect to a checked one.

There is no second lookup between check and connection, so DNS rebinding has no effect. No other
module resolves names or connects to other machines.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.fetch.ssrf import AddressPolicy

Resolver = Callable[[str, int], Sequence[str]]
Remaining = Callable[[], float]

_MAX_ADDRESSES = 8  # to try for one connection
_ADDRESS_TIMEOUT_SECONDS = 5.0  # while there are other addresses


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host in the system's order of preference.

    Raises:
        OSError: it has none, or the resolver does not answer.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections to allowed addresses.

    Attributes:
        policy: the addresses that are allowed.
        resolver: resolves a host and a port to addresses.
        exception: a host and a port with a policy of their own.
    """

    policy: AddressPolicy
    resolver: Resolver = resolve_host
    exception: tuple[str, int, AddressPolicy] | None = None

    def for_subresources(self, host: str, port: int, address: str) -> "Connector":
        """Return a connector for subresources: to public addresses and the page's own address.

        Private networks in the config are for URLs in the config, not for scripts of pages.
        """
        own = AddressPolicy.with_networks([address] if address else [])
        return Connector(AddressPolicy(), self.resolver, (host, port, own))

    def connect(
        self, host: str, port: int, remaining: Remaining, *, checked: bool = True
    ) -> socket.socket:
        """Connect to the first address of `host` that answers.

        Args:
            host: a name, or an address in any spelling that the resolver understands.
            port: of the server.
            remaining: returns the seconds that are left.
            checked: False only for a proxy in the config, which may have a private address.

        Raises:
            DisallowedError: one of its addresses is not public; then none is tried.
            FetchError: it does not resolve, or no address accepts the connection in time.
        """
        addresses = self._lookup(host, port, remaining())
        if checked:
            self._check(host, addresses, port)
        failures: list[str] = []
        tried = addresses[:_MAX_ADDRESSES]
        for number, address in enumerate(tried):
            untried = len(tried) - number
            seconds = remaining()
            if untried > 1:
                seconds = min(_ADDRESS_TIMEOUT_SECONDS, seconds / untried)
            try:
                return _open(address, port, seconds)
            except OSError as error:
                failures.append(f"{address}: {error.strerror or error}")
        raise FetchError(f"{host} cannot be reached on port {port} ({'; '.join(failures)})")

    def _lookup(self, host: str, port: int, seconds: float) -> list[str]:
        """Resolve in another thread, because the system's resolver has no timeout."""
        result: Future[Sequence[str]] = Future()
        threading.Thread(
            target=_resolve_into, args=(result, self.resolver, host, port), daemon=True
        ).start()
        try:
            addresses = list(dict.fromkeys(result.result(timeout=max(seconds, 0.0))))
        except TimeoutError as error:
            raise FetchError(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise FetchError(f"the name {host} does not resolve ({text})") from error
        if not addresses:
            raise FetchError(f"the name {host} has no address")
        return addresses

    def _check(self, host: str, addresses: Sequence[str], port: int) -> None:
        policy = self.policy
        if self.exception and self.exception[:2] == (host, port):
            policy = self.exception[2]
        for address in addresses:
            if reason := policy.reason_against(address, port):
                if host != address:
                    reason = f"{host} resolves to a forbidden address: {reason}"
                raise DisallowedError(reason)


def _resolve_into(
    result: "Future[Sequence[str]]", resolver: Resolver, host: str, port: int
) -> None:
    try:
        result.set_result(resolver(host, port))
    except Exception as error:  # noqa: BLE001 -- it is raised again in the waiting thread
        result.set_exception(error)


def _open(address: str, port: int, seconds: float) -> socket.socket:
    connection = socket.create_connection((address, port), timeout=max(seconds, 0.01))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
