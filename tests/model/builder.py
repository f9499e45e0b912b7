"""A process that builds on demand; a build that is to be killed runs in a fork of it.

It reads orders from its standard input, one line of JSON each, and answers each with a line on its
standard output. It has no thread between two builds, so that a fork of it is complete.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from feedpub.config import load_config
from feedpub.pipeline import run
from feedpub.store import Store
from tests.support.clock import FakeClock
from tests.support.newsroom import open_context
from tests.support.states import state_folder

_CHECKOUT = Path(__file__).parents[2]
_MAX_BUILD_SECONDS = 120.0  # seconds for a build
_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.chmod"})


@dataclass(frozen=True)
class BuildResult:
    """The result of a build.

    Attributes:
        killed: the build was killed before its end.
        now: the time on its clock at the end.
        status: the status of its outcome.
        fatal: the fatal problems of its source or of the feed.
        lost: the problems of single articles.
        error: the traceback of an exception.
        seconds: CPU time.
    """

    killed: bool = False
    now: str = ""
    status: str = ""
    fatal: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0


class Builder:
    """The client of a process that builds; `builder()` returns this process's instance."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.model.builder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_CHECKOUT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def build(self, config: Path, now: datetime, kill_at: int | None = None) -> BuildResult:
        """Build the feed of a config.

        Args:
            config: the path of the config file.
            now: the time on the build's clock.
            kill_at: kill the build before its n-th change on the disk.
        """
        return BuildResult(
            **self._request({"config": str(config), "now": now.isoformat(), "kill_at": kill_at})
        )

    def restart(self) -> None:
        """Close the open state; the next build opens it again."""
        self._request({})

    def _request(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        assert select.select([self._process.stdout], [], [], _MAX_BUILD_SECONDS)[0], "a build hangs"
        answer = self._process.stdout.readline()
        assert answer, "the build process has ended"
        return dict(json.loads(answer))

    def close(self) -> None:
        """Close its input, and wait until it ends."""
        self._process.communicate()


@cache
def builder() -> Builder:
    """Return this process's builder, which ends with the process."""
    client = Builder()
    atexit.register(client.close)
    return client


class _Service:
    """The builds of the process, and the open state of the last config."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._config = ""
        self._store: Store | None = None

    def serve(self) -> None:
        """Follow the orders until the input ends."""
        for line in iter(sys.stdin.readline, ""):
            print(json.dumps(self._execute(json.loads(line))), flush=True)
        self._close()

    def _execute(self, order: dict[str, Any]) -> dict[str, Any]:
        kill_at = order.pop("kill_at", None)
        if kill_at or order.get("config") != self._config:
            self._close()
        if not order:
            return {}
        return self._build_in_fork(order, kill_at) if kill_at else self._build(**order)

    def _close(self) -> None:
        self._open.close()
        self._config, self._store = "", None

    def _build(self, config: str, now: str) -> dict[str, Any]:
        began, clock = time.process_time(), FakeClock(datetime.fromisoformat(now))
        try:
            loaded = load_config(Path(config))
            if self._store is None:
                self._store = self._open.enter_context(Store.open(state_folder(loaded.feedpub)))
                self._config = config
            with open_context(loaded, clock, self._store) as context:
                outcome = run.run_feed(loaded.feed[0], context)
                run.finish_build(loaded, context)
        except Exception:  # noqa: BLE001 -- every exception is a violation
            return {"error": traceback.format_exc(), "now": clock.now().isoformat()}
        return {
            "now": clock.now().isoformat(),
            "status": outcome.status.value,
            "fatal": [
                f"{problem.where}: {problem.reason}"
                for problem in outcome.problems
                if problem.fatal
            ],
            "lost": [
                f"{problem.where}: {problem.reason}"
                for problem in outcome.problems
                if not problem.fatal
            ],
            "seconds": time.process_time() - began,
        }

    def _build_in_fork(self, order: Mapping[str, str], kill_at: int) -> dict[str, Any]:
        for thread in threading.enumerate():
            is_kept = thread.name.startswith("fetch-")  # the client starts it again after a fork
            if thread is not threading.current_thread() and not is_kept:
                thread.join(_MAX_BUILD_SECONDS)
                assert not thread.is_alive(), f"{thread} still runs after a build"
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.close(reading)
            _kill_at(kill_at, Path(order["config"]).parents[1])
            os.write(writing, json.dumps(self._build(**order)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answers:
            answer = answers.read()
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            return {"killed": True, "now": order["now"]}
        return dict(json.loads(answer))


def _kill_at(instant: int, home: Path) -> None:
    """Kill this process at the n-th commit or file operation in `home`."""
    left = [instant]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        if name in _EVENTS and arguments and str(home) in str(arguments[0]):
            count()

    sys.addaudithook(hook)
    event.listen(Engine, "commit", count)


if __name__ == "__main__":
    _Service().serve()
