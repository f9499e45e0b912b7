"""Faults in the process that feedpub runs in: its clock, limits, system calls and threads.

`python -m tests.support.faults '{"clock": "/tmp/offset"}' build` runs a command with such faults.
"""

import ctypes
import json
import os
import platform
import resource
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any, Self

Faults = Mapping[str, Any]
"""The name of a fault → how."""


def clock(path: str) -> None:
    """Shift the wall clock by the number of seconds in a file, which is read each time."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(
                datetime.now().timestamp()  # noqa: DTZ005
                + float(Path(path).read_text("utf-8")),
                tz,
            )

    import_module("feedpub.core.clock").datetime = Shifted  # type: ignore[attr-defined]


def limits(of: Mapping[str, int]) -> None:
    """Set resource limits: {"RLIMIT_FSIZE": 1000}."""
    for name, value in of.items():
        resource.setrlimit(getattr(resource, name), (value, value))


def trust(ca_file: str) -> None:
    """Trust only these certificates."""
    import_module("requests.adapters").DEFAULT_CA_BUNDLE_PATH = ca_file  # type: ignore[attr-defined]


def short_grace(seconds: float) -> None:
    """Set how long runs may continue after their timeout."""
    executor: Any = import_module("feedpub.scheduler.runner").RunExecutor
    executor.__init__.__kwdefaults__["grace"] = seconds


def frequent(seconds: float) -> None:
    """Replace the shortest interval of a config, one minute, with this one."""
    planning: Any = import_module("feedpub.scheduler.next_check")
    work: Any = import_module("feedpub.scheduler.feed_runner")
    often, whole = timedelta(seconds=seconds), planning.plan_next_check

    def plan(feed: Any, source: Any, published: Any, now: datetime, *, local: bool) -> Any:
        planned = whole(feed, source, published, now, local=local)
        return replace(planned, time=now + often) if planned.why == "every 1m" else planned

    planning.plan_next_check = plan
    work.MIN_RUN_INTERVAL = often
    work.DUE_TOLERANCE = timedelta(
        0
    )  # otherwise, a source that was just checked would be due again


def dying_scheduler(times: int) -> None:
    """Let the thread of the scheduler die this many times, as after an error of a job store."""
    scheduler = import_module("apscheduler.schedulers.base").BaseScheduler
    whole: Callable[[object], object] = scheduler._process_jobs
    left = [None] * times

    def process(self: object) -> object:
        if left:
            left.pop()
            raise SystemExit
        return whole(self)

    scheduler._process_jobs = process


def hanging_folder(name: str) -> None:
    """Let access to folders of this name block, as on a disconnected network disk."""
    listed = os.scandir

    def scandir(path: Any = ".") -> Any:
        if isinstance(path, str | os.PathLike) and Path(path).name == name:
            while True:
                os.read(os.pipe()[0], 1)
        return listed(path)

    os.scandir = scandir


# --- failing system calls: a filter in the kernel returns the errors ---

_NUMBERS = {"x86_64": {"fsync": 74, "fdatasync": 75}, "aarch64": {"fsync": 82, "fdatasync": 83}}
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # of a BPF program
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000


def failing_calls(errors: Mapping[str, int]) -> None:
    """Let these system calls fail with these numbers: {"fsync": 5}."""
    numbers = _NUMBERS[platform.machine()]
    program = struct.pack("HBBI", _LOAD, 0, 0, 0)
    for name, error in errors.items():
        program += struct.pack("HBBI", _JUMP_IF_EQUAL, 0, 1, numbers[name])
        program += struct.pack("HBBI", _RETURN, 0, 0, _FAIL_WITH | error)
    program += struct.pack("HBBI", _RETURN, 0, 0, _ALLOW)
    code = ctypes.create_string_buffer(program, len(program))
    whole = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_SET_SECCOMP, _FILTER, whole, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was refused")


_FAULTS: Mapping[str, Callable[[Any], None]] = {
    fault.__name__: fault
    for fault in (
        clock,
        limits,
        trust,
        short_grace,
        frequent,
        dying_scheduler,
        hanging_folder,
        failing_calls,
    )
}


def install(faults: Faults) -> None:
    """Install faults in this process."""
    for name, how in faults.items():
        _FAULTS[name](how)


if __name__ == "__main__":
    install(json.loads(sys.argv.pop(1)))
    import_module("feedpub.__main__").main()
