"""Measure how many feeds several workers check, the cost of each check, and the next limit.

    python -m tests.benchmarks.cluster --feeds 1000 10000 --workers 1 2 4 --plot
      tests/pictures/cluster.png

A site farm (nginx) answers on loopback addresses. No feed has anything new, or with `--news 20` one
of twenty always does. A separate PostgreSQL server with durable writes stores the state and the
queue; `feedpub run` leads. All feeds are due at once in each round: first as new feeds, then with
full checks, then as sources that are known to change rarely. The last rounds are repeated with the
same workers, and their medians printed. For comparison, `requests` alone makes the same conditional
GETs, one after the other. Needs nginx and PostgreSQL.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import requests

from feedpub.config import load_config
from feedpub.config.sources import source_fingerprint, source_key
from feedpub.store import Store
from tests.support.postgres import Server, temporary_server
from tests.support.service import free_port

_COUNT_WORKERS: LiteralString = "SELECT count(*) FROM feedpub_queue.procrastinate_workers"
HOSTS = 250  # of the farm
PASSES = 3
TICK = os.sysconf("SC_CLK_TCK")
_ITEM = (
    "<item><title>Story {n}</title><link>http://127.0.0.1/{n}</link><guid>http://127.0.0.1/{n}</"
    "guid>"
    "<pubDate>Wed, 25 Nov 2026 06:{minute:02}:00 GMT</pubDate>"
    "<description>{text}</description></item>"
)
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 2000; }}
http {{
  access_log off; types {{ application/rss+xml xml; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
{listens}
    root {folder}; location /robots.txt {{ return 404; }}
    location /news/ {{ try_files /news.xml =404; }} location / {{ try_files /unchanged.xml =404; }}
  }}
}}
"""


@dataclass(frozen=True)
class Round:
    """One check of all feeds.

    Attributes:
        seconds: from the first due feed until the last one was done.
        worker_ms, leader_ms, server_ms, farm_ms: CPU of the workers, the leader, PostgreSQL
            and the farm per feed.
        statements: database statements per feed.
        megabytes: memory of the largest worker, without its page-reading processes.
        bare_ms: CPU of `requests` alone per GET.
    """

    feeds: int
    workers: int
    kind: str
    seconds: float
    worker_ms: float
    leader_ms: float
    server_ms: float
    farm_ms: float
    statements: float
    megabytes: float
    bare_ms: float

    def __str__(self) -> str:
        speed, ratio = self.feeds / self.seconds, self.worker_ms / self.bare_ms
        numbers = (
            f"{self.feeds:>7,} {self.workers:>7} {self.kind:11} {speed:>8.1f} "
            f"{self.worker_ms:>8.1f}"
        )
        cost = (
            f"{self.bare_ms:>6.2f} {ratio:>6.1f} {self.leader_ms:>7.2f} "
            f"{self.server_ms:>8.1f} {self.farm_ms:>6.2f}"
        )
        return f"{numbers} {cost} {self.statements:>6.1f} {self.megabytes:>6.0f}"


HEAD = (
    "  feeds workers check       feeds/s  ms/feed   bare  ratio  leader    PgSQL   farm  stmts"
    "     MB"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, nargs="+", default=[1000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--at-once", type=int, default=8, help="feeds in each worker")
    parser.add_argument(
        "--news", type=int, default=0, help="one feed in this many has something new at every check"
    )
    parser.add_argument("--statements", action="store_true", help="print the most frequent ones")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--plot", type=Path, help="draw a plot to this file")
    options = parser.parse_args()
    print(HEAD, flush=True)
    rounds: list[Round] = []
    for feeds in options.feeds:
        for done in _measure_rounds(feeds, options):
            rounds.append(done)
            print(done, flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(done) for done in rounds], indent=1))
    if options.plot:
        draw(rounds, options.plot)


def _measure_rounds(feeds: int, options: argparse.Namespace) -> Iterator[Round]:
    settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    more = {
        "shared_preload_libraries": "pg_stat_statements",
        "max_connections": "300",
        "shared_buffers": "512MB",
    }
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(temporary_server(**settings, **more))
        port = stack.enter_context(_farm(folder))
        bench = _Bench(folder, server, feeds, port, options)
        stack.enter_context(bench.leader())
        most = max(options.workers)
        yield bench.measure("first", most, 1)
        bench.record_observations()
        yield bench.measure("full", most, 1)
        for number in options.workers:
            yield bench.measure("conditional", number, PASSES)
            if options.statements:
                bench.print_statements()


