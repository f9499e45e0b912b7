"""Measure a config with thousands of feeds: checking it, publishing its overviews, and the service.

    python -m tests.benchmarks.many_feeds --feeds 1000 10000

Each number of feeds is written twice: as one file, and as one file per feed in feeds.d. `feedpub
check` is measured as a complete command. Then a state is filled with 50 entries of about 4 kB per
feed, and each operation on all feeds is measured in a process of its own. One feed in fifty fails,
is overdue or is partial. The pages about all feeds are requested from one process: the first time,
then again and again, while a hundred feeds change between two requests. Finally `feedpub run` is
started on sources that answer 304 from loopback: the time until it serves, the runs it completes
per second, and its memory after a given number of seconds.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from statistics import median

from feedpub import config as configuration
from feedpub.config import Config, FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.models import Entry, Failure, RunResult, RunStatus
from feedpub.pipeline import index, run
from feedpub.pipeline.context import RunContext
from feedpub.publisher import open_output
from feedpub.store import RunRecord, ScheduledRun, SourceState, Store
from feedpub.web import ReadOnlyControl, reports, status
from tests.benchmarks.serving import WORDS
from tests.support.service import free_port, running_service

ENTRIES = 50  # of each feed
PAGES = ("/healthz", "/status", "/status?state=late", "/status?q=feed-1&page=2", "/metrics")
HOSTS = 200  # hosts of the feeds
# Starts a command and measures it. A process inherits the memory peak of its parent, and this
# process has a large one.
_SMALL = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
NOW = datetime.now(UTC).replace(microsecond=0)


def main() -> None:
    options = _options()
    for number in options.feeds:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            print(f"{number:,} feeds", flush=True)
            _measure(number, Path(name), options.seconds, filled=not options.empty)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--feeds", type=int, nargs="+", default=[1000, 10000], help="numbers of feeds"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="duration of the service")
    parser.add_argument("--folder", type=Path, help="a folder with 2 GB free for 10,000 feeds")
    parser.add_argument("--empty", action="store_true", help="do not fill the state")
    return parser.parse_args()


def _measure(number: int, folder: Path, seconds: float, *, filled: bool) -> None:
    port = free_port()
    one, many = (folder / kind / "config" / "feedpub.toml" for kind in ("one", "many"))
    _write(one, many, number, port)
    for what, path in (("one file", one), ("a file a feed", many)):
        _tell(f"check, {what}", *_command("-c", str(path), "check"))
    if filled:
        config = configuration.load_config(many)
        began = time.perf_counter()
        _fill(config)
        _tell("(filling the state)", time.perf_counter() - began, 0)
        for what, do in _DONE.items():
            _tell(what, *_apart(do, config))
        _apart(_request_pages, config)
        shutil.rmtree(many.parents[1] / ".feedpub")
    with _sources(port):
        _serve(many, seconds)


def _write(one: Path, many: Path, number: int, port: int) -> None:
    head = (
        '[feedpub]\nbase_url = "http://127.0.0.1:8080/"\ncontact = "https://example.org/about"\n'
        'allow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\n'
        f'[http]\nlisten = "127.0.0.1:{free_port()}"\n\n'
    )
    feeds = [
        f'[[feed]]\nname = "feed-{n}"\ntitle = "Feed {n}"\nlink = "https://example.org/{n}"\n\n'
        f'[[feed.source]]\ntype = "feed"\nurl = "http://127.0.{n % HOSTS}.1:{port}/{n}.xml"\n\n'
        for n in range(number)
    ]
    one.parent.mkdir(parents=True)
    one.write_text(head + "".join(feeds), "utf-8")
    (many.parent / "feeds.d").mkdir(parents=True)
    many.write_text(head, "utf-8")
    for n, feed in enumerate(feeds):
        (many.parent / "feeds.d" / f"{n:05}.toml").write_text(feed, "utf-8")


def _command(*arguments: str) -> tuple[float, int]:
    """Run a command of feedpub; return the seconds it takes and its peak memory in kB."""
    command = [sys.executable, "-c", _SMALL, sys.executable, "-m", "feedpub", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- our own
    seconds, memory = output.split()[-2:]
    return float(seconds), int(memory)


def _apart(do: Callable[[Config], object], config: Config) -> tuple[float, int]:
    """Run an operation in a process of its own; return its seconds and memory growth in kB."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def run() -> None:
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        do(config)
        took = time.perf_counter() - began
        send.send((took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))

    process = context.Process(target=run)
    process.start()
    process.join()
    seconds, grown = receive.recv()
    return seconds, grown


