"""One browser for all tests of a process, and a client that reaches the site under test."""

import socket
import threading
from collections.abc import Iterator

import pytest

from feedpub.fetch import Fetcher
from feedpub.fetch.browser import Browser, RenderLimits, why_unavailable

LIMITS = RenderLimits(
    seconds=8,
    unresponsive=4,
    settle=2,
    quiet=0.2,
    heap=64,
    memory=1024,
    requests=20,
    length=500_000,
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a real browser with short time limits."""
    if lacking := why_unavailable(None):
        pytest.skip(lacking)
    with Browser(limits=LIMITS) as running, running.is_in_use():  # or every run would end it
        yield running


@pytest.fixture
def gate() -> Iterator[Fetcher]:
    with Fetcher(delay=0, allow_private=["127.0.0.0/8"]) as fetcher:
        yield fetcher


class Listener:
    """A port that counts every connection and every datagram."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [
            threading.Thread(target=self._accept),
            threading.Thread(target=self._receive),
        ]
        for thread in self._threads:
            thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            with connection:
                connection.settimeout(1)
                received = connection.recv(100)
            if received == b"the end":
                return
            self.arrived.append(f"tcp {received!r}")

    def _receive(self) -> None:
        while (received := self._udp.recv(2000)) != b"the end":
            self.arrived.append(f"udp {received[:20]!r}")

    def stop(self) -> None:
        """Stop listening; everything that arrived before is counted."""
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"the end")
        self._udp.sendto(b"the end", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    try:
        yield running
    finally:
        if not running._tcp._closed:  # type: ignore[attr-defined]
            running.stop()
