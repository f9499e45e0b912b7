"""Measure checks that find nothing new: CPU, statements, growth with feeds and with history.

    python -m tests.benchmarks.checks                       # 1,000 feeds over http
    python -m tests.benchmarks.checks --feeds 10 10000
    python -m tests.benchmarks.checks --https
    python -m tests.benchmarks.checks --history 5000 --feeds 50 --every auto
    python -m tests.benchmarks.checks --month --feeds 20
    python -m tests.benchmarks.checks --year --feeds 100

The sources are on 250 loopback hosts, served by another process. All feeds are due at once, and the
real scheduler checks them; then a bare `requests.Session` sends the same conditional requests. Only
the CPU of this process and its children counts, user and system. `--month` and `--year` follow a
simulated clock instead of the timer: sources publish, and each feed runs when it is due.
"""

import argparse
import asyncio
import logging
import multiprocessing
import resource
import ssl
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from heapq import heapify, heappop, heappush
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from statistics import median
from typing import Any

import certifi
import requests
import trustme
from sqlalchemy import Engine, event, func, select

from feedpub.config import Config, FeedConfig, load_config
from feedpub.core.budget import RunBudget
from feedpub.core.models import Entry
from feedpub.fetch import Fetcher
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext, utc_now
from feedpub.pipeline.unchanged import feed_fingerprint
from feedpub.publisher import open_output
from feedpub.scheduler.feed_runner import FeedRunner
from feedpub.scheduler.local import LocalScheduler
from feedpub.store import Store, schema
from tests.support.clock import FakeClock
from tests.support.service import free_port
from tests.support.states import state_folder

HOSTS = 250
LISTED = 15  # items of a source
START = datetime(2026, 3, 2, tzinfo=UTC)
_TEXT = "<p>" + "The quay was repaired before the ice came, and nobody had to wait. " * 30 + "</p>"
_NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n"
_PASSES = 3
_NOT_COPIED = {"page_snapshots", "runs", "run_marks", "removal_stats"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, nargs="+", default=[1000])
    parser.add_argument("--https", action="store_true")
    parser.add_argument("--every", default="30m", help="the interval, or auto")
    parser.add_argument("--history", type=int, default=0, help="further entries of each feed")
    parser.add_argument("--month", action="store_true", help="simulate a month")
    parser.add_argument("--year", action="store_true", help="simulate a year")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for feeds in options.feeds:
        with farm(feeds, https=options.https) as site:
            if options.month or options.year:
                simulate(site, timedelta(days=365 if options.year else 30))
            else:
                measure(site, options.every, options.history)


# --- the sources ---


@dataclass(frozen=True)
class Farm:
    """Sources on loopback. Feed n publishes at a constant interval of 3 hours to 3 days.

    Attributes:
        versions: For each feed, the number of its newest item.
        ca_file: The authority to trust, with https.
    """

    feeds: int
    port: int
    versions: "SynchronizedArray[int]"
    ca_file: str | None

    def url(self, n: int) -> str:
        scheme = "https" if self.ca_file else "http"
        return f"{scheme}://{host_of(n)}:{self.port}/{n}.xml"


def host_of(n: int) -> str:
    """Return the host of a feed's source."""
    return f"127.0.{1 + n % HOSTS // 250}.{1 + n % HOSTS}"


def interval_of(n: int) -> timedelta:
    """Return the time between two items of a source."""
    return timedelta(hours=3) * (1 + n * 7 % 24)


def time_of(n: int, number: int) -> datetime:
    """Return when a source publishes an item; item `LISTED` is the newest at the start."""
    return START + (number - LISTED) * interval_of(n)


def etag_of(n: int, version: int) -> str:
    return f'"{n}-{version}"'


def document(n: int, version: int) -> bytes:
    """Return the RSS of a source."""
    items = "".join(
        f"<item><title>Story {k} of source {n}</title><link>http://example.org/{n}/{k}</link>"
        f"<guid isPermaLink='false'>{n} {k}</guid>"
        f"<pubDate>{format_datetime(time_of(n, k))}</pubDate>"
        f"<description><![CDATA[{_TEXT}<p>Number {k} of {n}.</p>]]></description></item>"
        for k in range(version, max(0, version - LISTED), -1)
    )
    head = f"<title>Source {n}</title><link>http://example.org/{n}</link>"
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


