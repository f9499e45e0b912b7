"""Measure the CPU of short commands, and the memory and CPU of an idle service.

    python -m tests.benchmarks.footprint                     the commands, the workers, the service
    python -m tests.benchmarks.footprint --before ../main    the same of another checkout, in turn
    python -m tests.benchmarks.footprint --only commands --passes 9

Each command is the installed one, on the shipped config, after a first `feedpub build`. Its CPU is
user and system time of all its processes; the median of several passes counts. The service has
feeds that are due in hours. Its memory is the proportional set size (PSS) of each process, from
/proc/PID/smaps_rollup (Linux only); its CPU is that of all processes per second.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.compare import table
from tests.catalogue.command import family, megabytes_of
from tests.support.service import free_port, running_service
from tests.support.warm import CHECKOUT

COMMANDS = (("--help",), ("check",), ("status",), ("build",))
PARTS = ("commands", "workers", "service")
SETTLE_SECONDS = 12.0  # until the service has written its index and freed what that took
_FEEDPUB = str(Path(sys.executable).with_name("feedpub"))
_PAGES = CHECKOUT / "tests" / "pages"
# Cleans pages in as many workers as there are, and waits for a line before it ends.
_READ_PAGES = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from feedpub.cleaner.articles import article_from_page
from feedpub.core.models import Page
from feedpub.pipeline.context import open_pool
pages = [Page("https://example.org/", path.read_bytes(), "text/html")
         for path in sorted(Path(sys.argv[1]).glob("*/source.html"))] * 2
with open_pool() as pool, ThreadPoolExecutor(int(sys.argv[2])) as threads:
    list(threads.map(lambda page: pool.call(page.url, article_from_page, page), pages))
    print(len(pages), flush=True)
    sys.stdin.readline()
"""

# Fills the state so that each feed is due in some hours.
_PLAN_LATER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from feedpub.config import load_config, state_location
from feedpub.store import Store
config = load_config(Path(sys.argv[1]))
now = datetime.now(UTC).replace(microsecond=0)
times = {name: now + timedelta(hours=2, seconds=n % 3600)
         for n, name in enumerate(config.feed.names)}
with Store.open(state_location(config.feedpub.state)) as store:
    store.schedule.reschedule(times, "every day")
