"""Run the command in its own process, and measure its time and the memory of it and its workers."""

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
from tests.support.warm import CHECKOUT, Command, RunningCommand

_UNSHARE = shutil.which("unshare") or ""
_GLANCE = 0.1  # seconds between two memory samples


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of a command.

    Attributes:
        status: its exit status; negative if a signal ended it.
        megabytes: the most memory that it and its workers used.
        output: its output.
        in_time: False if it had to be killed.
    """

    status: int
    seconds: float
    megabytes: float
    output: str
    in_time: bool = True


class Memory:
    """The peak memory of a process and its descendants, as far as it was sampled."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}

    def sample(self) -> None:
        """Sample the process and its descendants."""
        workers = set(workers_of(self._pid))
        for pid in family(self._pid):
            # A worker begins with the memory of its parent, which counts there.
            shared = _shared_kilobytes(pid) if pid in workers else 0
            self._peaks[pid] = max(self._peaks.get(pid, 0), _peak(pid) - shared)

    @property
    def megabytes(self) -> float:
        return sum(self._peaks.values()) / 1024


def children(pid: int) -> list[int]:
    """Return the running child processes of a process."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [
            int(child) for task in tasks for child in (task / "children").read_text("ascii").split()
        ]
    except OSError:  # it has ended
        return []


def workers_of(pid: int) -> list[int]:
    """Return the workers of a process: the children of its fork server."""
    return [worker for server in children(pid) for worker in children(server)]


def family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from family(child)


def megabytes_of(pids: Iterable[int]) -> float:
    """Return the memory that the processes use now, in total."""
    return sum(map(_resident_kilobytes, pids)) / 1024


def _resident_kilobytes(pid: int) -> int:
    """Return the kB of memory that a process uses now, with its proportion of shared memory.

    Return 0 if it has ended.
    """
    return _sum_of_mappings(pid, "Pss:")


def _shared_kilobytes(pid: int) -> int:
    """Return the kB of memory that a process shares with others; 0 if it has ended."""
    return _sum_of_mappings(pid, "Shared_Clean:", "Shared_Dirty:")


def _sum_of_mappings(pid: int, *fields: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(fields))


def _peak(pid: int) -> int:
    """Return the peak memory of a process in kB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def wait_for_end(started: RunningCommand, output: Path, seconds: float) -> Ended:
    """Wait for a command; kill it after `seconds`."""
    began = time.monotonic()
    memory, in_time = Memory(started.pid), True
    while not started.has_ended(_GLANCE) and in_time:
        memory.sample()
        in_time = time.monotonic() < began + seconds
    took = time.monotonic() - began
    if not in_time:
        os.killpg(started.pid, signal.SIGKILL)
    end = started.wait()
    most = max(end.megabytes, memory.megabytes)
    return Ended(end.status, took, most, output.read_text("utf-8", "replace"), in_time)


def run_cold(order: Command, script: str, seconds: float) -> Ended:
    """Run a command in a new interpreter and mount namespace; kill it after `seconds`.

    Args:
        order: the command.
        script: a shell script that may mount things privately; `"$@"` marks the command.
        seconds: the time limit.
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
            memory.sample()
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
    """Return the command line that runs feedpub in this interpreter with these faults."""
    wrapped = ["tests.support.faults", json.dumps(dict(faults))] if faults else ["feedpub"]
    return [sys.executable, "-m", *wrapped]


def may_mount() -> bool:
    """Check that a script may mount file systems here."""
    probe = [_UNSHARE, "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return bool(_UNSHARE) and not subprocess.run(probe, capture_output=True, check=False).returncode  # noqa: S603
