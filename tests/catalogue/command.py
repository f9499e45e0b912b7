"""Runs the command in a process of its own, with an eye on its time and on the memory of it and of its workers."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.catalogue.faults import Faults

_CHECKOUT = Path(__file__).parents[2]
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


@dataclass(frozen=True, slots=True)
class Order:
    """A command to run.

    Attributes:
        arguments: of feedpub.
        folder: where.
        environ: besides the environment's own.
        faults: of the process.
    """

    arguments: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)


class Memory:
    """The most that a process and those below it have held, as far as it was looked at."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}

    def look(self) -> None:
        """Look at all of them now."""
        for pid in _family(self._pid):
            self._peaks[pid] = max(self._peaks.get(pid, 0), _peak(pid))

    @property
    def megabytes(self) -> float:
        return sum(self._peaks.values()) / 1024


def children(pid: int) -> list[int]:
    """The processes that a process has started, and that go on."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except OSError:  # it has ended
        return []


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from _family(child)


def _peak(pid: int) -> int:
    """The most that a process ever held, in kB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


class WarmStarts:
    """Starts commands from a process that has imported feedpub. One at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.catalogue.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_CHECKOUT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a thread in it would not outlive a fork
        )
        self._heard = b""
        self.pid = 0  # of the command under way, or of the last one

    def __enter__(self) -> Self:
        assert self._hear(60), "the warm process does not start"
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()

    def run(self, order: Order, seconds: float) -> Ended:
        """Run a command; it is killed if it has not ended by then."""
        with _output() as output:
            wish = {"arguments": order.arguments, "folder": str(order.folder), "faults": order.faults}
            self._send({**wish, "environ": dict(order.environ), "output": str(output)})
            pid = self.pid = self._hear(60)["pid"]
            end, memory = time.monotonic() + seconds, Memory(pid)
            told: dict[str, Any] = {}
            killed = False
            while not told:
                memory.look()
                told = self._hear(_GLANCE)
                if not told and not killed and time.monotonic() > end:
                    os.killpg(pid, signal.SIGKILL)
                    killed = True
            most = max(told["kilobytes"] / 1024, memory.megabytes)
            return Ended(told["status"], told["seconds"], most, output.read_text("utf-8", "replace"), not killed)

    def _send(self, wish: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self, seconds: float) -> dict[str, Any]:
        """What it tells within so many seconds; {} where that is nothing."""
        assert self._process.stdout is not None
        while b"\n" not in self._heard:
            if not select.select([self._process.stdout], [], [], seconds)[0]:
                return {}
            received = os.read(self._process.stdout.fileno(), 1 << 16)
            assert received, "the warm process has ended"
            self._heard += received
        line, _, self._heard = self._heard.partition(b"\n")
        return dict(json.loads(line))


def run_cold(order: Order, script: str, seconds: float) -> Ended:
    """Run a command by a new interpreter, in surroundings of its own; it is killed if it has not ended by then.

    Args:
        order: the command.
        script: for a shell that may mount what nobody else sees; it has `"$@"` where the command goes.
        seconds: that it may take.
    """
    with _output() as output, output.open("ab") as sink:
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [_UNSHARE, "-rm", "sh", "-c", script, "sh", *command(order.faults), *order.arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=order.folder,
            env={**os.environ, "PYTHONPATH": str(_CHECKOUT), **order.environ},
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
        return Ended(process.returncode, took, memory.megabytes, output.read_text("utf-8", "replace"), not killed)


def command(faults: Faults) -> list[str]:
    """Feedpub as a command of this interpreter, with these faults."""
    wrapped = ["tests.catalogue.faults", json.dumps(dict(faults))] if faults else ["feedpub"]
    return [sys.executable, "-m", *wrapped]


def may_mount() -> bool:
    """Whether scripts that mount can be run here."""
    probe = [_UNSHARE, "-rm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return bool(_UNSHARE) and not subprocess.run(probe, capture_output=True, check=False).returncode  # noqa: S603


@contextmanager
def _output() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="feedpub-said-") as folder:
        path = Path(folder, "output")
        path.touch()
        path.chmod(0o666)
        Path(folder).chmod(0o755)
        yield path
