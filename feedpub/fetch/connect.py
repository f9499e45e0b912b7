"""From a host's name to a connected socket: resolved once, every address checked, a checked address connected to.

There is no second look-up between check and connection, so a name that changes its answers (DNS
rebinding) gains nothing. No other module of feedpub resolves names or opens sockets to other
machines.
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

_MOST_ADDRESSES = 8  # tried for one connection
_PATIENCE = 5.0  # seconds for one address while there are others


def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses of a host in the system's order of preference.

    Raises:
        OSError: it has none, or nobody answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections, to allowed addresses only.

    Attributes:
        policy: which addresses are allowed.
        own: a host and a port with a policy of their own.
    """

    policy: AddressPolicy
    resolver: Resolver = resolve_host
    own: tuple[str, int, AddressPolicy] | None = None

    def for_subresources(self, host: str, port: int, address: str) -> "Connector":
        """For what a page asks for by itself: public addresses, and of the others only the one that it came from.

        What the config allows, it allows for what the config names, not for the scripts of whoever
        wrote a page.
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
            remaining: tells how many seconds are left.
            checked: False only for a proxy that the config names: it may stand on a private
                address.

        Raises:
            DisallowedError: one of its addresses is not a public one; then none is tried.
            FetchError: it does not resolve, or no address answers in time.
        """
        addresses = self._lookup(host, port, remaining())
        if checked:
            self._check(host, addresses, port)
        failures: list[str] = []
        tried = addresses[:_MOST_ADDRESSES]
        for left, address in zip(range(len(tried), 0, -1), tried, strict=True):
            patience = remaining() if left == 1 else min(_PATIENCE, remaining() / left)
            try:
                return _open(address, port, patience)
            except OSError as error:
                failures.append(f"{address}: {error.strerror or error}")
        raise FetchError(f"{host} cannot be reached on port {port} ({'; '.join(failures)})")

    def _lookup(self, host: str, port: int, seconds: float) -> list[str]:
        """Resolve in a thread of its own: the system's resolver knows no deadline."""
        answer: Future[Sequence[str]] = Future()
        threading.Thread(
            target=_deliver, args=(answer, self.resolver, host, port), daemon=True
        ).start()
        try:
            addresses = list(dict.fromkeys(answer.result(timeout=max(seconds, 0.0))))
        except TimeoutError as error:
            raise FetchError(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise FetchError(f"the name {host} does not resolve ({text})") from error
        if not addresses:
            raise FetchError(f"the name {host} has no address")
        return addresses

    def _check(self, host: str, addresses: Sequence[str], port: int) -> None:
        policy = self.own[2] if self.own and self.own[:2] == (host, port) else self.policy
        for address in addresses:
            if why := policy.reason_against(address, port):
                raise DisallowedError(
                    why if host == address else f"{host} leads to a forbidden address: {why}"
                )


def _deliver(answer: "Future[Sequence[str]]", resolver: Resolver, host: str, port: int) -> None:
    try:
        answer.set_result(resolver(host, port))
    except Exception as error:  # noqa: BLE001 -- it is raised again, in the thread that waits for it
        answer.set_exception(error)


def _open(address: str, port: int, seconds: float) -> socket.socket:
    connection = socket.create_connection((address, port), timeout=max(seconds, 0.01))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
