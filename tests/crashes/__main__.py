"""Kills feedpub at random instants, many times, and holds after each that nothing is torn, lost or in the way.

`python -m tests.crashes --times 10000`: rounds of so many kills each begin with an empty folder;
between two kills the site has changed, and sometimes a run may end. `--seed` says which round comes
first: one that failed is run again alone with the seed that it is named with and `--times 1`.
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
from tests.crashes.witness import Witness
from tests.support.service import eventually, free_port
from tests.support.site import Site, running_site
from tests.support.warm import Order, Started, warm

KILLS = 25  # in a round
LONGEST = 60.0  # seconds that a process may take to end
SERVED = 0.15  # the share of runs that are the service's
AGAIN = 0.35  # how often the next run is killed, too, before one may end
INSTANTS = ("any", "commit", "write")


@dataclass
class Tally:
    """What happened.

    Attributes:
        kills: by what was being waited for: any instant, one near a commit, one near the writing of
            files.
        late: how often the process had ended by then.
    """

    kills: Counter[str] = field(default_factory=Counter)
    late: int = 0
    clean: int = 0

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.kills.items()))
        return f"{self.kills.total()} kills ({kinds}), {self.late} runs had ended before; {self.clean} clean runs"


class Round:
    """One home from its beginning, through some crashes."""

    def __init__(self, seed: int, home: Path, site: Site, tally: Tally) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- instants, not secrets
        self._home = home
        self._tally = tally
        self._paper = Paper(site, home, seed)
        self._witness = Witness(home, self._paper)
        self._longest = 1.0  # seconds that a whole build takes

    def play(self, kills: int) -> None:
        """Crash so many times, and hold after each what must hold."""
        end = self._tally.kills.total() + kills
        while self._tally.kills.total() < end:
            self._paper.edition()
            self._crash()
            if self._random.random() >= AGAIN:
                self._run_clean()
        self._run_clean()

    def _crash(self) -> None:
        served = self._random.random() < SERVED
        process = self._serve() if served else self._start("build")
        kind = self._random.choice(INSTANTS)
        self._wait(kind, process)
        process.kill()
        status = process.end(LONGEST).status
        assert status in (-9, 0), f"ended with {status}: {self._said()}"
        assert eventually(lambda: not _goes_on(process.pid), seconds=10), (
            "a killed process has left others running"
        )
        if status:
            self._tally.kills[f"{kind} of the service" if served else kind] += 1
        else:
            self._tally.late += 1
        self._witness.after_a_crash()

    def _run_clean(self) -> None:
        began = time.monotonic()
        status = self._start("build").end(LONGEST).status
        self._longest = time.monotonic() - began
        assert status == 0, f"the next start ended with {status}: {self._said()}"
        self._tally.clean += 1
        self._witness.after_a_clean_run()

    def _start(self, *arguments: str) -> Started:
        environ = {"FEEDPUB_CONFIG": str(self._paper.config)}
        return warm().start(Order(arguments, self._home, self._home / "said", environ=environ))

    def _said(self) -> str:
        return (self._home / "said").read_text("utf-8")[-3000:]

    def _serve(self) -> Started:
        """The service, in which somebody has all feeds looked at now."""
        port = free_port()
        process = self._start("run", "--listen", f"127.0.0.1:{port}")
        for feed in ("world", "saved"):
            while not process.has_ended() and not _pressed(port, feed):
                time.sleep(0.01)
        assert not process.has_ended(), self._said()
        return process

    def _wait(self, kind: str, process: Started) -> None:
        if kind == "any":
            time.sleep(self._random.uniform(0, 1.05 * self._longest))
            return
        what = self._database if kind == "commit" else self._unfinished
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

    def _unfinished(self) -> object:
        return _changes(self._home / "feeds", lambda name: name.startswith("."))


def _changes(folder: Path, wanted: Callable[[str], bool]) -> object:
    """What differs once one of a folder's files is made, written or gone."""
    try:
        found = [(path.name, path.stat()) for path in folder.iterdir() if wanted(path.name)]
    except FileNotFoundError:
        return None
    return sorted((name, about.st_size, about.st_mtime_ns) for name, about in found)


def _goes_on(group: int) -> bool:
    """Whether there is a process in a group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _pressed(port: int, feed: str) -> bool:
    """Whether the service has been told to look at a feed now, or does so already."""
    address, headers = f"http://127.0.0.1:{port}/run", {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(address, f"feed={feed}".encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return True
    except URLError as error:
        return getattr(error, "code", None) == 409
    except OSError:
        return False


def crash(times: int, seed: int, tell: Callable[[str], None] = print) -> Tally:
    """Kill so many times; the first thing that does not hold is raised, with the seed of its round.

    Args:
        times: kills in all.
        seed: of the first round; the next ones have the numbers after it.
        tell: is told after each round how far it is.
    """
    tally, began = Tally(), time.monotonic()
    while (rest := times - tally.kills.total()) > 0:
        with running_site() as site, _home(seed) as home:
            try:
                Round(seed, home, site, tally).play(min(rest, KILLS))
            except AssertionError as error:
                error.add_note(f"in the round of seed {seed}, after {tally}")
                raise
        seed += 1
        tell(f"{time.monotonic() - began:.0f} s: {tally}")
    return tally


@contextmanager
def _home(seed: int) -> Iterator[Path]:
    """A folder that is taken away again, unless something in it is to be looked at."""
    home = Path(tempfile.mkdtemp(prefix=f"feedpub-crashes-{seed}-"))
    yield home
    shutil.rmtree(home)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="kills in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    options = parser.parse_args()
    crash(options.times, options.seed, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
