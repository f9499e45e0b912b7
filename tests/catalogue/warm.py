"""A process that has imported feedpub already and forks for each command: the command, without its second of imports.

It reads orders from its standard input, a line of JSON each, and tells on its standard output which process it started
and how that ended. The fork then runs what `python -m feedpub` runs, with its own arguments, environment and output.
The first workers that it starts are forks too, which were made before it had any thread.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib import import_module
from typing import Any

from feedpub.isolation import process, worker
from tests.catalogue import faults
from tests.support.newsroom import story

_MODULES = (
    *("feedpub", "feedpub.cli", "feedpub.pipeline", "feedpub.messages", "feedpub.report", "feedpub.overview"),
    *("feedpub.publisher", "feedpub.store", "feedpub.tools", "feedpub.migrations", "rich.console", "rich.table"),
)


def serve() -> bool:
    """Start commands until nobody orders any more. True in a process that has become one."""
    for line in sys.stdin.buffer:
        order = json.loads(line)
        began = time.monotonic()
        if not (pid := os.fork()):
            _become(order)
            return True
        _tell(pid=pid)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - began
        _tell(status=os.waitstatus_to_exitcode(status), seconds=seconds, kilobytes=usage.ru_maxrss)
    return False


def _tell(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    os.setsid()
    # As in a terminal: what a shell starts in the background ignores ctrl-c, and so does all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, (path, flags) in enumerate([(os.devnull, os.O_RDONLY), *[(order["output"], os.O_WRONLY)] * 2]):
        descriptor = os.open(path, flags | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["folder"])
    os.environ.update(order["environ"])
    sys.argv[1:] = order["arguments"]
    faults.install(order["faults"])
    if "build" in order["arguments"]:
        Workers().prepare()


class Workers:
    """Forks that wait to become workers; beyond them, workers are started as always."""

    _PREPARED = 2

    def prepare(self) -> None:
        """Make the forks, and let workers be made of them."""
        self._waiting = [_Worker() for _ in range(self._PREPARED)]
        self._start = process._start
        process._start = self.start  # type: ignore[assignment]

    def start(self, descriptor: int) -> "_Worker | subprocess.Popen[bytes]":
        """A worker that serves whoever has the other end of a socket."""
        try:
            worker = self._waiting.pop()
        except IndexError:
            return self._start(descriptor)
        worker.begin(descriptor)
        return worker


class _Worker:
    """A fork of this process that becomes a worker once it is given a socket; as `Popen` has it."""

    def __init__(self) -> None:
        self.returncode: int | None = None
        self._ours, theirs = socket.socketpair()
        self._lock = threading.Lock()
        self.pid = os.fork()
        if self.pid:
            theirs.close()
            return
        self._ours.close()
        os.setsid()
        _, descriptors, _, _ = socket.recv_fds(theirs, 1, 1)
        if descriptors:  # else it was not needed
            sys.argv[1:] = [str(descriptors[0])]
            worker.main()
        os._exit(0)

    def begin(self, descriptor: int) -> None:
        """Become a worker."""
        with self._ours:
            socket.send_fds(self._ours, [b"."], [descriptor])

    def poll(self) -> int | None:
        """Its exit status; None while it goes on."""
        return self._wait(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended. Raises TimeoutExpired."""
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self._wait(os.WNOHANG if end else 0)) is None:
            if end and time.monotonic() > end:
                raise subprocess.TimeoutExpired("worker", timeout or 0)
            time.sleep(0.01)
        return status

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, options: int) -> int | None:
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, options)
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self.returncode


if __name__ == "__main__":
    for name in _MODULES:
        import_module(name)
    import_module("feedpub").extract(story(1), "https://example.org/")  # what the cleaner knows is read now
    gc.freeze()
    _tell(ready=True)
    if serve():
        import_module("feedpub.__main__").main()
