"""Runs commands of feedpub at once: as forks of a process that has imported it already, without a second of imports.

Each is a process of its own, with its arguments, environment, folder and output, and may be killed
at any instant.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.faults import Faults

CHECKOUT = Path(__file__).parents[2]
LONGEST = 120.0  # seconds that a command may take


@dataclass(frozen=True, slots=True)
class Order:
    """A command to run.

    Attributes:
        arguments: of feedpub.
        folder: where.
        output: the file that what it says is added to.
        errors: the same for what it says of itself; None where that goes to `output`, too.
        environ: besides the environment of now.
        faults: of the process.
    """

    arguments: tuple[str, ...]
    folder: Path
    output: Path
    errors: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """How a process ended.

    Attributes:
        status: its exit status; the number of the signal that ended it, below zero.
        megabytes: the most that it held in memory, without its workers.
    """

    status: int
    megabytes: float


class Started:
    """A process, known by a descriptor, so that no other process that gets its number later can be meant."""

    def __init__(self, pid: int, warm: "Warm") -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._warm = warm

    def has_ended(self, within: float = 0.0) -> bool:
        """Whether it ends within so many seconds."""
        return bool(select.select([self._descriptor], [], [], within)[0])

    def kill(self) -> None:
        """End it as a power cut does: it is told nothing."""
        signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def end(self, within: float = LONGEST) -> End:
        """How it ended; whoever has to be killed, because it has not by then, fails the test."""
        if late := not self.has_ended(within):
            self.kill()
        os.close(self._descriptor)
        end = End(**self._warm.ask({"wait": self.pid}))
        assert not late, f"killed after {within:g} s"
        return end


class Warm:
    """A process that has imported feedpub; `warm()` gives the one of this process."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
            },  # a thread in it would not outlive a fork
        )

    def start(self, order: Order) -> Started:
        """Start a command."""
        wish = {
            "arguments": order.arguments,
            "folder": str(order.folder),
            "output": str(order.output),
            "errors": str(order.errors or order.output),
            "environ": {**os.environ, **order.environ},
            "faults": order.faults,
        }
        return Started(self.ask(wish)["pid"], self)

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Give an order; the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(f"{json.dumps(order)}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the process that commands are forked from has ended"
        return dict(json.loads(answer))

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


@cache
def warm() -> Warm:
    """The one of this process, which ends with it."""
    made = Warm()
    atexit.register(made.close)
    return made
