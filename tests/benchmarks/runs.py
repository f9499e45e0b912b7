"""Measure runs with news: CPU, statements, transactions and flushes to the disk.

    python -m tests.benchmarks.runs

A feed lists 20 articles, one of which is new at each run; its content is in the feed or on a page.
The state holds 50, 500 and 5,000 entries. Then the first build of a feed with 50 articles is
measured. The server is another process, so that its CPU does not count. Pages are cleaned in this
process, and the time that this takes is shown apart from the rest of the run; so is the time that
rendering and writing the files takes. Flushes are counted if strace is installed.
"""

import argparse
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Connection, Engine, event

from feedpub.config import Config, FeedConfig
from feedpub.core.article_keys import url_key
from feedpub.core.models import Entry
from feedpub.core.process_pool import InlineExecutor
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.store import ItemState, Store
from tests.benchmarks.serving import WORDS
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, open_context

LISTED = 20
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
INTERVAL = timedelta(hours=3)  # between two articles
FIRST_BUILD = 50  # articles
PARAGRAPH_WORDS = 60
T = TypeVar("T")


# --- the site ---


class _Handler(BaseHTTPRequestHandler):
    """Serve feeds whose list moves on by one article at each request, and their pages."""

    protocol_version = "HTTP/1.1"
    newest: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        kind, _, name = self.path.strip("/").partition("/")
        if kind in {"pages", "contents"}:
            self.newest[self.path] += 1
            last = LISTED + self.newest[self.path]
            numbers = range(last, last - LISTED, -1)
            self._send(_feed(self._base, name, numbers, with_content=kind == "contents"))
        elif kind == "many":
            self._send(_feed(self._base, name, range(FIRST_BUILD, 0, -1), with_content=False))
        elif kind == "story":
            self._send(_page(int(name.rpartition("-")[2])), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    @property
    def _base(self) -> str:
        return f"http://{self.headers['Host']}"

    def _send(self, body: bytes, content_type: str = "application/rss+xml") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hash(body)}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _paragraphs(number: int) -> list[str]:
    rows = []
    for row in range(8):
        start = (number * 13 + row * 31) % len(WORDS)
        words = [WORDS[(start + n * (number % 7 + 2)) % len(WORDS)] for n in range(PARAGRAPH_WORDS)]
        rows.append(f"{' '.join(words).capitalize()} {number}.{row}.")
    return rows


def _html(number: int) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in _paragraphs(number))


def _page(number: int) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><title>Story {number} | Daily</title></head><body>'
        '<nav><a href="/">Home</a> <a href="/about">About</a></nav>'
        f"<main><article><h1>Story {number}</h1>{_html(number)}</article></main>"
        "<footer><p>Copyright Daily</p></footer></body></html>"
    ).encode()


def _published(number: int) -> datetime:
    return NOW + INTERVAL * (number - LISTED)


def _feed(base: str, name: str, numbers: range, *, with_content: bool) -> bytes:
    items = []
    for n in numbers:
        address = f"{base}/story/{name}-{n}"
        content = f"<content:encoded><![CDATA[{_html(n)}]]></content:encoded>"
        items.append(
            f"<item><title>Story {n}</title><link>{address}</link><guid>{address}</guid>"
            f"<pubDate>{format_datetime(_published(n))}</pubDate>"
            f"<description>About story {n}</description>{content if with_content else ''}</item>"
        )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Daily</title><link>{base}/</link><description>News</description>"
        f"{''.join(items)}</channel></rss>"
    ).encode()


