"""Resolve a host once, check every address, and connect to a checked one.

There is no second lookup between check and connection, so DNS rebinding has no effect. No other
module resolves names or connects to other machines.
"""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.fetch.ssrf import AddressPolicy

Resolver = Callable[[str, int], Sequence[str]]
Remaining = Callable[[], float]

_MAX_ADDRESSES = 8  # to try for one connection
_ADDRESS_TIMEOUT_SECONDS = 5.0  # while there are other addresses
_MAX_IDLE_THREADS = 4  # that wait for names
_MAX_IDLE_SECONDS = 60.0


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
        """Resolve a name in another thread, because the system's resolver has no timeout."""
        try:
            if _is_address(host):
                found = self.resolver(host, port)
            else:
                lookup = _THREADS.start(self.resolver, host, port)
                found = lookup.result(timeout=max(seconds, 0.0))
        except TimeoutError as error:
            raise FetchError(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise FetchError(f"the name {host} does not resolve ({text})") from error
        if not found:
            raise FetchError(f"the name {host} has no address")
        return list(dict.fromkeys(found))

    def _check(self, host: str, addresses: Sequence[str], port: int) -> None:
        policy = self.policy
        if self.exception and self.exception[:2] == (host, port):
            policy = self.exception[2]
        for address in addresses:
            if reason := policy.reason_against(address, port):
                if host != address:
                    reason = f"{host} resolves to a forbidden address: {reason}"
                raise DisallowedError(reason)


def _is_address(host: str) -> bool:
    """Return True for an address as the system writes it, which the resolver need not look up."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except (OSError, UnicodeError):
        return False
    return True


class _LookupThreads:
    """Resolves names in threads that are used again. Thread-safe.

    A lookup gets an idle thread, or else a new one. A resolver that hangs keeps its thread to
    itself, and no other lookup waits for it.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)  # a fork has no threads

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None]]] = []  # of idle threads

    def start(self, resolver: Resolver, host: str, port: int) -> "Future[Sequence[str]]":
        """Start to resolve a host in another thread."""
        result: Future[Sequence[str]] = Future()
        lookup = partial(_resolve_into, result, resolver, host, port)
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            threading.Thread(
                target=self._run, args=(lookup,), name="fetch-lookup", daemon=True
            ).start()
        else:
            inbox.put(lookup)
        return result

    def _run(self, lookup: Callable[[], None] | None) -> None:
        inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        while lookup:
            lookup()
            lookup = self._wait_for_next(inbox)

    def _wait_for_next(self, inbox: "SimpleQueue[Callable[[], None]]") -> Callable[[], None] | None:
        """Return the next lookup; None if the thread is not needed any more."""
        with self._lock:
            if len(self._idle) >= _MAX_IDLE_THREADS:
                return None
            self._idle.append(inbox)
        try:
            return inbox.get(timeout=_MAX_IDLE_SECONDS)
        except Empty:
            with self._lock:
                if inbox in self._idle:
                    self._idle.remove(inbox)
                    return None
            return inbox.get()  # a lookup was just assigned to it


_THREADS = _LookupThreads()


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
