"""Run a compressed day of the service with healthy and hostile feeds, and measure the delays.

    python -m tests.benchmarks.compressed_day --minutes 24

One minute represents an hour: every feed is checked once a minute, and its site publishes now and
then. Of 200 feeds 20 are hostile: they hang, answer slowly, send endless data, or answer with
errors. The script prints how late the checks of the healthy feeds began, how long an entry took
from its publication to its feed, and the service's memory, quarter by quarter.
"""

import argparse
import json
import random
import resource
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.support.evil import Script, running_raw_server, send_endlessly, send_slowly
from tests.support.newsroom import feed, listing, path, story
from tests.support.service import RunningService, running_service
from tests.support.site import Site, running_site

SITES = 18  # hosts of the healthy feeds
STORIES = 10  # of each feed at the beginning
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
HOSTILE: dict[str, bytes | Script] = {
    "hangs": send_slowly(b"", b""),
    "drips": send_slowly(OK + b"\r\n<p>", b"x"),
    "floods": send_endlessly(OK + b"\r\n<p>", b"x" * 65536),
    "errors": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


@dataclass
class Newsroom:
    """The pages of one healthy feed on a site, under a path of its own."""

    name: str
    site: Site
    numbers: list[int] = field(default_factory=lambda: list(range(STORIES, 0, -1)))
    published: dict[int, float] = field(default_factory=dict)

    def open(self) -> None:
        for n in self.numbers:
            self.site[self._path(n)] = self._page(n)
        self._list()

    def publish(self) -> None:
        n = self.numbers[0] + 1
        self.site[self._path(n)] = self._page(n)
        self.numbers = [n, *self.numbers[: STORIES - 1]]
        self._list()
        self.published[n] = time.time()

    def _path(self, n: int) -> str:
        return f"/{self.name}{path(n)}"

    def _page(self, n: int) -> str:
        return story(1 + n % 28).replace(f"matter {1 + n % 28} ", f"matter {n} of {self.name} ")

    def _list(self) -> None:
        page = listing([1 + n % 28 for n in self.numbers])
        for n in self.numbers:
            page = page.replace(f'href="{path(1 + n % 28)}"', f'href="{self._path(n)}"', 1)
        self.site[f"/{self.name}"] = page


def main() -> None:
    options = _options()
    with ExitStack() as stack:
        sites = [stack.enter_context(running_site()) for _ in range(SITES)]
        rooms = [
            Newsroom(f"feed-{n}", sites[n % SITES]) for n in range(options.feeds - options.hostile)
        ]
        for room in rooms:
            room.open()
        tables = [
            feed(room.name, f"page {room.site.url('/' + room.name)}", more='every = "1m"')
            for room in rooms
        ]
        kinds = list(HOSTILE.items())
        for n in range(options.hostile):
            name, answer = kinds[n % len(kinds)]
            server = stack.enter_context(running_raw_server(answer))
            tables.append(feed(f"{name}-{n}", f"page {server.url()}", more='every = "1m"'))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = _config(home, tables)
        with running_service(config) as service:
            memory = _live(service, rooms, options.minutes * 60)
            status = service.stop()
        _report(service, rooms, memory, home, status)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=24)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--hostile", type=int, default=20)
    return parser.parse_args()


def _config(home: Path, tables: list[str]) -> Path:
    file = home / "config" / "feedpub.toml"
    file.parent.mkdir()
    head = '[feedpub]\nallow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\nrun_timeout = "40s"\n'
    file.write_text(head + "\n".join(tables), "utf-8")
    return file


def _live(service: RunningService, rooms: list[Newsroom], seconds: float) -> list[float]:
    """Publish at random for a while, and sample the service's memory in MB."""
    chance = random.Random(1)  # noqa: S311 -- the same day every time
    memory = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(5)
        for room in chance.sample(rooms, max(1, len(rooms) // 36)):
            room.publish()
        memory.append(_resident(service.process.pid))
    return memory


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _report(
    service: RunningService, rooms: list[Newsroom], memory: list[float], home: Path, status: int
) -> None:
    healthy = {room.name for room in rooms}
    runs = [e for e in service.events_named("run_finished") if e["feed"] in healthy]
    late = _lateness(runs)
    delays = [delay for room in rooms for delay in _delays(room, home)]
    others = [e for e in service.events_named("run_finished") if e["feed"] not in healthy]
    print(
        f"runs: {len(runs)} of {len(healthy)} healthy feeds, {len(others)} of hostile ones; "
        f"exit status {status}"
    )
    print(f"healthy feeds that never ran: {len(healthy - {e['feed'] for e in runs})}")
    print(
        "healthy runs that did not go well: "
        f"{sum(e['outcome'] not in ('updated', 'unchanged') for e in runs)}"
    )
    _print("a check ended after its time, s", late)
    _print("an entry was in its feed after, s", delays)
    quarter = max(1, len(memory) // 4)
    means = [statistics.fmean(memory[at : at + quarter]) for at in range(0, quarter * 4, quarter)]
    print(
        "memory by quarter, MB: "
        + ", ".join(f"{mean:.0f}" for mean in means)
        + f"; most {max(memory):.0f}"
    )


def _lateness(runs: list[dict[str, object]]) -> list[float]:
    """Return the seconds between the planned moment of a check and its end."""
    planned: dict[object, float] = {}
    late = []
    for run in runs:
        ended = _seconds(run["time"])
        if run["feed"] in planned:
            late.append(ended - planned[run["feed"]])
        planned[run["feed"]] = _seconds(run["next"])
    return late


def _seconds(moment: object) -> float:
    return datetime.fromisoformat(str(moment)).timestamp()


def _delays(room: Newsroom, home: Path) -> list[float]:
    """Return the seconds from publication to the file, for a feed's newest entry.

    A file's timestamp shows only its latest change.
    """
    file = home / "feeds" / f"{room.name}.json"
    if not file.exists():
        return []
    there = {
        item["url"].rsplit("-", 1)[-1] for item in json.loads(file.read_text("utf-8"))["items"]
    }
    told = [n for n in room.published if str(n) in there]
    return [max(0.0, file.stat().st_mtime - room.published[max(told)])] if told else []


def _print(what: str, values: list[float]) -> None:
    if values:
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        print(
            f"{what}: median {statistics.median(values):.1f}, p99 {cuts[98]:.1f}, "
            f"most {max(values):.1f}"
        )


if __name__ == "__main__":
    threading.stack_size(256 * 1024)  # of the sites' and the hostile servers' threads
    main()
