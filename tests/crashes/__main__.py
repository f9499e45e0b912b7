"""Kill feedpub at random instants, and check each time that no file is torn, lost or left over.

`python -m tests.crashes --times 10000` kills it in rounds. Each round begins with an empty folder.
The site changes between two kills, and some runs may end normally. `--seed` selects the first
round. To repeat a failed round, pass the seed that it reports and `--times 1`.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from tests.crashes.paper import TOKEN, Paper
from tests.crashes.witness import ConsistencyChecker
from tests.support.service import eventually, free_port
from tests.support.site import Site, running_site
from tests.support.warm import Command, RunningCommand, fork_server

KILLS = 25  # a round
MAX_RUN_SECONDS = 60.0  # seconds for a process to end
SERVICE_PROBABILITY = 0.15  # the share of runs by the service
REPEAT_PROBABILITY = 0.35  # the probability that the next run is killed, too
INSTANTS = ("any", "commit", "write")


@dataclass
class Counts:
    """Counts of a test's events.

    Attributes:
        kills: by the awaited instant: any, near a commit, or near the writing of files.
        late: the processes that had ended before the kill.
    """

    kills: Counter[str] = field(default_factory=Counter)
    late: int = 0
    clean: int = 0

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kinds}), {self.late} runs had ended before; "
            f"{self.clean} clean runs"
        )


class CrashRun:
    """A home from its creation through several crashes."""

    def __init__(self, seed: int, home: Path, site: Site, tally: Counts) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- instants, not secrets
        self._home = home
        self._tally = tally
        self._paper = Paper(site, home, seed)
        self._witness = ConsistencyChecker(home, self._paper)
        self._longest = 1.0  # seconds that a complete build takes

    def run(self, kills: int) -> None:
        """Crash `kills` times, and check the files and the state after each crash."""
        end = self._tally.kills.total() + kills
        while self._tally.kills.total() < end:
            self._paper.publish_edition()
            self._crash()
            if self._random.random() >= REPEAT_PROBABILITY:
                self._run_clean()
        self._run_clean()

    def _crash(self) -> None:
        served = self._random.random() < SERVICE_PROBABILITY
        process = self._serve() if served else self._start("build")
        kind = self._random.choice(INSTANTS)
        self._wait_for_instant(kind, process)
        process.kill()
        status = process.wait(MAX_RUN_SECONDS).status
        assert status in (-9, 0), f"ended with {status}: {self._output()}"
        assert eventually(lambda: not _is_running(process.pid), seconds=10), (
            "a killed process left others running"
        )
        if status:
            self._tally.kills[f"{kind} of the service" if served else kind] += 1
        else:
            self._tally.late += 1
        self._witness.check_after_crash()

    def _run_clean(self) -> None:
        began = time.monotonic()
        status = self._start("build").wait(MAX_RUN_SECONDS).status
        self._longest = time.monotonic() - began
        assert status == 0, f"the next start ended with {status}: {self._output()}"
        self._tally.clean += 1
        self._witness.check_after_clean_run()

    def _start(self, *arguments: str) -> RunningCommand:
        environ = {"FEEDPUB_CONFIG": str(self._paper.config)}
        return fork_server().start(
            Command(arguments, self._home, self._home / "output", environ=environ)
        )

    def _output(self) -> str:
        return (self._home / "output").read_text("utf-8")[-3000:]

    def _serve(self) -> RunningCommand:
        """Start the service and run all its feeds."""
        port = free_port()
        process = self._start("run", "--listen", f"127.0.0.1:{port}")
        for feed in ("world", "saved"):
            while not process.has_ended() and not _request_run(port, feed):
                time.sleep(0.01)
        assert not process.has_ended(), self._output()
        return process

    def _wait_for_instant(self, kind: str, process: RunningCommand) -> None:
        if kind == "any":
            time.sleep(self._random.uniform(0, 1.05 * self._longest))
            return
        what = self._database if kind == "commit" else self._unfinished_files
        end = time.monotonic() + 2 * self._longest
        for _ in range(self._random.randint(1, 8)):
            before = what()
            while what() == before and not process.has_ended() and time.monotonic() < end:
                time.sleep(0.0002)
        time.sleep(
            self._random.choice((0, self._random.uniform(0, 0.003), self._random.uniform(0, 0.03)))
        )

    def _database(self) -> object:
        return _changes(self._home / ".feedpub", lambda name: name.startswith("feedpub.sqlite"))

    def _unfinished_files(self) -> object:
        return _changes(self._home / "feeds", lambda name: name.startswith("."))


def _changes(folder: Path, wanted: Callable[[str], bool]) -> object:
    """Return a value that changes if one of a folder's files is created, written or deleted."""
    try:
        found = [(path.name, path.stat()) for path in folder.iterdir() if wanted(path.name)]
    except FileNotFoundError:
        return None
    return sorted((name, about.st_size, about.st_mtime_ns) for name, about in found)


def _is_running(group: int) -> bool:
    """Return True if a process group has a process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _request_run(port: int, feed: str) -> bool:
    """Request a run from the service. Return True if the feed runs or will run now."""
    address, headers = f"http://127.0.0.1:{port}/run", {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(address, f"feed={feed}".encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return True
    except URLError as error:
        return getattr(error, "code", None) == 409
    except OSError:
        return False


def crash_repeatedly(times: int, seed: int, tell: Callable[[str], None] = print) -> Counts:
    """Kill feedpub `times` times, and raise the first failure with the seed of its round.

    Args:
        times: the total number of kills.
        seed: the first round's seed; each later round adds one.
        tell: called with the progress after each round.
    """
    tally, began = Counts(), time.monotonic()
    while (rest := times - tally.kills.total()) > 0:
        with running_site() as site, _temporary_home(seed) as home:
            try:
                CrashRun(seed, home, site, tally).run(min(rest, KILLS))
            except AssertionError as error:
                error.add_note(f"in the round of seed {seed}, after {tally}")
                raise
        seed += 1
        tell(f"{time.monotonic() - began:.0f} s: {tally}")
    return tally


@contextmanager
def _temporary_home(seed: int) -> Iterator[Path]:
    """Create a temporary folder; keep it if the block raises."""
    home = Path(tempfile.mkdtemp(prefix=f"feedpub-crashes-{seed}-"))
    yield home
    shutil.rmtree(home)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument(
        "--times", type=int, default=100, help="total number of kills (default: 100)"
    )
    parser.add_argument("--seed", type=int, default=1, help="the first round's seed (default: 1)")
    options = parser.parse_args()
    crash_repeatedly(options.times, options.seed, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