class _Answers(asyncio.Protocol):
    def __init__(self, versions: "SynchronizedArray[int]") -> None:
        self._versions = versions
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if not path.endswith(b".xml"):
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        n = int(path[1:-4])
        version = self._versions[n]
        etag = etag_of(n, version).encode()
        if etag in head:
            return _NOT_MODIFIED % etag
        body = document(n, version)
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
        return start + b"ETag: %s\r\nContent-Length: %d\r\n\r\n%s" % (etag, len(body), body)


def _serve(port: int, versions: "SynchronizedArray[int]", certificate: str | None) -> None:
    async def serve() -> None:
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Answers(versions),
            "0.0.0.0",  # noqa: S104 -- all hosts
            port,
            ssl=context,
            backlog=1000,
        )
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def farm(feeds: int, *, https: bool = False) -> Iterator[Farm]:
    """Serve the sources of some feeds from another process."""
    context = multiprocessing.get_context("spawn")
    versions = context.Array("i", [LISTED] * feeds, lock=False)
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        certificate = authority = None
        if https:
            certificate, authority = f"{name}/server.pem", f"{name}/ca.pem"
            ca = trustme.CA()
            hosts = sorted({host_of(n) for n in range(feeds)})
            ca.issue_cert(*hosts).private_key_and_cert_chain_pem.write_to_path(certificate)
            ca.cert_pem.write_to_path(authority)
            with Path(authority).open("ab") as file:  # as many authorities as on the Internet
                file.write(Path(certifi.where()).read_bytes())
        process = context.Process(target=_serve, args=(port, versions, certificate), daemon=True)
        process.start()
        try:
            _wait_for(port)
            yield Farm(feeds, port, versions, authority)
        finally:
            process.terminate()
            process.join()


def _wait_for(port: int) -> None:
    for _ in range(2000):
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=1)
        except requests.ConnectionError as error:
            if "SSL" in str(error) or "aborted" in str(error) or "reset" in str(error):
                return
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the sources are not served")


# --- the feeds ---


def configure(site: Farm, folder: Path, every: str) -> Config:
    """Write a config with one feed for each source, and load it."""
    file = folder / "config" / "feedpub.toml"
    file.parent.mkdir()
    head = '[feedpub]\nallow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\n'
    tables = [
        f'[[feed]]\nname = "feed-{n}"\ntitle = "Feed {n}"\nlink = "https://example.org/{n}"\n'
        f'every = "{every}"\n[[feed.source]]\ntype = "feed"\nfetch = false\n'
        f'url = "{site.url(n)}"\n'
        for n in range(site.feeds)
    ]
    file.write_text(head + "\n".join(tables), "utf-8")
    return load_config(file)


@contextmanager
def open_context(config: Config, site: Farm, clock: Callable[[], datetime]) -> Iterator[RunContext]:
    settings = config.feedpub
    with (
        Store.open(state_folder(settings)) as store,
        Fetcher(
            delay=0,
            allow_private=settings.allow_private,
            robots=store.robots_cache,
            ca_file=site.ca_file,
        ) as fetcher,
    ):
        yield RunContext(
            settings, store, fetcher, open_output(settings.output, config.s3), clock=clock
        )


def prime(config: Config, context: RunContext, site: Farm, history: int) -> None:
    """Run the first feed often enough for a baseline, and give the others what it has learned."""
    first = config.feed[0]
    for _ in range(14):
        result = run.run_feed(first, context)
        assert result.ok, result
    output = config.feedpub.output
    assert isinstance(output, Path)
    for feed in config.feed:
        for suffix in ("html", *feed.formats):
            path = output / f"{feed.name}.{suffix}"
            if not path.exists():
                path.write_bytes(b"published")
    copy_feed(config, context, site)
    if history:
        for n, feed in enumerate(config.feed):
            _add_history(context.store, feed.name, site.url(n), history)


