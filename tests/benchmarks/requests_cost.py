"""Measure the CPU of a request: `Fetcher.get` next to bare `requests` and bare urllib3.

    python -m tests.benchmarks.requests_cost
    python -m tests.benchmarks.requests_cost --memory

The servers run in another process, and only the client's CPU (user and system) is counted. Each
pass runs all clients in turn, each with new connections; the median of the passes is printed in
milliseconds per request. Bare `requests` is one Session, bare urllib3 one PoolManager with one
SSLContext. robots.txt is fetched before the clock starts, as it is once a day in practice.
"""

import argparse
import gc
import gzip
import multiprocessing
import random
import resource
import selectors
import socket
import ssl
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import certifi
import requests
import trustme
import urllib3
from urllib3.util.ssl_ import create_urllib3_context

from feedpub.core.models import NotModified, Page
from feedpub.fetch import Fetcher, Validators
from feedpub.fetch.connect import resolve_host
from tests.support.tls import server_context

HOSTS = 250
REQUESTS = 1000
PAGES = 50
PAGE_BYTES = 60_000
MEMORY_HOSTS = 10_000
ETAG = '"1"'
ADDRESSES = [f"127.0.{number}.1" for number in range(HOSTS)]
NAMED = "h{}.feedpub.example"  # resolved to the first address

Get = Callable[[str], int]
"""Send a conditional GET and return the status."""


@dataclass(frozen=True)
class Farm:
    """The ports of the servers, and a file with the certificates that they need."""

    http: int
    https: int
    ca_file: str

    def url(self, scheme: str, host: str, path: str = "/feed") -> str:
        return f"{scheme}://{host}:{self.http if scheme == 'http' else self.https}{path}"


@dataclass(frozen=True)
class Scenario:
    """A series of requests; the names of clients that cannot send it are in `without`."""

    name: str
    urls: Sequence[str]
    status: int = 304
    without: tuple[str, ...] = ()


def main() -> None:
    options = _parse_options()
    with running_farm() as farm:
        if options.memory:
            _print_memory(farm)
            return
        print("CPU in ms per request; in brackets, feedpub as a multiple of it")
        chosen = [each for each in _list_scenarios(farm) if options.only in each.name]
        for scenario in chosen:
            _measure(scenario, farm, options.passes)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=5, help="passes of each series")
    parser.add_argument("--only", default="", help="a part of the names of the series to run")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    return parser.parse_args()


def _list_scenarios(farm: Farm) -> list[Scenario]:
    def spread(scheme: str, hosts: Sequence[str]) -> list[str]:
        return [farm.url(scheme, hosts[n % len(hosts)], f"/{n}") for n in range(REQUESTS)]

    names = [NAMED.format(number) for number in range(HOSTS)]
    pages = [farm.url("http", ADDRESSES[0], f"/page/{number}") for number in range(PAGES)]
    return [
        Scenario(f"304, http, {HOSTS} hosts", spread("http", ADDRESSES)),
        Scenario(f"304, https, {HOSTS} hosts", spread("https", ADDRESSES)),
        Scenario("304, http, one host", spread("http", ADDRESSES[:1])),
        Scenario("304, https, one host", spread("https", ADDRESSES[:1])),
        Scenario(
            f"304, http, {HOSTS} names", spread("http", names), without=("requests", "urllib3")
        ),
        Scenario(f"{PAGE_BYTES // 1000} kB with gzip", pages, status=200),
    ]


def _measure(scenario: Scenario, farm: Farm, passes: int) -> None:
    makers = {name: make for name, make in CLIENTS.items() if name not in scenario.without}
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(passes):
        for name, make in makers.items():
            with make(farm) as get:
                seconds[name].append(_time(get, scenario))
    medians = {name: statistics.median(times) * 1000 for name, times in seconds.items()}
    own = medians["feedpub"]
    shown = [f"{name} {ms:.3f} ({own / ms:.2f})" for name, ms in medians.items()]
    print(f"{scenario.name:24} {'  '.join(shown)}", flush=True)


def _time(get: Get, scenario: Scenario) -> float:
    """Return the CPU seconds of a request, without those for robots.txt."""
    for origin in {url.rpartition(":")[0]: url for url in scenario.urls}.values():
        get(origin)
    gc.collect()
    began = _cpu_seconds()
    statuses = [get(url) for url in scenario.urls]
    seconds = _cpu_seconds() - began
    if set(statuses) != {scenario.status}:
        raise AssertionError(f"{scenario.name}: {set(statuses)}")
    return seconds / len(statuses)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# --- clients ---


def _resolve(host: str, port: int) -> Sequence[str]:
    return [ADDRESSES[0]] if host.endswith(".example") else resolve_host(host, port)


@contextmanager
def _feedpub(farm: Farm) -> Iterator[Get]:
    with Fetcher(
        delay=0, allow_private=["127.0.0.0/8"], ca_file=farm.ca_file, resolver=_resolve
    ) as fetcher:

        def get(url: str) -> int:
            answer = fetcher.get(url, validators=Validators(ETAG))
            if isinstance(answer, NotModified):
                return 304
            return 200 if isinstance(answer, Page) and len(answer.body) == PAGE_BYTES else 0

        yield get