def _tell(what: str, seconds: float, memory: int) -> None:
    print(f"  {what:<44}{seconds:>8.2f} s{memory / 1024:>9.0f} MB", flush=True)


# --- a state as it is after some weeks ---


def _fill(config: Config) -> None:
    text = " ".join(WORDS[(n * 7 + n // 5) % len(WORDS)] for n in range(700))
    with Store.open(configuration.state_location(config.feedpub.state)) as store:
        for n, feed in enumerate(config.feed):
            entries = [_entry(feed.name, n, number, text) for number in range(ENTRIES)]
            store.commit_entries(feed.name, entries=entries, aliases={}, item_states=[], now=NOW)
            _record_run(store, feed, n)


def _record_run(store: Store, feed: FeedConfig, n: int) -> None:
    """Record a run. Of 150 feeds, one is partial, one fails, and one is overdue afterwards."""
    now = datetime.now(UTC).replace(microsecond=0)
    trouble = {0: "partial", 50: "failing", 100: "overdue"}.get(n % 150, "")
    unread = Failure("https://example.org/1", "HTTP 403: access is forbidden", unread=True)
    problems = (unread,) if trouble == "partial" else ()
    due = now + timedelta(hours=-1 if trouble == "overdue" else 1)
    began = now - timedelta(hours=2)
    state = SourceState(
        feed.name,
        source_key(feed.source[0]),
        began,
        began,
        ENTRIES,
        failure="HTTP 404: the page is gone" if trouble == "failing" else None,
        failing_since=began if trouble == "failing" else None,
        failures=int(trouble == "failing"),
    )
    outcome = RunResult(feed.name, RunStatus.UPDATED, new=ENTRIES, problems=problems)
    store.commit_run(RunRecord(outcome, began), sources=[state])
    plan = {state.key: (now + timedelta(hours=1), "publishes about 9 a day")}
    store.schedule.save(ScheduledRun(feed.name, due, "publishes about 9 a day"), plan)


def _entry(feed: str, n: int, number: int, text: str) -> Entry:
    then = NOW - timedelta(hours=3 * number, minutes=n % 60)
    address = f"https://example.org/{n}/{number}"
    return Entry(
        id=f"tag:example.org,2026:{feed}/{number}",
        url=address,
        title=f"Story {number} of {n}",
        first_seen=then,
        published=then,
        updated=then + timedelta(seconds=number),
        summary=text[:200],
        html=f"<p>{address} {text[number : number + 4000]}</p>",
        text=f"{address} {text[number : number + 4000]}",
        language="en",
        source=f"feed {n}",
    )


def _with_tools(do: Callable[[Config, RunContext], object]) -> Callable[[Config], object]:
    def done(config: Config) -> None:
        settings = config.feedpub
        with Store.open(configuration.state_location(settings.state)) as store:
            publisher = open_output(settings.output, config.s3)
            context = RunContext(settings, store, None, publisher)  # type: ignore[arg-type]
            do(config, context)

    return done


def _read_status(config: Config) -> status.ServiceStatus:
    with Store.open(configuration.state_location(config.feedpub.state)) as store:
        return status.collect_status(config, store, datetime.now(UTC))


# --- the pages about all feeds ---


class _Control(ReadOnlyControl):
    """A service that knows which feeds it ran and how many requests it sent."""

    def __init__(self, config: Config, store: Store) -> None:
        super().__init__(config, store)
        self.requests = dict.fromkeys(product(config.feed.names, ("200", "304")), 1)

    def overview(self, *, max_age_seconds: float = 0.0) -> status.Overview:
        now = datetime.now(UTC)
        process = status.ProcessStatus(NOW, now, requests=self.requests)
        return self.board.overview(now, process, max_age_seconds=max_age_seconds)


def _request_pages(config: Config) -> None:
    """Print time, CPU time and size of each page, and the memory after all requests."""
    reports.CACHE_SECONDS = -1.0
    before = _memory(os.getpid())
    with Store.open(configuration.state_location(config.feedpub.state)) as store:
        control = _Control(config, store)
        endpoints = reports.StatusEndpoints(control)
        for path in PAGES:
            first, *others = [_request(endpoints, path) for _ in range(10)]
            _tell_page(f"{path}, first time", [first])
            _tell_page(path, others)
        first_requests = _memory(os.getpid())
        for number in range(100):
            for n in range(number, len(config.feed), max(1, len(config.feed) // 100)):
                control.board.mark_changed(config.feed[n].name)
            for path in PAGES:
                _request(endpoints, path)
    grown = _memory(os.getpid()) - first_requests
    used = first_requests - before
    print(f"  memory of these pages: {used >> 10} MB, after 100 requests +{grown >> 10} MB")


def _request(endpoints: reports.StatusEndpoints, path: str) -> tuple[float, float, int]:
    """Return the seconds, the seconds of CPU and the number of bytes of a page."""
    began, began_cpu = time.perf_counter(), time.process_time()
    response = asyncio.run(endpoints.get(*path.partition("?")[::2]))
    size = len(response.body) + sum(map(len, response.stream or ()))
    return time.perf_counter() - began, time.process_time() - began_cpu, size


def _tell_page(what: str, requests: list[tuple[float, float, int]]) -> None:
    seconds, cpu, size = (median(values) for values in zip(*requests, strict=True))
    print(
        f"  {what:<44}{seconds * 1000:>8.0f} ms{cpu * 1000:>8.0f} ms CPU{size / 1000:>9.0f} kB",
        flush=True,
    )


_DONE: dict[str, Callable[[Config], object]] = {
    "pages about all feeds, the first time": _with_tools(index.render_index_files),
    "pages about all feeds": _with_tools(index.render_index_files),
    "forgetting": _with_tools(run.prune),
    "status of all feeds": _read_status,
}


# --- the service ---


class _Unchanged(BaseHTTPRequestHandler):
    """Serve sources that have one entry, and nothing new."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/robots.txt":
            self._answer(404, b"")
        elif "If-None-Match" in self.headers:
            self._answer(304, b"")
        else:
            self._answer(
                200,
                b'<rss version="2.0"><channel><title>x</title><link>http://x/</link></channel></rss>',
            )

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _sources(port: int) -> Iterator[None]:
    """Run one server for all hosts: each is an address of its own."""
    servers = [ThreadingHTTPServer((f"127.0.{n}.1", port), _Unchanged) for n in range(HOSTS)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _serve(path: Path, seconds: float) -> None:
    began = time.perf_counter()
    with running_service(path) as service:
        while not service.has_started:
            time.sleep(0.05)
        started, first = time.perf_counter() - began, _memory(service.process.pid)
        _tell("run: until it has started", started, first)
        time.sleep(seconds)
        runs = len(service.events_named("run_finished")) or sum(
            " run_finished " in line for line in list(service.lines)
        )
        _tell(f"run: after {runs} runs", seconds, _memory(service.process.pid))
        start = time.perf_counter()
        health = json.loads(service.get("/healthz"))
        assert health["scheduler"]["alive"]
        _tell(
            "run: after /healthz, which took",
            time.perf_counter() - start,
            _memory(service.process.pid),
        )
        assert service.stop() == 0


def _memory(pid: int) -> int:
    """Return the current resident memory of a process in kB."""
    output = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(output.split("VmRSS:")[1].split()[0])


if __name__ == "__main__":
    main()