def copy_feed(config: Config, context: RunContext, site: Farm) -> None:
    """Copy the rows of the first feed for all others."""
    others = list(enumerate(config.feed))[1:]
    with context.store._database.write_transaction() as connection:
        for table in schema.metadata.sorted_tables:
            if table.name in _NOT_COPIED:
                continue
            query = select(table)
            if "feed" in table.columns:
                query = query.where(table.c.feed == config.feed[0].name)
            elif table is not schema.document_cache:
                continue
            rows = [dict(row) for row in connection.execute(query).mappings()]
            copies = [_copy_row(row, site, n, feed) for n, feed in others for row in rows]
            for copy in copies:
                if "basis" in copy and (feed := config.feed.get(copy["feed"])):
                    copy["basis"] = feed_fingerprint(feed, context.settings)
            if copies:
                connection.execute(table.insert(), copies)


def _copy_row(row: dict[str, Any], site: Farm, n: int, feed: FeedConfig) -> dict[str, Any]:
    """Return a row of the first feed as that of another one."""
    copy = {name: value for name, value in row.items() if name != "id" or "html" in row}
    if "feed" in row:
        copy["feed"] = feed.name
    for name in ("key", "source", "url", "final_url"):
        if row.get(name) == site.url(0):
            copy[name] = site.url(n)
    if row.get("etag"):
        copy["etag"] = etag_of(n, site.versions[n])
    return copy


def _add_history(store: Store, feed: str, source: str, number: int) -> None:
    entries, aliases = [], {}
    for k in range(number):
        moment = START - timedelta(days=30) - k * timedelta(hours=5)
        entry = Entry(
            id=f"tag:example.org,2026:{feed}/old-{k}",
            url=f"https://example.org/{feed}/old-{k}",
            title=f"Old story {k}",
            first_seen=moment,
            published=moment,
            updated=moment,
            html="<p>Old words.</p>",
            text="Old words.",
            source=source,
        )
        entries.append(entry)
        aliases[entry.url] = entry.id
    store.commit_entries(feed, entries=entries, aliases=aliases, item_states=[], now=START)


# --- measuring ---


def cpu_seconds() -> float:
    """Return the CPU of this process and of the children that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@dataclass
class Statements:
    """Counts of the statements of all engines, by their first word."""

    counts: Counter[str] = field(default_factory=Counter)

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._count)
        event.listen(Engine, "commit", self._count_commit)

    def _count(self, *arguments: object) -> None:
        self.counts[str(arguments[2]).split(maxsplit=1)[0]] += 1

    def _count_commit(self, _: object) -> None:
        self.counts["COMMIT"] += 1


def measure_bare(site: Farm) -> float:
    """Return the CPU milliseconds of a bare request."""
    number = max(250, min(site.feeds, 1000))
    began = cpu_seconds()
    with requests.Session() as session:
        for n in (n % site.feeds for n in range(number)):
            headers = {"If-None-Match": etag_of(n, site.versions[n])}
            response = session.get(site.url(n), headers=headers, verify=site.ca_file)
            assert response.status_code == requests.codes.not_modified
    return (cpu_seconds() - began) / number * 1000


def measure(site: Farm, every: str, history: int) -> None:
    """Let the real scheduler check all feeds at once, several times."""
    statements = Statements()
    with tempfile.TemporaryDirectory() as name:
        config = configure(site, Path(name), every)
        with open_context(config, site, utc_now) as context:
            prime(config, context, site, history)
            scheduler = LocalScheduler(config, context, lambda *_: None)
            scheduler.timer.start()
            check_all(scheduler)  # connections, robots.txt, observations
            statements.listen()
            ours, bare = [], []
            for _ in range(_PASSES):
                statements.counts.clear()
                ours.append(check_all(scheduler) / site.feeds * 1000)
                bare.append(measure_bare(site))
            count = sum(statements.counts.values()) / site.feeds
            commits = statements.counts["COMMIT"] / site.feeds
            news = measure_news(site, scheduler)
            scheduler.stop(10)
    mine, others = median(ours), median(bare)
    print(
        f"{site.feeds:>6,} feeds, {'https' if site.ca_file else 'http'}, every = {every}, "
        f"{history:,} older entries: {mine:.2f} ms a check, bare requests {others:.2f} ms, "
        f"ratio {mine / others:.2f}; {count:.2f} statements, {commits:.3f} commits; "
        f"a run with one new article {news:.0f} ms; "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
        flush=True,
    )


def check_all(scheduler: LocalScheduler, names: Collection[str] = ()) -> float:
    """Check feeds, by default all, and return the CPU seconds until all checks are saved."""
    names = names or scheduler.names
    scheduler.feed_runner.context.store.schedule.mark_due(names)
    began, cpu = utc_now(), cpu_seconds()
    scheduler.timer.set_all(dict.fromkeys(names, began))
    end = time.monotonic() + 60 + len(names) / 5
    while time.monotonic() < end:
        time.sleep(0.2)
        times = scheduler.timer.next_times
        if min(times[name] for name in names) > began and not scheduler.running_feeds:
            break
    else:
        raise TimeoutError("not all feeds were checked")
    save = getattr(scheduler, "save_checks", None)
    if save:
        save()
    return cpu_seconds() - cpu


def measure_news(site: Farm, scheduler: LocalScheduler) -> float:
    """Return the CPU milliseconds of a run with one new article, in the feed's own text."""
    names = [f"feed-{n}" for n in range(min(site.feeds, 10))]
    before = check_all(scheduler, names)
    for n in range(len(names)):
        site.versions[n] += 1
    return (check_all(scheduler, names) - before) / len(names) * 1000


