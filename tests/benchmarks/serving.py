"""Compare requests per second and latency with nginx serving the same file.

    python -m tests.benchmarks.serving --seconds 30

Each server has one core, and wrk another. The file is a feed of 50 entries, or the one given with
--file. The requests ask for the plain bytes, for the compressed ones (nginx finds them in a second
file, gzip_static), and as a reader that already has the newest version, as most requests of a day
do. nginx and wrk have to be installed.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from feedpub.web import FolderShelf, Server, Site
from feedpub.web.sockets import listen
site = Site(FolderBackend(Path(sys.argv[1])), None, [], "https://feeds.example.org/")
server = Server(site, [listen(f"127.0.0.1:{sys.argv[2]}")])
server.start()
sys.stdin.read()
"""


@dataclass(frozen=True)
class Result:
    """The measurements of wrk; latencies in milliseconds."""

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
            f"{size:,} bytes, {packed:,} with gzip; {options.connections} connections, "
            f"{options.seconds} s each\n"
        )
        print(f"{'':<28}{'requests/s':>12}{'median ms':>12}{'p99 ms':>10}{'failed':>8}")
        results: dict[str, list[Result]] = {}
        for server in (_nginx, _ours):
            with server(home, folder) as port:
                for what, headers in _cases(port).items():
                    found = _measure(port, headers, options.seconds, options.connections)
                    results.setdefault(what, []).append(found)
                    line = (
                        f"{found.rate:>12,.0f}{found.median:>12.2f}"
                        f"{found.p99:>10.2f}{found.failed:>8}"
                    )
                    print(f"{server.__name__.strip('_'):<8}{what:<20}{line}", flush=True)
        for what, (other, feedpub) in results.items():
            print(
                f"\n{what}: nginx answers {other.rate / feedpub.rate:.1f} times as many a second",
                end="",
            )
        print()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=30, help="for each measurement")
    parser.add_argument("--connections", type=int, default=16)
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
def _nginx(home: Path, folder: Path) -> Iterator[int]:
    port = free_port()
    config = home / "nginx.conf"
    config.write_text(NGINX.format(home=home, folder=folder, port=port))
    with _running(["nginx", "-p", str(home), "-c", str(config)], port):
        yield port


@contextmanager
def _ours(_home: Path, folder: Path) -> Iterator[int]:
    port = free_port()
    with _running([sys.executable, "-c", OURS, str(folder), str(port)], port):
        yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    """Run a server on the first core while the block runs; it listens when the block begins."""
    process = subprocess.Popen([*_on_core(0), *command], stdin=subprocess.PIPE)  # noqa: S603 -- our own words
    try:
        end = time.monotonic() + 20
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{command[0]} does not listen on port {port}")
            time.sleep(0.05)
        yield
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


def _measure(port: int, headers: Mapping[str, str], seconds: int, connections: int) -> Result:
    header_options = [
        part for name, value in headers.items() for part in ("-H", f"{name}: {value}")
    ]
    url = f"http://127.0.0.1:{port}/{NAME}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *header_options, url]
    report = subprocess.run(  # noqa: S603
        [*_on_core(1), *command], capture_output=True, text=True, check=True
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    assert rate is not None, report
    return Result(
        float(rate[1]), _latency(report, 50), _latency(report, 99), int(failed[1]) if failed else 0
    )


def _latency(report: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", report)
    assert found is not None, report
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


if __name__ == "__main__":
    main()
