"""Starts `feedpub` in processes of its own, as often as asked and at once: forked from one that has imported it all.

A process that `Launcher` starts does all that the command does, to its own files, and may be killed at any instant.
"""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.newsroom import PARAGRAPHS, feed

ROOT = Path(__file__).parents[2]
LONGEST = 60.0  # seconds that a process may take to end


@dataclass
class Started:
    """A process, known by a descriptor, so that no other process that gets its number later can be meant."""

    pid: int
    descriptor: int
    launcher: "Launcher"

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not select.select([self.descriptor], [], [], 0)[0]

    def kill(self) -> None:
        """End it as a power cut does: it is told nothing."""
        signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)

    def ended(self) -> int:
        """Wait for its end: its exit status, or the number of the signal that ended it, below zero."""
        if not select.select([self.descriptor], [], [], LONGEST)[0]:
            self.kill()
        os.close(self.descriptor)
        return int(self.launcher.ask({"wait": self.pid}))

    def has_left_nothing(self, seconds: float = 10.0) -> bool:
        """Whether the processes that it started end, too."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.01)
        return False


class Launcher:
    """Starts processes; `launcher()` makes one."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, config: Path, *arguments: str) -> Started:
        """Run the command on a config; what it says goes to the file `said` beside the folder of the config."""
        order = {"start": arguments, "config": str(config), "said": str(config.parents[1] / "said")}
        pid = int(self.ask(order))
        return Started(pid, os.pidfd_open(pid), self)

    def ask(self, order: dict[str, Any]) -> str:
        """Give an order; the one line of the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def launcher() -> Iterator[Launcher]:
    """A launcher, ended with the block."""
    command = [sys.executable, "-m", "tests.crashes.launcher"]
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603 -- our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=environ,
    ) as process:
        yield Launcher(process)
        assert process.stdin is not None
        process.stdin.close()


# --- in the launcher's own process ----------------------------------------------------------------------------------


def _warm() -> None:
    """Do once what every build does, so that nothing is left to be imported and loaded; no thread of it remains."""
    from feedpub.cli import cli  # noqa: PLC0415 -- here alone: the one who asks for processes does not need it

    with tempfile.TemporaryDirectory(prefix="feedpub-") as folder:
        config = Path(folder, "config", "feedpub.toml")
        Path(folder, "config", "articles").mkdir(parents=True)
        Path(folder, "config", "articles", "letter.md").write_text("\n\n".join(PARAGRAPHS), "utf-8")
        config.write_text(feed("warm", "folder articles"), "utf-8")
        with redirect_stdout(sys.stderr), suppress(SystemExit):
            cli(["-c", str(config), "build", "--json"])
    import_module("feedpub.service")
    import_module("rich.console")
    import_module("rich.table")
    gc.freeze()


def _become(arguments: Sequence[str], config: str, said: str) -> None:
    """Be the command from here on."""
    from feedpub.cli import main  # noqa: PLC0415

    os.setsid()
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.chdir(Path(said).parent)
    os.environ["FEEDPUB_CONFIG"] = config
    sys.argv = ["feedpub", *arguments]
    main()
    sys.exit()


def _obey() -> None:
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        elif not (answer := os.fork()):
            _become(order["start"], order["config"], order["said"])
        print(answer, flush=True)


if __name__ == "__main__":
    _warm()
    _obey()
