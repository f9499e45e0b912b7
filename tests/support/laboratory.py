"""A network in Linux namespaces, in which every internet address is this machine, and listens.

The real resolver queries a real DNS server, and the default rules apply with nothing allowed.
Connections to public and private addresses are real. The laboratory counts the bytes that each
address received. No packet leaves the machine.

`python -m tests.support.laboratory` is the inside: it reads one order per line as JSON, and writes
one report per line.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, WebhookClient
from tests.support.dns import Answer, NameServer, resolver_config, running_name_server

RESOLVER = "127.0.0.53"
WEB, MAIL = 80, 25
_LAST = "198.18.255.255"  # a connection to it waits for earlier ones
_SECRET = "<title>Within</title><p>What must not be read from outside.</p>"
_ENTER = ("unshare", "--map-root-user", "--net", "--mount", "--fork", "--kill-child")
_SETUP = """
set -e
ip link set lo up
ip -4 route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
shift
exec "$@"
"""


@dataclass(frozen=True)
class Report:
    """The result of an order.

    Attributes:
        outcomes: One for each URL: "page", or the error's kind and reason.
        reached: Address, with a port other than the web's → bytes that it received, or -1 for a
            connection without data. The resolver is left out.
        queried_names: The names that the DNS server was queried for.
        seconds: The duration.
        output: The output of a command.
    """

    outcomes: list[str] = field(default_factory=list)
    reached: dict[str, int] = field(default_factory=dict)
    queried_names: list[str] = field(default_factory=list)
    seconds: float = 0.0
    output: str = ""


class IsolatedNetwork:
    """The outside: sends orders and reads reports."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def add(
        self, *, names: Mapping[str, Sequence[Answer]] = {}, pages: Mapping[str, str] = {}
    ) -> None:
        """Add DNS names, and pages by host and path ("news.example/rss"), served at every address.

        A page "=> URL" is a redirect, as is "/to?" with the URL in hexadecimal digits on every
        host.
        """
        self._order(names=dict(names), pages=dict(pages))

    def get(self, *urls: str, seconds: float = 10.0, allow: Sequence[str] = ()) -> Report:
        """Fetch URLs with one HTTP client that allows private networks only if in `allow`."""
        return self._order(urls=urls, seconds=seconds, allow=allow)

    def post(self, *urls: str, allow: Sequence[str] | None = None) -> Report:
        """Send a request to URLs.

        `allow=None` has the rules of webhooks, a list those of hubs.
        """
        return self._order(post=urls, allow=allow)

    def run_feedpub(self, *arguments: str, config: Path) -> Report:
        """Run feedpub on a config."""
        return self._order(command=arguments, config=str(config))

    def _order(self, **order: Any) -> Report:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the laboratory has burnt down")
        return Report(**json.loads(line))


