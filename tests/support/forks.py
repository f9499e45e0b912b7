"""A process that has imported feedpub and forks for each command, which saves a second of imports.

It reads orders from standard input, one line of JSON each. For each order it writes one line to
standard output: the process that it started, or how one ended. The fork then runs what `python -m
feedpub` runs, with its own arguments, environment and output. The first fork server of workers that
it starts is a fork, too, created before it had any thread.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from feedpub import sources
from feedpub.cli import cli
from feedpub.core.process_pool import fork_server, process
from tests.support import faults
from tests.support.newsroom import feed, story

_READING_COMMANDS = {"build", "clean", "run"}  # commands that read pages, in workers
_FURTHER_MODULES = (
    "feedpub.__main__",
    "feedpub.service",
    "feedpub.web.status",
    "rich._emoji_codes",
    "rich.console",
    "rich.table",
)  # modules that a build does not import


def _warm() -> None:
    """Do once what every build does, so that everything is imported and loaded.

    No thread remains.
    """
    with tempfile.TemporaryDirectory(prefix="feedpub-warm-") as folder:
        config = Path(folder, "config", "feedpub.toml")
        Path(folder, "config", "articles").mkdir(parents=True)
        Path(folder, "config", "articles", "story.html").write_text(story(1), "utf-8")
        config.write_text(feed("warm", "folder articles"), "utf-8")
        with redirect_stdout(StringIO()) as output, suppress(SystemExit):
            cli(["-c", str(config), "build", "--json"])
    assert '"ok": true' in output.getvalue(), output.getvalue()
    import_module("feedpub").extract(story(1), "https://example.org/")  # as a worker does
    parsers = (each.name for each in walk_packages(sources.__path__, f"{sources.__name__}."))
    for name in (*_FURTHER_MODULES, *parsers):
        import_module(name)
    gc.freeze()


def _serve() -> bool:
    """Process orders until standard input ends.

    Return True in a process that has become a command.
    """
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "wait" in order:
            _, status, usage = os.wait4(order["wait"], 0)
            answer = {
                "status": os.waitstatus_to_exitcode(status),
                "megabytes": usage.ru_maxrss / 1024,
            }
        elif pid := os.fork():
            answer = {"pid": pid}
        else:
            _become_command(order)
            return True
        print(json.dumps(answer), flush=True)
    return False


def _become_command(order: dict[str, Any]) -> None:
    os.setsid()
    # As in a terminal: what a shell starts in the background ignores ctrl-c, and so does all that
    # it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    adding = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = (os.devnull, os.O_RDONLY), (order["output"], adding), (order["errors"], adding)
    for number, (path, flags) in enumerate(files):
        descriptor = os.open(path, flags, 0o666)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    sys.argv[1:] = order["arguments"]
    faults.install(order["faults"])
    if _READING_COMMANDS.intersection(order["arguments"]):
        _prepare_fork_server()


def _prepare_fork_server() -> None:
    """Let the first fork server be a fork of this process. Others are started normally."""
    start = process._start_process
    waiting = [_ForkServer()]

    def start_process(descriptor: int) -> "_ForkServer | subprocess.Popen[bytes]":
        if not waiting:
            return start(descriptor)
        server = waiting.pop()
        server.begin(descriptor)
        return server

    process._start_process = start_process  # type: ignore[assignment]


class _ForkServer:
    """A fork of this process that becomes a fork server when it gets a socket.

    It acts as a `Popen`.
    """

    def __init__(self) -> None:
        self.returncode: int | None = None
        self._socket, other = socket.socketpair()
        self._lock = threading.Lock()
        self.pid = os.fork()
        if self.pid:
            other.close()
            return
        self._socket.close()
        os.setsid()
        _, descriptors, _, _ = socket.recv_fds(other, 1, 1)
        if descriptors:  # otherwise, it was not needed
            sys.argv[1:] = [str(descriptors[0])]
            fork_server.main()
        os._exit(0)

    def begin(self, descriptor: int) -> None:
        """Become a fork server."""
        with self._socket:
            socket.send_fds(self._socket, [b"."], [descriptor])

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self._wait(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process and return its exit status. Raise TimeoutExpired if it runs on."""
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self._wait(os.WNOHANG if end else 0)) is None:
            if end and time.monotonic() > end:
                raise subprocess.TimeoutExpired("fork server", timeout or 0)
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
    _warm()
    if _serve():
        import_module("feedpub.__main__").main()
