"""Runs the command in a process of its own, with an eye on its time and on the memory of it and of its workers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.faults import Faults
from tests.support.warm import CHECKOUT, Order, Started

_UNSHARE = shutil.which("unshare") or ""
_GLANCE = 0.03  # seconds between two looks at the memory of a process


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command went.

    Attributes:
        status: its exit status; negative where a signal ended it.
        megabytes: the most that it and its workers held in memory.
        said: its output.
        in_time: False where it had to be killed.
    """

    status: int
    seconds: float
    megabytes: float
    said: str
    in_time: bool = True


class Memory:
    """The most that a process and those below it have held, as far as it was looked at."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}

    def look(self) -> None:
        """Look at all of them now."""
        for pid in family(self._pid):
            self._peaks[pid] = max(self._peaks.get(pid, 0), _peak(pid))

    @property
    def megabytes(self) -> float:
        return sum(self._peaks.values()) / 1024


def children(pid: int) -> list[int]:
    """The processes that a process has started, and that go on."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [
            int(child) for task in tasks for child in (task / "children").read_text("ascii").split()
        ]
    except OSError:  # it has ended
        return []


def family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from family(child)


def megabytes_of(pids: Iterable[int]) -> float:
    """Return what processes hold in memory now, all together."""
    return sum(map(_held, pids)) / 1024


def _held(pid: int) -> int:
    """What a process holds in memory now, in kB, its share of what it shares with others.

    0 where it has ended.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _peak(pid: int) -> int:
    """The most that a process ever held, in kB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def watched(started: Started, output: Path, seconds: float) -> Ended:
    """See a command through; it is killed if it has not ended after so many seconds."""
    began = time.monotonic()
    memory, in_time = Memory(started.pid), True
    while not started.has_ended(_GLANCE) and in_time:
        memory.look()
        in_time = time.monotonic() < began + seconds
    took = time.monotonic() - began
    if not in_time:
        os.killpg(started.pid, signal.SIGKILL)
    end = started.end()
    most = max(end.megabytes, memory.megabytes)
    return Ended(end.status, took, most, output.read_text("utf-8", "replace"), in_time)


def run_cold(order: Order, script: str, seconds: float) -> Ended:
    """Run a command by a new interpreter, in surroundings of its own; it is killed if it has not ended by then.

    Args:
        order: the command.
        script: for a shell that may mount what nobody else sees; it has `"$@"` where the command
            goes.
        seconds: that it may take.
    """
    with order.output.open("ab") as sink:
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [_UNSHARE, "-rm", "sh", "-c", script, "sh", *command(order.faults), *order.arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=order.folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **order.environ},
            start_new_session=True,
        )
        memory, killed = Memory(process.pid), False
        while process.poll() is None:
            memory.look()
            if not killed and time.monotonic() > began + seconds:
                os.killpg(process.pid, signal.SIGKILL)
                killed = True
            time.sleep(_GLANCE)
        took = time.monotonic() - began
        return Ended(
            process.returncode,
            took,
            memory.megabytes,
            order.output.read_text("utf-8", "replace"),
            not killed,
        )


def command(faults: Faults) -> list[str]:
    """Feedpub as a command of this interpreter, with these faults."""
    wrapped = ["tests.support.faults", json.dumps(dict(faults))] if faults else ["feedpub"]
    return [sys.executable, "-m", *wrapped]


def may_mount() -> bool:
    """Whether scripts that mount can be run here."""
    probe = [_UNSHARE, "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return bool(_UNSHARE) and not subprocess.run(probe, capture_output=True, check=False).returncode  # noqa: S603
