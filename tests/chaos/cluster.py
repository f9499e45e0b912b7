"""Run the processes on all nodes, and restart each after its end, as systemd does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.meanwhile import repeating
from tests.chaos.network import Node

RESTART_SECONDS = 3.0  # seconds until an ended process is restarted
_ROOT = Path(__file__).parents[2]


@dataclass
class Member:
    """A node with its one process.

    Attributes:
        role: the arguments of the process.
        log: its log file.
        statuses: exit statuses of its processes; the last one is from the ordered shutdown.
        busy_until: the monotonic time when the latest fault of the node ends.
    """

    node: Node
    role: tuple[str, ...]
    config: Path
    log: Path
    busy_until: float = 0.0
    starts: int = 0
    statuses: list[int] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None
    _ended: float | None = None

    @property
    def is_service(self) -> bool:
        """Return true if it is a service, one of which leads."""
        return self.role[0] == "run"

    def start(self) -> None:
        """Start the process."""
        command = [
            sys.executable,
            "-m",
            "feedpub",
            "-c",
            str(self.config),
            *self.role,
            "--log",
            "json",
        ]
        environ = {**os.environ, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- our own words
                self.node.command_prefix(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
                cwd=_ROOT,
            )
        self.starts += 1
        self._ended = None

    def supervise(self) -> None:
        """Restart the process if it ended some seconds ago."""
        assert self._process
        if self._process.poll() is None:
            return
        if self._ended is None:
            self._ended = time.monotonic()
            self.statuses.append(self._process.returncode)
        elif time.monotonic() - self._ended > RESTART_SECONDS:
            self.start()

    @property
    def is_running(self) -> bool:
        """Return true if the process is running."""
        return self._pid is not None

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it is running."""
        if (pid := self._pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self, seconds: float = 40.0) -> int:
        """Stop the process for good, and return its exit status."""
        assert self._process
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()  # and everything in its namespace
            return self._process.wait()

    def events(self) -> Iterator[dict[str, Any]]:
        """Return the events logged so far."""
        for line in self.log.read_text("utf-8").splitlines():
            if line.startswith("{"):
                with suppress(ValueError):  # cut off by a kill
                    yield json.loads(line)

    @property
    def _pid(self) -> int | None:
        """Return the PID of the first process in the node's PID namespace.

        It is the child of the process that created the namespace.
        """
        assert self._process
        if self._process.poll() is not None:
            return None
        outer = self._process.pid  # `ip netns exec` has become `unshare`
        try:
            children = Path(f"/proc/{outer}/task/{outer}/children").read_text("ascii").split()
        except OSError:
            return None
        return int(children[0]) if children else None


@contextmanager
def supervising(members: list[Member]) -> Iterator[None]:
    """Keep all members running while the block runs, then stop them."""

    def supervise() -> None:
        for member in members:
            member.supervise()

    for member in members:
        member.start()
    try:
        with repeating(supervise, 0.25):
            yield
    finally:
        for member in members:
            member.statuses.append(member.stop())