@contextmanager
def isolated_network() -> Iterator[IsolatedNetwork]:
    """Run a laboratory. Skip the calling test if the system does not allow namespaces."""
    _needs_namespaces()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "resolv.conf").write_text(resolver_config(RESOLVER))
        Path(folder, "nsswitch.conf").write_text("hosts: files dns\n")
        inside = [sys.executable, "-m", "tests.support.laboratory"]
        process = subprocess.Popen(  # noqa: S603 -- our own words
            [*_ENTER, "sh", "-c", _SETUP, "sh", folder, *inside],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        with process:
            try:
                yield IsolatedNetwork(process)
            finally:
                assert process.stdin is not None
                process.stdin.close()  # it ends automatically then
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()


def _needs_namespaces() -> None:
    for tool in ("unshare", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here: the network of its own is made with it")
    tried = subprocess.run(  # noqa: S603 -- our own words
        [*_ENTER, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")


# --- inside ---


class _World:
    """Every address, listening on the web's port and on another one."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.reached: dict[str, int] = {}
        self._lock = threading.Lock()
        self._settled = threading.Semaphore(0)
        self._listeners = [
            socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128
            )
            for port in (WEB, MAIL)
        ]
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        while True:
            connection, _ = listener.accept()
            address = connection.getsockname()[0].removeprefix("::ffff:")
            if address == _LAST:
                connection.close()
                self._settled.release()
                continue
            address += "" if port == WEB else f" on port {port}"
            self._count(address, -1)
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def settle(self) -> None:
        """Wait until all connections are counted.

        Both listeners accept them in turn.
        """
        for port in (WEB, MAIL):
            socket.create_connection((_LAST, port)).close()
            self._settled.acquire()

    def _count(self, address: str, received: int) -> None:
        with self._lock:
            known = self.reached.get(address, 0)
            self.reached[address] = max(known, 0) + received if received > 0 else known or received

    def _serve(self, connection: socket.socket, address: str) -> None:
        """Handle one request of a connection and close it, so that the next one resolves again."""
        with connection, suppress(OSError):
            connection.settimeout(5)
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65536)
                if not received:
                    return
                self._count(address, len(received))
                head += received
            connection.sendall(self._answer(head.decode("latin-1")))

    def _answer(self, head: str) -> bytes:
        path = head.split(" ", 2)[1]
        host = next(
            (line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")), ""
        )
        page = self.pages.get(host + path, "" if path == "/robots.txt" else _SECRET)
        if path.startswith("/to?"):
            page = f"=> {bytes.fromhex(path[4:]).decode()}"
        if page.startswith("=> "):
            return _response("302 Found", "", f"Location: {page[3:]}\r\n")
        kind = "application/rss+xml" if page.startswith("<rss") else "text/html"
        return _response("200 OK", page, f"Content-Type: {kind}; charset=utf-8\r\n")


def _response(status: str, body: str, headers: str = "") -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    return head.encode() + data


@dataclass(frozen=True)
class _Inside:
    names: NameServer
    world: _World

    def execute(self, order: Mapping[str, Any]) -> Report:
        self.names.queried_names.clear()
        self.world.reached.clear()
        began = time.monotonic()
        printed = ""
        outcomes: list[str] = []
        if "names" in order:
            self.names.add(order["names"])
            self.world.pages.update(order["pages"])
        elif "urls" in order:
            outcomes = self._get(order["urls"], order["seconds"], order["allow"])
        elif "post" in order:
            outcomes = self._post(order["post"], order["allow"])
        else:
            printed = self._command(order["command"], order["config"])
        seconds = time.monotonic() - began
        self.world.settle()
        return Report(
            outcomes, dict(self.world.reached), list(self.names.queried_names), seconds, printed
        )

    def _get(self, urls: Sequence[str], seconds: float, allow: Sequence[str]) -> list[str]:
        with Fetcher(delay=0.0, deadline=seconds, allow_private=allow) as fetcher:
            return [_outcome(lambda url=url: fetcher.get(url)) for url in urls]

    def _post(self, urls: Sequence[str], allow: Sequence[str] | None) -> list[str]:
        given = {} if allow is None else {"allow_private": allow}
        with ExitStack() as stack:
            notifier = stack.enter_context(WebhookClient(**given))  # type: ignore[arg-type]
            return [
                _outcome(lambda url=url: notifier.post(url, b"{}", "application/json"))
                for url in urls
            ]

    def _command(self, arguments: Sequence[str], config: str) -> str:
        done = subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", "feedpub", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FEEDPUB_CONFIG": config, "COLUMNS": "1000"},
            timeout=300,
        )
        return done.stdout + done.stderr


def _outcome(act: Any) -> str:
    try:
        done = act()
    except FetchError as error:
        return f"{type(error).__name__}: {error.reason}"
    return "page" if isinstance(done, Page) or done is None else str(done)


def main() -> None:
    """Process orders until there are no more."""
    with running_name_server(RESOLVER) as names:
        inside = _Inside(names, _World())
        for line in sys.stdin:
            report = inside.execute(json.loads(line))
            print(json.dumps(report.__dict__), flush=True)


if __name__ == "__main__":
    main()
