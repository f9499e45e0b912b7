"""Run the service under attack by hostile feeds.

The service runs here or under a real systemd, and its delays, stalls and memory are measured.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.catalogue.command import family, megabytes_of
from tests.catalogue.stage import HEAD
from tests.soak.report import Event, Measurements, lateness
from tests.soak.supervised import SupervisedService
from tests.support.faults import Faults
from tests.support.home import Home
from tests.support.service import free_port
from tests.systemd.boot import CONFIG, INSTALL, ROOT, SERVICE, URL, drop_in
from tests.systemd.machine import booted_machine

MAX_LATENESS_SECONDS = 20.0  # seconds that a healthy feed may be late
_LOG = "[Service]\nExecStart=\nExecStart=/opt/feedpub/bin/feedpub run --log json\n"
_MAX_COMPLAINTS = 40  # lines of the log that are shown

Start = Callable[..., "subprocess.Popen[str]"]
"""Starts a module of the tests, with arguments, in the network of the soak test."""


@dataclass(frozen=True, slots=True)
class SoakOptions:
    """The parameters of a soak test.

    Attributes:
        seconds: its duration.
        healthy: the number of healthy feeds.
        names: of the hostile ones; all if empty.
        bound: seconds that a healthy feed may be late.
        every: seconds between two checks of a healthy feed.
        gap: seconds between two articles, each of another healthy feed.
        log: the file for the service's log.
    """

    seconds: float
    healthy: int = 20
    names: tuple[str, ...] = ()
    max_lateness_seconds: float = MAX_LATENESS_SECONDS
    interval_seconds: float = 60.0
    publish_seconds: float = 6.0
    log: Path | None = None


class SiteProcess:
    """The sites, in a process of their own.

    Attributes:
        feeds: the TOML texts of the feeds.
        healthy, hostile: their names.
        published: the reported articles.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        self.feeds: list[str] = first["feeds"]
        self.healthy: list[str] = first["healthy"]
        self.hostile: list[str] = first["hostile"]
        self.published: list[dict[str, Any]] = []
        self._lines = process.stdout
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Read the remaining output of a process that has ended."""
        self._reader.join()
        self._lines.close()

    def _read(self) -> None:
        for line in self._lines:
            self.published.append(json.loads(line))

    def lost_articles(self, get: Callable[[str], bytes], before: float) -> Iterator[str]:
        """Return the articles that were published before a moment and are not in their feeds."""
        for name in self.healthy:
            try:
                known = {item["title"] for item in json.loads(get(f"{name}.json"))["items"]}
            except (OSError, subprocess.SubprocessError):  # not published, or the service is down
                known = set()
            for article in self.published:
                if (
                    article["published"] == name
                    and article["at"] < before
                    and article["title"] not in known
                ):
                    yield f"{name}: {article['title']}"


def run_locally(
    siege: SoakOptions, faults: Faults | None = None
) -> tuple[Measurements, Sequence[str]]:
    """Run the test on a service of this machine; return the measurements and further lines."""
    with TemporaryDirectory(prefix="feedpub-soak-") as folder, _world(siege, _start) as world:
        home, port = Home(Path(folder)), free_port()
        home.configure(*world.feeds, head=HEAD)
        url = f"http://127.0.0.1:{port}/"
        with (
            SupervisedService.running(home.config, port, faults or {}) as service,
            _probing(url, _start) as probed,
        ):
            time.sleep(siege.seconds)
            end = datetime.now(UTC)
            lost = list(
                world.lost_articles(
                    lambda name: (home.feeds / name).read_bytes(), _latest_due_time(siege)
                )
            )
            events, restarts = list(service.events), service.restarts
        return _collect_measurements(
            siege, world, events, end, lost, probed, service.megabytes, restarts
        ), [
            *_complaints(events),
            *service.other_lines[-_MAX_COMPLAINTS:],
        ]


def run_on_systemd(siege: SoakOptions) -> tuple[Measurements, Sequence[str]]:
    """Run the test on a systemd unit with its watchdog. Raises NoMachineError."""
    with (
        booted_machine(ROOT, INSTALL.strip()) as machine,
        _world(siege, machine.start_beside) as world,
    ):
        machine.write(
            CONFIG,
            HEAD.replace("[feedpub]\n", '[feedpub]\noutput = "../feeds"\n')
            + "\n".join(world.feeds),
        )
        drop_in(machine, SERVICE, "log", _LOG)
        machine.run("systemctl", "start", SERVICE)
        with _probing(f"{URL}/", machine.start_beside) as probed:
            megabytes, until = 0.0, time.monotonic() + siege.seconds
            while time.monotonic() < until:
                time.sleep(1)
                megabytes = max(
                    megabytes, megabytes_of(filter(_belongs_to_service, family(machine.leader)))
                )
            end = datetime.now(UTC)
            lost = list(
                world.lost_articles(
                    lambda name: machine.get(f"{URL}/{name}"), _latest_due_time(siege)
                )
            )
            restarts = int(machine.show(SERVICE, "NRestarts"))
            lines = machine.journal(SERVICE).splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        others = [line for line in lines if not line.startswith("{")]
        found = _collect_measurements(siege, world, events, end, lost, probed, megabytes, restarts)
        return found, [*_complaints(events), *others[-_MAX_COMPLAINTS:]]


def _belongs_to_service(pid: int) -> bool:
    """Return True if a process of the machine belongs to the service's unit."""
    try:
        return f"/{SERVICE}" in Path(f"/proc/{pid}/cgroup").read_text("ascii")
    except OSError:  # it has ended
        return False