class _Bench:
    """A config with a number of feeds, its state, and its processes."""

    def __init__(
        self, folder: Path, server: Server, feeds: int, port: int, options: argparse.Namespace
    ) -> None:
        self._at_once = str(options.at_once)
        self._server = server
        self._feeds = feeds
        self._path = folder / "config" / "feedpub.toml"
        self._address = server.create_database()
        self._urls = [
            f"http://127.9.0.{1 + n % HOSTS}:{port}/{_part(n, options.news)}/{n}"
            for n in range(feeds)
        ]
        self._write()
        Store.open(self._address).close()
        self._ask("CREATE EXTENSION pg_stat_statements")
        self._leader: subprocess.Popen[bytes] | None = None

    def _write(self) -> None:
        self._path.parent.mkdir()
        self._path.write_text(
            f'[feedpub]\noutput = "../feeds"\nstate = "{self._address}"\nqueue = true\n'
            'request_delay = "0s"\n'
            'base_url = "http://127.0.0.1/"\nallow_private = ["127.0.0.0/8"]\n'
            '[http]\nlisten = "127.0.0.1:0"\n'
        )
        (self._path.parent / "feeds.d").mkdir()
        for n, url in enumerate(self._urls):
            (self._path.parent / "feeds.d" / f"f{n}.toml").write_text(
                f'[[feed]]\nname = "f{n}"\ntitle = "Feed {n}"\nevery = "12h"\nrecheck = false\n'
                f'[[feed.source]]\ntype = "feed"\nurl = "{url}"\nfetch = false\n'
            )

    @contextmanager
    def leader(self) -> Iterator[None]:
        with self._running("run") as self._leader:
            while self._ask("SELECT count(*) FROM schedule") != [(self._feeds,)]:
                time.sleep(0.2)
            self._put_off(3600)
            yield

    def measure(self, kind: str, workers: int, passes: int) -> Round:
        """Make all feeds due, and wait until they are done, several times with the same workers."""
        with ExitStack() as stack:
            started = [
                stack.enter_context(self._running("worker", "--at-once", self._at_once))
                for _ in range(workers)
            ]
            while self._ask(_COUNT_WORKERS) != [(workers,)]:
                time.sleep(0.5)
            time.sleep(2)
            if passes > 1:  # connections, lazy imports
                self._measure_pass(kind, started)
            rounds = [self._measure_pass(kind, started) for _ in range(passes)]
        by_cost = sorted(rounds, key=lambda each: each.worker_ms / each.bare_ms)
        return by_cost[len(by_cost) // 2]

    def _measure_pass(self, kind: str, workers: Sequence["subprocess.Popen[bytes]"]) -> Round:
        assert self._leader
        processes = [p.pid for p in (*workers, self._leader, self._server.process)]
        processes.append(_read_pid(self._path))
        self._ask("SELECT pg_stat_statements_reset()")
        before = [_cpu(pid) for pid in processes]
        began = time.monotonic()
        self._put_off(-1)
        while self._ask(
            "SELECT 1 FROM schedule WHERE next_run <= extract(epoch FROM now()) LIMIT 1"
        ):
            time.sleep(0.25)
        took = time.monotonic() - began
        time.sleep(1)  # the jobs end
        after = [_cpu(pid) for pid in processes]
        spent = [(b - a) * 1000 / self._feeds for a, b in zip(before, after, strict=True)]
        *of_workers, leader, server, farm = spent
        return Round(
            self._feeds,
            len(workers),
            kind,
            took,
            sum(of_workers),
            leader,
            server,
            farm,
            self._count_statements() / self._feeds,
            max(_memory(p.pid) for p in workers),
            self._bare(),
        )

    def print_statements(self) -> None:
        """Print the most frequent statements of the last pass."""
        for calls, query in self._ask(
            "SELECT calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) "
            "FROM pg_stat_statements ORDER BY calls DESC LIMIT 20"
        ):
            print(f"{calls:>8} {query}", flush=True)

    def record_observations(self) -> None:
        """Give each source the history that it would have after two days."""
        rows = []
        for feed in load_config(self._path).feed:
            (source,) = feed.source
            digest = f"{source_fingerprint(source)} {feed.limit}"
            rows += [(feed.name, source_key(source), digest, n) for n in range(12, 0, -1)]
        with psycopg.connect(self._address) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO source_observations (feed, key, settings, at, items, known, fresh, "
                "read, failed, obstacle, dated, pictured, lengths, verdict, accepted) "
                "VALUES (%s, %s, %s, "
                "extract(epoch FROM now())::bigint - 7200 * %s, "
                "5, 5, 0, 0, 0, '', 0, 0, '[]', '', false)",
                rows,
            )

    def _put_off(self, seconds: int) -> None:
        """Plan all feeds for the given number of seconds from now."""
        self._ask("UPDATE sources SET next_look = NULL")
        self._ask(
            "UPDATE schedule SET next_run = floor(extract(epoch FROM now())) + %s, handed = NULL",
            seconds,
        )

    def _ask(self, query: LiteralString, *values: int) -> list[tuple[object, ...]]:
        with psycopg.connect(self._address, autocommit=True) as connection:
            found = connection.execute(query, values or None)
            return found.fetchall() if found.description else []

    def _count_statements(self) -> int:
        ((calls,),) = self._ask(
            "SELECT sum(calls)::bigint FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat%'"
        )
        return int(str(calls))

    @contextmanager
    def _running(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        command = [sys.executable, "-m", "feedpub", "-c", str(self._path), *arguments]
        with (self._path.parent / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 -- ours
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def _bare(self) -> float:
        """Return the CPU milliseconds of a conditional GET with requests alone."""
        urls = [url for url in self._urls if "/unchanged/" in url][:500]
        with requests.Session() as session:
            tags = {url: session.get(url).headers["ETag"] for url in urls}
            began = time.process_time()
            for url in urls:
                assert session.get(url, headers={"If-None-Match": tags[url]}).status_code == 304
            return (time.process_time() - began) / len(urls) * 1000


def _part(n: int, news: int) -> str:
    return "news" if news and n % news == 0 else "unchanged"


def _read_pid(config: Path) -> int:
    return int((config.parents[1] / "nginx.pid").read_text())


@contextmanager
def _farm(folder: Path) -> Iterator[int]:
    """Run the site farm and yield its port."""
    port, ended = free_port(), threading.Event()
    folder.chmod(0o755)
    listens = "\n".join(f"    listen 127.9.0.{1 + n}:{port};" for n in range(HOSTS))
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, listens=listens))
    (folder / "unchanged.xml").write_text(_document(0))
    (folder / "news.xml").write_text(_document(0))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", str(folder / "nginx.conf")])  # noqa: S603 -- the system's
    news = threading.Thread(target=_publish, args=(folder, ended))
    news.start()
    try:
        time.sleep(1)
        yield port
    finally:
        ended.set()
        news.join()
        nginx.terminate()
        nginx.wait(30)


def _publish(folder: Path, ended: threading.Event) -> None:
    number = 1
    while not ended.wait(2):
        new = folder / "new.xml"
        new.write_text(_document(number))
        new.replace(folder / "news.xml")
        number += 1


def _document(first: int) -> str:
    """Return a feed of five articles."""
    numbers = range(first, first + 5)
    texts = {n: f"Words of story number {n} about the quay. " * 20 for n in numbers}
    items = "".join(_ITEM.format(n=n, minute=n % 60, text=texts[n]) for n in numbers)
    return (
        f"<rss version='2.0'><channel><title>Farm</title><link>http://127.0.0.1/</link>{items}"
        f"</channel></rss>"
    )


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found, parents = [pid], {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[1])
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process, its live descendants, and those it has waited for."""
    total = 0
    for each in _family(pid):
        try:
            stat = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        total += sum(map(int, stat[11:15]))
    return total / TICK


def _memory(pid: int) -> float:
    """Return the memory of a process in MB."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def draw(rounds: Sequence[Round], path: Path) -> None:
    """Plot feeds per second by workers, and the cost of a check."""
    import matplotlib as mpl  # noqa: PLC0415 -- only for those who draw

    mpl.use("svg" if path.suffix == ".svg" else "agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (speed, cost) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for feeds in dict.fromkeys(done.feeds for done in rounds):
        conditional = [
            done for done in rounds if done.feeds == feeds and done.kind == "conditional"
        ]
        places = [done.workers for done in conditional]
        speed.plot(
            places,
            [done.feeds / done.seconds for done in conditional],
            marker="o",
            label=f"{feeds:,} feeds",
        )
    speed.set(xlabel="workers", ylabel="feeds a second", title="Checks that find nothing new")
    speed.set_ylim(bottom=0)
    speed.legend()
    bars = [done for done in rounds if done.feeds == rounds[-1].feeds]
    names = [f"{done.kind}, {done.workers}" for done in bars]
    bottom = [0.0] * len(bars)
    for label in ("worker_ms", "server_ms", "leader_ms", "farm_ms"):
        values = [getattr(done, label) for done in bars]
        cost.bar(
            names,
            values,
            bottom=bottom,
            label=label.removesuffix("_ms").replace("server", "PostgreSQL"),
        )
        bottom = [a + b for a, b in zip(bottom, values, strict=True)]
    cost.set(
        ylabel="CPU milliseconds a feed", title=f"Cost of a check ({rounds[-1].feeds:,} feeds)"
    )
    cost.legend()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