"""

Checkouts = Mapping[str, Path]
"""The name of each measured checkout, and its folder."""


def main() -> None:
    options = _parse_options()
    checkouts: dict[str, Path] = {"before": options.before} if options.before else {}
    checkouts["now"] = CHECKOUT
    if "commands" in options.only:
        _measure_commands(checkouts, options.passes)
    if "workers" in options.only:
        _measure_workers(checkouts)
    if "service" in options.only:
        _measure_services(checkouts, options.feeds, options.seconds)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, help="the root of another checkout")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--passes", type=int, default=5, help="of each command")
    parser.add_argument("--feeds", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--seconds", type=float, default=30.0, help="of idling")
    return parser.parse_args()


def _environ(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout.absolute())}


# --- commands ---


def _measure_commands(checkouts: Checkouts, passes: int) -> None:
    with _homes(checkouts) as homes:
        rows = []
        for arguments in COMMANDS:
            seconds: dict[str, list[float]] = {name: [] for name in homes}
            for _ in range(passes):
                for name, home in homes.items():
                    seconds[name].append(_run(arguments, home, checkouts[name]))
            medians = [median(values) for values in seconds.values()]
            ratio = f"{medians[-1] / medians[0]:.2f}" if len(medians) > 1 else ""
            rows.append((" ".join(arguments), *(f"{value:.3f}" for value in medians), ratio))
    print(table(("CPU seconds", *checkouts, "ratio"), rows), "\n", flush=True)


@contextmanager
def _homes(checkouts: Checkouts) -> Iterator[dict[str, Path]]:
    """Yield a folder for each checkout, with the shipped config and a state."""
    with tempfile.TemporaryDirectory(prefix="feedpub-footprint-") as folder:
        homes = {name: Path(folder, name) for name in checkouts}
        for name, home in homes.items():
            shutil.copytree(CHECKOUT / "config", home / "config")
            _run(("build",), home, checkouts[name])
        yield homes


def _run(arguments: Sequence[str], home: Path, checkout: Path) -> float:
    """Run a command; return the CPU seconds of it and the processes that it has waited for."""
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [_FEEDPUB, *arguments],
        cwd=home,
        env=_environ(checkout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (arguments, process.returncode)
    return usage.ru_utime + usage.ru_stime


# --- workers ---


def _measure_workers(checkouts: Checkouts) -> None:
    rows = []
    for threads in (1, 2):
        for name, checkout in checkouts.items():
            process = subprocess.Popen(  # noqa: S603 -- our own script
                [sys.executable, "-P", "-c", _READ_PAGES, str(_PAGES), str(threads)],
                env=_environ(checkout),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            pages = process.stdout.readline().strip()
            _, *others = family(process.pid)
            memory = [megabytes_of([pid]) for pid in others]
            cpu = _cpu_seconds([process.pid, *others])
            process.communicate("\n")
            each = " + ".join(f"{megabytes:.0f}" for megabytes in memory)
            rows.append((f"{threads}", name, pages, each, f"{sum(memory):.0f}", f"{cpu:.2f}"))
    head = ("threads", "checkout", "pages", "PSS of the pool's processes", "MB", "CPU s")
    print(table(head, rows), "\n", flush=True)


# --- the service ---


def _measure_services(checkouts: Checkouts, numbers: Sequence[int], seconds: float) -> None:
    rows = []
    for number in numbers:
        for name, checkout in checkouts.items():
            with tempfile.TemporaryDirectory(prefix="feedpub-footprint-") as folder:
                found = _measure_service(number, Path(folder), checkout, seconds)
            rows.append((f"{number:,}", name, *found))
    head = ("idle feeds", "checkout", "start, CPU s", "PSS of each process", "MB", "CPU ms/s")
    print(table(head, rows), flush=True)


def _measure_service(
    number: int, folder: Path, checkout: Path, seconds: float
) -> tuple[str, str, str, str]:
    path = folder / "config" / "feedpub.toml"
    _write_config(path, number)
    command = [sys.executable, "-P", "-c", _PLAN_LATER, str(path)]
    subprocess.run(command, env=_environ(checkout), check=True)  # noqa: S603 -- our own script
    with running_service(
        path, environ=_environ(checkout), command=(sys.executable, "-P", "-m", "feedpub")
    ) as service:
        pid = service.process.pid
        started = _cpu_seconds(family(pid))
        time.sleep(SETTLE_SECONDS)
        before, began = _cpu_seconds(family(pid)), time.monotonic()
        time.sleep(seconds)
        used, elapsed = _cpu_seconds(family(pid)) - before, time.monotonic() - began
        memory = [megabytes_of([each]) for each in family(pid)]
        assert not service.events_named("run_finished")
        assert service.stop() == 0
    each = " + ".join(f"{megabytes:.0f}" for megabytes in memory)
    return f"{started:.2f}", each, f"{sum(memory):.0f}", f"{1000 * used / elapsed:.1f}"


def _write_config(path: Path, number: int) -> None:
    """Write a config whose feeds are in files of their own, as large configs have them."""
    (path.parent / "feeds.d").mkdir(parents=True)
    head = (
        '[feedpub]\nbase_url = "http://127.0.0.1:8080/"\ncontact = "https://example.org/about"\n'
        f'[http]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    path.write_text(head, "utf-8")
    for n in range(number):
        feed = (
            f'[[feed]]\nname = "feed-{n}"\ntitle = "Feed {n}"\nlink = "https://example.org/{n}"\n'
            f'[[feed.source]]\ntype = "feed"\nurl = "https://news-{n}.example.org/feed.xml"\n'
        )
        (path.parent / "feeds.d" / f"{n:05}.toml").write_text(feed, "utf-8")


def _cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU seconds that running processes and their ended children have used."""
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += sum(map(int, stat[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
