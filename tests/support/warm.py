"""Start commands of feedpub quickly, as forks of a process that has imported it.

Each is a process of its own, with its arguments, environment, folder and output. It can be killed
at any time.
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
MAX_COMMAND_SECONDS = 120.0  # seconds for a command


@dataclass(frozen=True, slots=True)
class Command:
    """A command to run.

    Attributes:
        arguments: The arguments of feedpub.
        folder: The working directory.
        output: The file to append standard output to.
        errors: The file to append standard error to; None is `output`.
        environ: Variables in addition to the current environment.
        faults: The faults of the process.
    """

    arguments: tuple[str, ...]
    folder: Path
    output: Path
    errors: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExitResult:
    """The end of a process.

    Attributes:
        status: The exit status, or the negative number of the signal that ended it.
        megabytes: The peak memory without its workers.
    """

    status: int
    megabytes: float


class RunningCommand:
    """A process, identified by a descriptor, because another process can get its number."""

    def __init__(self, pid: int, warm: "ForkServer") -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._warm = warm

    def has_ended(self, within: float = 0.0) -> bool:
        """Return True if the process ends within this many seconds."""
        return bool(select.select([self._descriptor], [], [], within)[0])

    def kill(self) -> None:
        """Kill the process, as a power failure does."""
        signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self, within: float = MAX_COMMAND_SECONDS) -> ExitResult:
        """Wait for the end. Kill a process that is still running, and fail the test."""
        if late := not self.has_ended(within):
            self.kill()
        os.close(self._descriptor)
        end = ExitResult(**self._warm.request({"wait": self.pid}))
        assert not late, f"killed after {within:g} s"
        return end


class ForkServer:
    """A process that has imported feedpub. Use `warm()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
            },  # a fork would not copy a thread in it
        )

    def start(self, order: Command) -> RunningCommand:
        """Start a command."""
        request = {
            "arguments": order.arguments,
            "folder": str(order.folder),
            "output": str(order.output),
            "errors": str(order.errors or order.output),
            "environ": {**os.environ, **order.environ},
            "faults": order.faults,
        }
        return RunningCommand(self.request(request)["pid"], self)

    def request(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Send an order and return the response."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(f"{json.dumps(order)}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the process that commands are forked from has ended"
        return dict(json.loads(answer))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@cache
def fork_server() -> ForkServer:
    """Return the only such process, which ends with this one."""
    server = ForkServer()
    atexit.register(server.close)
    return server
