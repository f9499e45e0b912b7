"""`feedpub run` under a small supervisor, as systemd is one.

It restarts what ended, and kills what gives no sign.
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from tests.catalogue.command import command, family, megabytes_of
from tests.support.faults import Faults

WATCHDOG_SECONDS = 60.0  # seconds without a sign of life, as in the unit
_PAUSE = 1.0  # seconds before a restart, as in the unit


class SupervisedService:
    """The service on a config.

    Attributes:
        events: its log.
        other_lines: output lines that are not events.
        restarts: how often it was restarted.
        megabytes: the most that all its processes held at once.
    """

    def __init__(self, config: Path, port: int, faults: Faults) -> None:
        self._command = [
            *command(faults),
            "-c",
            str(config),
            "run",
            "--log",
            "json",
            "--listen",
            f"127.0.0.1:{port}",
        ]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._address = str(config.parent / "notify")
        self._ended = threading.Event()
        self._alive = time.monotonic()
        self.events: list[dict[str, Any]] = []
        self.other_lines: list[str] = []
        self.restarts = 0
        self.megabytes = 0.0

    @classmethod
    @contextmanager
    def running(cls, config: Path, port: int, faults: Faults) -> Iterator[Self]:
        """Run the service while the block runs."""
        service = cls(config, port, faults)
        service._socket.bind(service._address)
        threads = [threading.Thread(target=each) for each in (service._listen, service._supervise)]
        for thread in threads:
            thread.start()
        try:
            yield service
        finally:
            service._ended.set()
            for thread in threads:
                thread.join()
            service._socket.close()

    def _supervise(self) -> None:
        while not self._ended.is_set():
            process = self._start()
            reader = threading.Thread(target=self._read, args=(process.stderr,))
            reader.start()
            try:
                self._watch(process)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
                reader.join()
                if process.stderr:
                    process.stderr.close()
            if not self._ended.is_set():
                self.restarts += 1
                self.other_lines.append(f"ended with {process.returncode}, and was started again")
                self._ended.wait(_PAUSE)

    def _start(self) -> "subprocess.Popen[str]":
        self._alive = time.monotonic()
        environment = {
            "NOTIFY_SOCKET": self._address,
            "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000)),
        }
        return subprocess.Popen(  # noqa: S603 -- our own command
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
            cwd=Path(__file__).parents[2],
        )

    def _watch(self, process: "subprocess.Popen[str]") -> None:
        """Supervise a process until it ends, or the test does."""
        while process.poll() is None and not self._ended.wait(0.5):
            self.megabytes = max(self.megabytes, megabytes_of(family(process.pid)))
            if time.monotonic() - self._alive > WATCHDOG_SECONDS:
                self.other_lines.append(
                    f"gave no sign of life for {WATCHDOG_SECONDS:.0f} s, and was ended"
                )
                process.send_signal(signal.SIGABRT)
                process.wait()
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            if line.startswith("{"):
                self.events.append(json.loads(line))
            else:
                self.other_lines.append(line.rstrip("\n"))

    def _listen(self) -> None:
        self._socket.settimeout(0.5)
        while not self._ended.is_set():
            with suppress(TimeoutError):
                if b"WATCHDOG=1" in self._socket.recv(4096):
                    self._alive = time.monotonic()
