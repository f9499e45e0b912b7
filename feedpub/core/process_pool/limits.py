"""Limit the time and memory of a call, enforced by the kernel."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TIMERS = ((signal.ITIMER_PROF, signal.SIGPROF), (signal.ITIMER_REAL, signal.SIGALRM))
_OOM_SCORE = Path("/proc/self/oom_score_adj")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """The limits of a call and of the process that runs it.

    Attributes:
        cpu_seconds: CPU time of a call.
        wall_seconds: wall-clock time of a call.
        memory_bytes: size of the process's data.
        result_bytes: size of the pickled result.
        max_calls: calls after which a process is replaced.
        start_seconds: time within which a new process must be ready.
    """

    cpu_seconds: float = 20.0
    wall_seconds: float = 60.0
    memory_bytes: int = 512_000_000
    result_bytes: int = 64_000_000
    max_calls: int = 1000
    start_seconds: float = 60.0

    def limit_process(self) -> None:
        """Limit the memory of this process permanently, and disable its core dump."""
        _, hard_limit = resource.getrlimit(resource.RLIMIT_DATA)
        limit = self.memory_bytes
        if hard_limit != resource.RLIM_INFINITY:
            limit = min(limit, hard_limit)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError):  # not every system has this file
            _OOM_SCORE.write_text("1000")  # kill this process first if memory runs out
        for _, number in _TIMERS:
            signal.signal(number, signal.SIG_DFL)  # end the process, even within a C function

    @contextmanager
    def limit_time(self) -> Iterator[None]:
        """End this process if the block takes too long."""
        seconds = (self.cpu_seconds, self.wall_seconds)
        for (timer, _), limit in zip(_TIMERS, seconds, strict=True):
            signal.setitimer(timer, limit)
        try:
            yield
        finally:
            for timer, _ in _TIMERS:
                signal.setitimer(timer, 0)

    def explain_timeout(self, returncode: int) -> str:
        """Return the reason if a process ended because of a time limit; otherwise ""."""
        if returncode == -signal.SIGPROF:
            return f"reading it took more than {self.cpu_seconds:g} s of CPU"
        return self.wall_time_error if returncode == -signal.SIGALRM else ""

    @property
    def wall_time_error(self) -> str:
        """Return the reason for a call that exceeded the wall-clock time."""
        return f"reading it took more than {self.wall_seconds:g} s"

    @property
    def memory_error(self) -> str:
        """Return the reason for a call that exceeded the memory limit."""
        return f"reading it needed more than {self.memory_bytes // 1_000_000} MB of memory"


def resident_bytes() -> int:
    """Return the size of this process's data, which its limit refers to.

    If the system does not report it, return the peak resident size. That figure starts with the
    size of the parent process.
    """
    with suppress(OSError):
        for line in _STATUS.read_text("ascii", "replace").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