@contextmanager
def _requests(farm: Farm) -> Iterator[Get]:
    with requests.Session() as session:

        def get(url: str) -> int:
            answer = session.get(
                url, headers={"If-None-Match": ETAG}, timeout=30, verify=farm.ca_file
            )
            return answer.status_code if len(answer.content) in {0, PAGE_BYTES} else 0

        yield get


@contextmanager
def _urllib3(farm: Farm) -> Iterator[Get]:
    context = create_urllib3_context()
    context.load_verify_locations(farm.ca_file)
    headers = {"If-None-Match": ETAG, "Accept-Encoding": "gzip"}
    with urllib3.PoolManager(ssl_context=context) as pools:

        def get(url: str) -> int:
            answer = pools.request("GET", url, headers=headers, timeout=30)
            return answer.status if len(answer.data) in {0, PAGE_BYTES} else 0

        yield get


CLIENTS = {"feedpub": _feedpub, "requests": _requests, "urllib3": _urllib3}


# --- memory ---


def _print_memory(farm: Farm) -> None:
    for scheme, counts in (("http", (0, 64, 250, MEMORY_HOSTS)), ("https", (64, 250, 1000))):
        for hosts in counts:
            memory, descriptors = _run_apart(_fetch_from_hosts, farm, scheme, hosts)
            print(f"{scheme:5} {hosts:6} hosts: {memory / 1000:6.1f} MB, {descriptors} open files")


def _run_apart(function: Callable[..., tuple[int, int]], *arguments: object) -> tuple[int, int]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(function, arguments)


def _fetch_from_hosts(farm: Farm, scheme: str, hosts: int) -> tuple[int, int]:
    """Return the growth of memory in kB after one request to each host, and the open files."""
    with _feedpub(farm) as get:
        get(farm.url(scheme, ADDRESSES[0]))
        memory, descriptors = _read_memory(), _count_descriptors()
        for number in range(hosts):
            get(farm.url(scheme, NAMED.format(number)))
        return _read_memory() - memory, _count_descriptors() - descriptors


def _count_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _read_memory() -> int:
    """Return this process's share of the memory in kB."""
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


# --- servers ---


@contextmanager
def running_farm() -> Iterator[Farm]:
    """Run the servers in a process of their own until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        ca_file = str(Path(folder) / "ca.pem")
        process = context.Process(target=_serve, args=(theirs, ca_file), daemon=True)
        process.start()
        try:
            http, https = ours.recv()
            yield Farm(http, https, ca_file)
        finally:
            process.terminate()
            process.join()


def _serve(pipe: Connection, ca_file: str) -> None:
    authority = trustme.CA()
    own = authority.cert_pem.bytes().decode()
    Path(ca_file).write_text(own + Path(certifi.where()).read_text("ascii"), "ascii")
    wildcard = NAMED.replace("h{}", "*")
    tls = {a: server_context(authority.issue_cert(a, wildcard)) for a in ADDRESSES}
    plain: Mapping[str, ssl.SSLContext | None] = dict.fromkeys(ADDRESSES)
    with selectors.DefaultSelector() as selector:
        pipe.send((_listen(selector, plain), _listen(selector, tls)))
        while True:
            for key, _ in selector.select():
                key.data(selector, key.fileobj)


def _listen(selector: selectors.BaseSelector, tls: Mapping[str, ssl.SSLContext | None]) -> int:
    """Listen on all addresses with one port, and return it."""
    port = 0
    for address, context in tls.items():
        listener = socket.create_server((address, port), backlog=128)
        port = listener.getsockname()[1]
        selector.register(listener, selectors.EVENT_READ, _Acceptor(context))
    return port


class _Acceptor:
    """Accepts connections, and makes those with TLS in a blocking handshake."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls

    def __call__(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        selector.register(connection, selectors.EVENT_READ, _answer)


def _answer(selector: selectors.BaseSelector, connection: socket.socket) -> None:
    try:
        request = connection.recv(65536)
    except OSError:
        request = b""
    if not request:
        selector.unregister(connection)
        connection.close()
        return
    connection.sendall(_choose_answer(request))


def _choose_answer(request: bytes) -> bytes:
    path = request.split(b" ", 2)[1]
    if path == b"/robots.txt":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    if path.startswith(b"/page/"):
        return _PAGE
    return (
        b"HTTP/1.1 304 Not Modified\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\nServer: nginx\r\n"
        b'ETag: "1"\r\nLast-Modified: Mon, 05 Jan 2026 09:00:00 GMT\r\n'
        b"Cache-Control: max-age=300\r\nVary: Accept-Encoding\r\n\r\n"
    )


def _build_page() -> bytes:
    """Return the response with a page of random words, which shrinks as much as prose."""
    rng = random.Random(1)  # noqa: S311 -- the same page each time
    words = ["".join(rng.choices("aeinorst", k=rng.randint(3, 9))) for _ in range(2000)]
    text = " ".join(rng.choices(words, k=PAGE_BYTES // 3))
    body = gzip.compress(f"<html><p>{text}"[: PAGE_BYTES - 7].encode() + b"</html>")
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        f'ETag: "2"\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    return head.encode() + body


_PAGE = _build_page()


if __name__ == "__main__":
    main()