def _latest_due_time(siege: SoakOptions) -> float:
    """Return the latest publication time of articles that must be in their feeds by now."""
    return time.time() - siege.interval_seconds - 1.5 * siege.max_lateness_seconds


def _collect_measurements(  # noqa: PLR0913, PLR0917 -- all that was measured
    siege: SoakOptions,
    world: SiteProcess,
    events: Sequence[Event],
    end: datetime,
    lost: Sequence[str],
    probed: Sequence[dict[str, float]],
    megabytes: float,
    restarts: int,
) -> Measurements:
    if siege.log:
        siege.log.write_text("\n".join(json.dumps(event) for event in events), "utf-8")
    runs = Counter(event.get("feed") for event in events if event.get("event") == "run_finished")
    return Measurements(
        lateness=lateness(events, world.healthy, end),
        lost=lost,
        stall=probed[0]["longest"],
        megabytes=megabytes,
        restarts=restarts,
        runs={name: runs[name] for name in world.hostile},
    )


def _complaints(events: Sequence[Event]) -> list[str]:
    """Return the log's errors in feedpub itself, and its starts and ends."""
    wanted = (
        "started",
        "stopped",
        "scheduler_restarted",
        "too_many_stuck_threads",
        "run_crashed",
        "clock_jump",
    )
    lines = [
        f"{e['time']} {e['event']} {e.get('feed', '')} {e.get('trace', '')}"[:600]
        for e in events
        if "trace" in e
    ]
    shown = ("time", "event", "feed", "outcome", "reason")
    lines += [
        " ".join(str(e[name]) for name in shown if name in e)
        for e in events
        if e["event"] in wanted
    ]
    return lines[-_MAX_COMPLAINTS:]


def _start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 -- our own
        [sys.executable, "-m", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@contextmanager
def _world(siege: SoakOptions, start: Start) -> Iterator[SiteProcess]:
    arguments = ("--healthy", str(siege.healthy), "--gap", str(siege.publish_seconds), *siege.names)
    with _ending(start("tests.soak.world", *arguments)) as process:
        world = SiteProcess(process)
        yield world
    world.close()


@contextmanager
def _probing(url: str, start: Start) -> Iterator[list[dict[str, float]]]:
    """Probe the service while the block runs; the list has the result when it ends."""
    found: list[dict[str, float]] = []
    process = start("tests.soak.probe", url)
    try:
        yield found
    finally:
        output, _ = process.communicate()
        found.append(json.loads(output))


@contextmanager
def _ending(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Run a process that ends when its standard input is closed, which happens after the block."""
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
