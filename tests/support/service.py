"""`feedpub run` as a process of its own, with its log and its web site."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

TIMEOUT_SECONDS = 20.0  # seconds; only a failing test waits for all of it


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], object], seconds: float = TIMEOUT_SECONDS) -> bool:
    """Wait until a condition holds. Return False if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class RunningService:
    """A started service: `events` is its log as JSON, `get` requests its pages."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port
        self.events: list[dict[str, Any]] = []
        self.lines: list[str] = []
        assert process.stderr is not None
        self._reader = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("{"):
                self.events.append(json.loads(line))

    @property
    def has_started(self) -> bool:
        """Return True if the log has the event, in either format."""
        return any(" started " in line or '"started"' in line for line in list(self.lines))

    def events_named(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Return the events of this name with these fields."""
        return [e for e in list(self.events) if e["event"] == event and fields.items() <= e.items()]

    def wait_for_event(self, event: str, times: int = 1, **fields: object) -> bool:
        """Wait until the log has a number of events of this name with these fields."""
        return eventually(lambda: len(self.events_named(event, **fields)) >= times)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the body of a page."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers=dict(headers or {})
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
            return bytes(answer.read())

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Stop the service as a supervisor does, and return its exit status."""
        self.send(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


@contextmanager
def running_service(
    config: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "feedpub"),
) -> Iterator[RunningService]:
    """Run the service until the block ends. It is listening when the block starts."""
    port = free_port()
    whole = [
        *command,
        "-c",
        str(config),
        "run",
        "--log",
        "json",
        "--listen",
        f"127.0.0.1:{port}",
        *arguments,
    ]
    process = subprocess.Popen(  # noqa: S603 -- our own command
        whole,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
    )
    service = RunningService(process, port)
    try:
        assert eventually(lambda: service.has_started or process.poll() is not None), service.lines
        assert process.poll() is None, service.lines
        yield service
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        service._reader.join(TIMEOUT_SECONDS)
        if process.stderr:
            process.stderr.close()