# --- simulated time ---


@dataclass
class Totals:
    """The cost of the checks of a simulated time.

    Attributes:
        cpu: Seconds by the kind of check: "news", "nothing" or "first".
        checks: Their number.
    """

    cpu: dict[str, float] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, seconds: float) -> None:
        self.cpu[kind] = self.cpu.get(kind, 0.0) + seconds
        self.checks[kind] += 1

    def mean(self, kind: str) -> float:
        """Return the milliseconds of a check."""
        return self.cpu.get(kind, 0.0) / max(1, self.checks[kind]) * 1000


def simulate(site: Farm, duration: timedelta) -> None:
    """Let feeds with `every = "auto"` run for a simulated time, and print what it cost."""
    totals, clock = Totals(), FakeClock(START)
    with tempfile.TemporaryDirectory() as name:
        config = configure(site, Path(name), "auto")
        with open_context(config, site, clock.now) as context:
            runner = FeedRunner(config, context, lambda *_: None)
            for day in _simulate_days(site, runner, clock, totals):
                if day % 30 == 0:
                    print(f"  day {day}: {describe_state(context.store)}", flush=True)
                if day >= duration.days:
                    break
    bare = median([measure_bare(site) for _ in range(_PASSES)])
    nothing = totals.mean("nothing")
    print(
        f"{site.feeds} feeds, {duration.days} days, every = auto: "
        f"{totals.checks['nothing']:,} checks without news, {nothing:.2f} ms each, "
        f"bare requests {bare:.2f} ms, ratio {nothing / bare:.2f}; "
        f"{totals.checks['news']:,} with news, {totals.mean('news'):.1f} ms each",
        flush=True,
    )


def _simulate_days(
    site: Farm, runner: FeedRunner, clock: FakeClock, totals: Totals
) -> Iterator[int]:
    """Run feeds when they are due, without end; yield the number of each day."""
    numbers = {feed.name: n for n, feed in enumerate(runner.config.feed)}
    seen: dict[str, int] = {}
    due = [(START + timedelta(seconds=n), name) for name, n in numbers.items()]
    heapify(due)
    day = 0
    while True:
        moment, name = heappop(due)
        clock.pass_time(max(0.0, (moment - clock.now()).total_seconds()))
        n = numbers[name]
        version = LISTED + (clock.now() - START) // interval_of(n)
        kind = "first" if name not in seen else "news"
        if seen.get(name) == version:
            kind = "nothing"
        site.versions[n] = seen[name] = version
        began = cpu_seconds()
        planned = runner.run(name, RunBudget(600))
        if states := getattr(runner, "states", None):
            states.save()
        totals.add(kind, cpu_seconds() - began)
        assert planned is not None
        heappush(due, (planned.time, name))
        if (clock.now() - START).days > day:
            day = (clock.now() - START).days
            run.prune(runner.config, runner.context)
            yield day


def describe_state(store: Store) -> str:
    """Return the size of the state and the number of rows of its largest tables."""
    path = store._database.path  # type: ignore[attr-defined]
    with store._database.read_transaction() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in schema.metadata.sorted_tables
        }
    largest = sorted(counts.items(), key=lambda pair: -pair[1])[:5]
    rows = ", ".join(f"{name} {number:,}" for name, number in largest)
    return f"{path.stat().st_size / 1e6:.1f} MB; {rows}"


if __name__ == "__main__":
    main()