def _serve(port: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    port.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def _site() -> Iterator[str]:
    """Serve the site in another process; yield its address."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(send,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{receive.recv()}"
    finally:
        process.kill()
        process.join()


# --- the measurement ---


@dataclass
class Figures:
    """The figures of one run.

    Attributes:
        cpu: milliseconds of CPU, all threads together.
        cleaning: milliseconds of it that parsing and cleaning took.
        writing: milliseconds of it that rendering and writing the feed took.
        statements: how many of each kind, such as "SELECT item_states".
        transactions: how many that only read, and that wrote.
        flushes: fsync and fdatasync; None if strace is not installed.
    """

    cpu: float = 0.0
    cleaning: float = 0.0
    writing: float = 0.0
    statements: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    writes: int = 0
    flushes: int | None = None

    @property
    def rest(self) -> float:
        return self.cpu - self.cleaning - self.writing


class _TimedExecutor(InlineExecutor):
    """Measures the CPU of the calls. Calls of several threads do not overlap in a small feed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def call(self, _address: str | None, function: Callable[..., T], /, *args: Any, **kw: Any) -> T:
        began = time.thread_time()
        try:
            return function(*args, **kw)
        finally:
            self.seconds += time.thread_time() - began

    def for_run(self) -> "_TimedExecutor":
        return self


class _Statements:
    """Counts what SQLAlchemy sends to the database."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        event.listen(Engine, "before_cursor_execute", self._count)

    def _count(self, _c: Connection, _cursor: object, statement: str, *_: object) -> None:
        words = statement.split()
        verb = " ".join(words[:2]) if words[0] == "BEGIN" and len(words) > 1 else words[0]
        table = re.search(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", statement)
        self.kinds[f"{verb} {table[1] if table else ''}".strip()] += 1

    def take(self) -> Counter[str]:
        taken, self.kinds = self.kinds, Counter()
        return taken


@contextmanager
def _timed(module: Any, name: str, spent: list[float]) -> Iterator[None]:
    """Add the CPU seconds of a module's function to a list while the block runs."""
    function = getattr(module, name)

    def timed(*args: Any, **kw: Any) -> Any:
        began = time.thread_time()
        try:
            return function(*args, **kw)
        finally:
            spent.append(time.thread_time() - began)

    setattr(module, name, timed)
    try:
        yield
    finally:
        setattr(module, name, function)


def _measure(feed: FeedConfig, context: RunContext, counter: _Statements, new: int) -> Figures:
    executor, writing = _TimedExecutor(), list[float]()
    context = replace(context, executor=executor)
    counter.take()
    began = time.process_time()
    with _timed(run, "publish", writing):
        result = run.run_feed(feed, context)
    spent = time.process_time() - began
    assert result.new == new, result
    statements = counter.take()
    writes = statements["BEGIN IMMEDIATE"]
    return Figures(
        1000 * spent,
        1000 * executor.seconds,
        1000 * sum(writing),
        statements,
        statements["BEGIN"],
        writes,
    )


def _count_flushes(do: Callable[[], object]) -> int | None:
    """Return how often a function flushes files to the disk; None without strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.NamedTemporaryFile() as log:
        command = [strace, "-f", "-e", "trace=fsync,fdatasync", "-o", log.name]
        with subprocess.Popen(  # noqa: S603 -- our own
            [*command, "-p", str(os.getpid())], stderr=subprocess.PIPE, text=True
        ) as tracer:
            assert tracer.stderr is not None
            tracer.stderr.readline()  # "Process … attached"
            try:
                do()
            finally:
                tracer.terminate()
        text = Path(log.name).read_text("utf-8")
    return len(re.findall(r"\bf(?:data)?sync\(", text))


def _median(rows: list[Figures]) -> Figures:
    middle = replace(rows[len(rows) // 2])
    for name in ("cpu", "cleaning", "writing"):
        setattr(middle, name, statistics.median(getattr(row, name) for row in rows))
    return middle


# --- a state with a history ---


def _fill(store: Store, feed: FeedConfig, base: str, name: str, number: int) -> None:
    """Store older entries, as a feed has them that ran for long; most are in archives."""
    source = f"{base}/{name}"
    size = max(1, feed.limit // 2)
    for start in range(0, number, 100):
        entries, aliases, states = [], {}, []
        for age in range(start, min(start + 100, number)):
            entry = _old_entry(feed.name, f"{base}/story/{name}-{-age}", source, age)
            entries.append(entry)
            key = url_key(entry.url)
            aliases[key] = entry.id
            states.append(ItemState(key, "", "stored"))
        listed = entries[0].published
        store.commit_entries(
            feed.name, entries=entries, aliases=aliases, item_states=states, now=listed
        )
    ids = [f"tag:127.0.0.1,2026-01-01:{feed.name}/{age:020}" for age in range(number)]
    archived = ids[LISTED:][::-1]
    groups = [archived[start : start + size] for start in range(0, len(archived), size)]
    store.archives.add(feed.name, dict(enumerate(groups, 1)))


def _old_entry(feed: str, url: str, source: str, age: int) -> Entry:
    text = "\n".join(_paragraphs(age + 100_000))
    time = NOW - INTERVAL * (LISTED + age)
    return Entry(
        id=f"tag:127.0.0.1,2026-01-01:{feed}/{age:020}",
        url=url,
        title=f"Old story {age}",
        first_seen=time,
        published=time,
        updated=time,
        summary=text[:200],
        html="".join(f"<p>{line}</p>" for line in text.split("\n")),
        text=text,
        language="en",
        source=source,
    )


# --- the cases ---


def _configure(folder: Path, base: str) -> Config:
    paths = ["pages/a", "contents/b", "many/c"]
    more = "recheck = false"  # of earlier articles, which the runs measured here do not have
    feeds = [feed(path.replace("/", "-"), f"feed {base}/{path}", more=more) for path in paths]
    feeds[1] = f"{feeds[1].rstrip()}\nfetch = false\n"
    return configure(folder, *feeds, settings='run_timeout = "10m"')


def _run_with_news(base: str, kind: str, number: int, passes: int, counter: _Statements) -> Figures:
    with tempfile.TemporaryDirectory() as name:
        config = _configure(Path(name), base)
        path = {"pages": "pages/a", "contents": "contents/b"}[kind]
        feed = config.feed.get(path.replace("/", "-"))
        assert feed is not None
        clock = FakeClock(NOW)
        with open_context(config, clock) as context:
            _fill(context.store, feed, base, path, max(0, number - LISTED))
            run.run_feed(feed, context)
            rows = []
            for _ in range(passes + 2):
                clock.pass_time(INTERVAL.total_seconds())
                rows.append(_measure(feed, context, counter, 1))
            figures = _median(rows[2:])
            clock.pass_time(INTERVAL.total_seconds())
            figures.flushes = _count_flushes(lambda: run.run_feed(feed, context))
            return figures


def _first_build(base: str, counter: _Statements) -> Figures:
    with tempfile.TemporaryDirectory() as name:
        config = _configure(Path(name), base)
        with open_context(config, FakeClock(NOW + INTERVAL * FIRST_BUILD)) as context:
            return _measure(config.feed[2], context, counter, FIRST_BUILD)


def _print(what: str, figures: Figures) -> None:
    statements = sum(figures.statements.values())
    queries = statements - figures.reads - figures.writes
    flushes = "–" if figures.flushes is None else str(figures.flushes)
    print(
        f"{what:<30}{figures.cpu:>8.1f}{figures.cleaning:>10.1f}{figures.writing:>9.1f}"
        f"{figures.rest:>7.1f}{queries:>9}{statements:>8}{figures.reads:>7}{figures.writes:>8}"
        f"{flushes:>9}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=9, help="runs of each kind")
    parser.add_argument("--entries", type=int, nargs="+", default=[50, 500, 5000])
    parser.add_argument("--statements", action="store_true", help="list the statements of a run")
    options = parser.parse_args()
    counter = _Statements()
    print(
        f"{'CPU in ms':<30}{'run':>8}{'cleaning':>10}{'writing':>9}{'rest':>7}"
        f"{'queries':>9}{'+BEGIN':>8}{'reads':>7}{'writes':>8}{'flushes':>9}"
    )
    with _site() as base:
        by_case: dict[tuple[str, int], Figures] = {}
        for kind in ("contents", "pages"):
            for number in options.entries:
                found = _run_with_news(base, kind, number, options.passes, counter)
                by_case[kind, number] = found
                _print(f"one new of {kind}, {number:,} entries", found)
        builds = [_first_build(base, counter) for _ in range(3)]
        build = _median(sorted(builds, key=lambda each: each.cpu))
        _print(f"first build, {FIRST_BUILD} pages", build)
    print(f"first build: CPU a page ÷ cleaning it alone {build.cpu / build.cleaning:.2f}")
    for kind in ("contents", "pages"):
        first, last = by_case[kind, options.entries[0]], by_case[kind, options.entries[-1]]
        growth = (last.cpu - last.cleaning) / (first.cpu - first.cleaning)
        print(f"{kind}: growth from {options.entries[0]} to {options.entries[-1]} {growth:.2f}")
    if options.statements:
        for kind, count in sorted(by_case["pages", options.entries[0]].statements.items()):
            print(f"{count:>5}  {kind}")


if __name__ == "__main__":
    main()
