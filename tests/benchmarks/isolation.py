"""Measure the cost of reading pages in separate processes, and compare two checkouts' cleaners.

    python -m tests.benchmarks.isolation --data ../shared/bench/extraction
    python -m tests.benchmarks.isolation --before ../feedpub-0.1     another checkout's
    cleaner, too

prints CPU seconds of all processes and elapsed seconds for the same pages, and both as ratios: the
pages in this process against the pages in a worker; and, with `--before`, this checkout's cleaner
against the other's, each in a fresh process, in alternation. The least of several rounds counts.
"""

import argparse
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from feedpub import extract
from feedpub.core.errors import ExtractError
from feedpub.core.process_pool import ProcessPool
from tests.benchmarks.compare import table
from tests.benchmarks.examples import DATASETS, rows

Page = tuple[bytes, str | None]
TIMED = """
import pickle, sys, time
from feedpub import ExtractError, extract
with open(sys.argv[1], "rb") as file:
    pages = pickle.load(file)
def read(some):
    for html, url in some:
        try:
            extract(html, url)
        except ExtractError:
            pass
read(pages[:20])
start = time.process_time()
read(pages)
print(time.process_time() - start)
"""


def main() -> None:
    options = _options()
    pages = [page for name in DATASETS for page in _pages(options.data, name, options.limit)]
    with ProcessPool(("feedpub",), max_processes=1) as workers:
        ways: dict[str, Callable[[bytes, str | None], object]] = {
            "in this process": extract,
            "in a worker": lambda html, url: workers.call(url or "", extract, html, url),
        }
        for way in ways.values():  # one-time loading must not count
            _read(pages[:20], way)
        turns = [
            {name: _measure_seconds(pages, way) for name, way in ways.items()}
            for _ in range(options.turns)
        ]
    _show(f"{len(pages)} pages", turns)
    if options.before:
        _compare(pages, options.before, options.turns)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    parser.add_argument("--limit", type=int, default=60, help="pages of each data set")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--before", type=Path, help="the root of another checkout")
    return parser.parse_args()


def _pages(data: Path, name: str, limit: int) -> list[Page]:
    return [(row.html, row.url) for row in islice(rows(data / "data", name), limit)]


def _read(pages: Sequence[Page], way: Callable[[bytes, str | None], object]) -> None:
    for html, url in pages:
        try:
            way(html, url)
        except ExtractError:  # a page without an article costs time, too
            continue


def _measure_seconds(
    pages: Sequence[Page], way: Callable[[bytes, str | None], object]
) -> tuple[float, float]:
    """Return the CPU seconds of this process and its children, and the elapsed seconds."""
    began, start = _cpu(), time.monotonic()
    _read(pages, way)
    return _cpu() - began, time.monotonic() - start


def _cpu() -> float:
    """Return the CPU seconds of this process and of its children, ended or alive."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii").split()
    ticks = os.sysconf("SC_CLK_TCK")
    ended = [
        resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    stats = [
        Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()
        for child in children
    ]
    living = sum(int(stat[11]) + int(stat[12]) for stat in stats) / ticks
    return sum(used.ru_utime + used.ru_stime for used in ended) + living


def _show(what: str, turns: Sequence[dict[str, tuple[float, float]]]) -> None:
    least = {
        name: [min(turn[name][each] for turn in turns) for each in (0, 1)] for name in turns[0]
    }
    first = next(iter(least.values()))
    lines = [
        [name, f"{cpu:.2f}", f"{cpu / first[0]:.3f}", f"{clock:.2f}", f"{clock / first[1]:.3f}"]
        for name, (cpu, clock) in least.items()
    ]
    print(table([what, "CPU s", "ratio", "clock s", "ratio"], lines), "\n")


def _compare(pages: Sequence[Page], before: Path, number: int) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(pages, file)
        file.flush()
        roots = {"before": before, "now": Path(__file__).parents[2]}
        seconds = [
            {name: _of_checkout(root, file.name) for name, root in roots.items()}
            for _ in range(number)
        ]
    _show("the cleaner", [{name: (cpu, cpu) for name, cpu in turn.items()} for turn in seconds])


def _of_checkout(root: Path, pages: str) -> float:
    """Return the CPU seconds that a checkout's cleaner takes for the pages."""
    environ = {**os.environ, "PYTHONPATH": str(root.absolute())}
    done = subprocess.run(  # noqa: S603 -- ours
        [sys.executable, "-c", TIMED, pages],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
