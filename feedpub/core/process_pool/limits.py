"""How much time and memory one call may take, in a form that the kernel enforces."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CLOCKS = ((signal.ITIMER_PROF, signal.SIGPROF), (signal.ITIMER_REAL, signal.SIGALRM))

_OOM_SCORE = Path("/proc/self/oom_score_adj")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """The bounds of a call.

    Attributes:
        cpu: seconds of CPU.
        wall: seconds of any time.
        memory: bytes of data that its process may hold.
        answer: bytes of what it returns.
        calls: after which a process is replaced by a new one.
        start: seconds until a new process must be ready.
    """

    cpu: float = 20.0
    wall: float = 60.0
    memory: int = 512_000_000
    answer: int = 64_000_000
    calls: int = 1000
    start: float = 60.0

    def limit_process(self) -> None:
        """Bound the memory of this process, for good; a process that dies leaves no core behind."""
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        bound = self.memory if most == resource.RLIM_INFINITY else min(self.memory, most)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError):  # where there is none
            _OOM_SCORE.write_text("1000")  # where memory runs out, it is this process that goes
        for _, number in _CLOCKS:
            signal.signal(number, signal.SIG_DFL)  # which ends the process, whatever it is doing

    @contextmanager
    def limit_time(self) -> Iterator[None]:
        """End this process if the block takes too long."""
        for (clock, _), seconds in zip(_CLOCKS, (self.cpu, self.wall), strict=True):
            signal.setitimer(clock, seconds)
        try:
            yield
        finally:
            for clock, _ in _CLOCKS:
                signal.setitimer(clock, 0)

    def timeout_error(self, returncode: int) -> str:
        """Why a process has ended, where it was for its time; "" for every other end."""
        if returncode == -signal.SIGPROF:
            return f"reading it took more than {self.cpu:g} s of CPU"
        return self.no_answer_error if returncode == -signal.SIGALRM else ""

    @property
    def no_answer_error(self) -> str:
        """Why a process is ended that goes on and on."""
        return f"reading it took more than {self.wall:g} s"

    @property
    def too_large_error(self) -> str:
        """Why a call failed that ran out of memory."""
        return f"reading it needed more than {self.memory // 1_000_000} MB of memory"


def resident_bytes() -> int:
    """The memory that this process holds now, in bytes: what its bound is on, where the system tells it.

    Else the most that it ever held, by a figure that begins with the size of the process that
    started this one.
    """
    with suppress(OSError):
        for line in _STATUS.read_text("ascii", "replace").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
