"""Compare CPU time and latency per request with nginx and a bare uvicorn app for the same file.

    python -m tests.benchmarks.serving --seconds 30

Each server has one core, and wrk another. The file is a feed of 50 entries, or the one given with
--file. The requests ask for the plain bytes, for the compressed ones (nginx finds them in a second
file, gzip_static), and as a reader that already has the newest version, as most requests of a day
do. The bare app answers each request with the same bytes. feedpub is measured twice: with its fast
path, and with all requests through uvicorn's. nginx and wrk have to be installed.

The CPU time is that of the server, user and system. It is comparable on a busy machine, where
requests per second are not.
"""

import argparse
import gzip
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.support.feeds import RENDERERS, entry, feed
from tests.support.service import free_port

NAME = "world.rss"
WORDS = (
    "quay",
    "council",
    "wind",
    "ferry",
    "voted",
    "lamps",
    "nets",
    "harbour",
    "tide",
    "gulls",
    "before",
    "nobody",
)
NGINX = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; gzip_static on; gzip_vary on;
  keepalive_requests 1000000000;
  open_file_cache max=100; types {{ application/rss+xml rss; }}
  client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
  uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
  server {{ listen 127.0.0.1:{port}; root {folder};
    add_header Cache-Control "public, max-age=60"; }}
}}
"""
OURS = """
import sys
from pathlib import Path
from feedpub.web import FeedApp, FolderBackend, Server
from feedpub.web.sockets import open_socket
app = FeedApp(FolderBackend(Path(sys.argv[1])), None, [], "https://feeds.example.org/")
if sys.argv[3] == "slow":
    app.try_fast = lambda request: None
server = Server(app, [open_socket(f"127.0.0.1:{sys.argv[2]}")])
server.start()
sys.stdin.read()
"""
BARE = """
import sys
from pathlib import Path
import uvicorn
file = Path(sys.argv[1], "world.rss")
etag = b'"1"'
plain, packed = file.read_bytes(), file.with_name("world.rss.gz").read_bytes()
async def app(scope, receive, send):
    head = dict(scope["headers"])
    body = packed if head.get(b"accept-encoding") == b"gzip" else plain
    status = 200
    if head.get(b"if-none-match") == etag:
        status, body = 304, b""
    headers = [(b"etag", etag)]
    if body:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[2]), lifespan="off", access_log=False, log_level="error",
            loop="asyncio", server_header=False)
"""


@dataclass(frozen=True)
class Result:
    """The measurements of wrk; latencies in milliseconds, CPU time of a request in microseconds."""

    cpu: float
    rate: float
    median: float
    p99: float
    failed: int


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folder = _publish(home, options.file)
        size, packed = ((folder / file).stat().st_size for file in (NAME, f"{NAME}.gz"))
        print(
            f"{size:,} bytes, {packed:,} with gzip; {options.seconds} s each; CPU in µs a request\n"
        )
        head = f"{'CPU':>8}{'requests/s':>12}{'median ms':>12}{'p99 ms':>10}{'failed':>8}"
        print(f"{'':<44}{head}")
        for label, server in SERVERS.items():
            with server(home, folder) as (process, port):
                for what, headers in _cases(port).items():
                    for connections in options.connections:
                        found = _measure(process, port, headers, options.seconds, connections)
                        row = f"{label:<20}{what:<14}{connections:>4} conn."
                        print(f"{row:<44}{_as_line(found)}", flush=True)


def _as_line(found: Result) -> str:
    return (
        f"{found.cpu:>8.1f}{found.rate:>12,.0f}{found.median:>12.2f}{found.p99:>10.2f}"
        f"{found.failed:>8}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=30, help="for each measurement")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--file", type=Path, help="a feed to serve instead")
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            parser.exit(2, f"{tool} is not installed\n")
    return parser.parse_args()


def _publish(home: Path, file: Path | None) -> Path:
    folder = home / "feeds"
    folder.mkdir()
    content = file.read_bytes() if file else _feed()
    (folder / NAME).write_bytes(content)
    (folder / f"{NAME}.gz").write_bytes(gzip.compress(content, 6))
    home.chmod(0o755)  # nginx's worker may be another user
    return folder


def _feed() -> bytes:
    """Return fifty articles of eight paragraphs."""
    dice = random.Random(1)  # noqa: S311 -- words
    paragraphs = (
        f"<p>{' '.join(dice.choices(WORDS, k=60))} {dice.random()}.</p>" for _ in range(400)
    )
    entries = [entry(n, html="".join(islice(paragraphs, 8))) for n in range(1, 51)]
    return RENDERERS["rss"](feed(*entries))


def _cases(port: int) -> Mapping[str, Mapping[str, str]]:
    plain, packed = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
    return {
        "plain": plain,
        "gzip": packed,
        "not modified": packed | {"If-None-Match": _etag(port, packed)},
    }


def _etag(port: int, headers: Mapping[str, str]) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{NAME}", headers=dict(headers))
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
        return str(answer.headers["ETag"])


@contextmanager
def _nginx(home: Path, folder: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    config = home / "nginx.conf"
    config.write_text(NGINX.format(home=home, folder=folder, port=port))
    with _running(["nginx", "-p", str(home), "-c", str(config)], port) as process:
        yield process, port


@contextmanager
def _python(script: str, folder: Path, *more: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    with _running([sys.executable, "-c", script, str(folder), str(port), *more], port) as process:
        yield process, port


Server = Callable[[Path, Path], AbstractContextManager[tuple[int, int]]]
"""Runs a server for a folder; yields its process and port."""

SERVERS: Mapping[str, Server] = {
    "nginx": _nginx,
    "bare uvicorn": lambda _, folder: _python(BARE, folder),
    "feedpub, slow path": lambda _, folder: _python(OURS, folder, "slow"),
    "feedpub": lambda _, folder: _python(OURS, folder, "fast"),
}


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    """Run a server on the first core while the block runs; it listens when the block begins."""
    process = subprocess.Popen([*_on_core(0), *command], stdin=subprocess.PIPE)  # noqa: S603 -- our own words
    try:
        end = time.monotonic() + 20
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{command[0]} does not listen on port {port}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.communicate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _on_core(number: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return (
        ["taskset", "-c", str(cores[number])] if shutil.which("taskset") and len(cores) > 1 else []
    )


def _cpu_seconds(process: int) -> float:
    """Return the CPU time of a process and its children so far."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ticks = 0
    for each in (process, *map(int, children)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _measure(
    process: int, port: int, headers: Mapping[str, str], seconds: int, connections: int
) -> Result:
    header_options = [
        part for name, value in headers.items() for part in ("-H", f"{name}: {value}")
    ]
    url = f"http://127.0.0.1:{port}/{NAME}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *header_options, url]
    before = _cpu_seconds(process)
    report = subprocess.run(  # noqa: S603
        [*_on_core(1), *command], capture_output=True, text=True, check=True
    ).stdout
    cpu = _cpu_seconds(process) - before
    requests = re.search(r"(\d+) requests in", report)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    assert rate, report
    assert requests, report
    return Result(
        cpu / int(requests[1]) * 1e6,
        float(rate[1]),
        _latency(report, 50),
        _latency(report, 99),
        int(failed[1]) if failed else 0,
    )


def _latency(report: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", report)
    assert found is not None, report
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


if __name__ == "__main__":
    main()
