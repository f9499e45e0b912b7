"""Start a process of the pool as a new program, and run calls in it."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

from feedpub.core.errors import ResourceLimitError, WorkerError
from feedpub.core.process_pool import wire
from feedpub.core.process_pool.limits import CallLimits
from feedpub.core.process_pool.wire import CallResult

_GRACE_SECONDS = 5.0  # after which a process that its own timers should have ended is killed
_EXIT_SECONDS = 1.0  # to learn the exit status of a process
_COMMAND = (sys.executable, "-P", "-m", "feedpub.core.process_pool.child")


class PoolProcess:
    """A process that runs calls for one thread at a time.

    Args:
        limits: the limits of each call.
        modules: the modules that it imports before its first call.

    Attributes:
        has_run_large_calls: True after the first large call.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, limits: CallLimits, modules: Iterable[str] = ()) -> None:
        self._limits = limits
        self._is_ready = False
        self.has_run_large_calls = False
        channel, child_channel = socket.socketpair()
        with child_channel:
            try:
                self._process = _start_process(child_channel.fileno())
                wire.send_message(channel, pickle.dumps((limits, tuple(modules))))
            except OSError as error:
                channel.close()
                reason = f"no process can be started to read pages: {error.strerror}"
                raise WorkerError(reason) from error
        self._channel = channel
        self._started = time.monotonic()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def call(self, request: bytes) -> CallResult:
        """Run a pickled call and return its result.

        Raises:
            ResourceLimitError: the call exceeded a limit, and the process has ended.
            WorkerError: the process did not start.
        """
        self._wait_until_ready()
        deadline = time.monotonic() + self._limits.wall_seconds + _GRACE_SECONDS
        max_bytes = self._limits.result_bytes
        try:
            wire.send_message(self._channel, request, deadline)
            message = wire.receive_message(self._channel, deadline, max_bytes)
            result = pickle.loads(message)  # noqa: S301 -- sent by feedpub's own process
        except TimeoutError as error:
            self.stop()
            raise ResourceLimitError(self._limits.wall_time_error) from error
        except wire.MessageTooLargeError as error:
            self.stop()
            reason = f"its content is more than {max_bytes // 1_000_000} MB"
            raise ResourceLimitError(reason) from error
        except (EOFError, OSError) as error:
            reason = self._explain_exit()
            self.stop()
            raise ResourceLimitError(reason) from error
        assert isinstance(result, CallResult)  # noqa: S101 -- the child sends nothing else
        return result

    def kill(self) -> None:
        """End the process immediately; a call in progress fails."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and release its resources."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        start_seconds = self._limits.start_seconds
        try:
            wire.receive_message(self._channel, self._started + start_seconds)
        except (EOFError, OSError) as error:
            status = _describe_exit(self._process) or f"is not ready after {start_seconds:g} s"
            self.stop()
            raise WorkerError(f"a process that was started to read pages {status}") from error
        self._is_ready = True

    def _explain_exit(self) -> str:
        status = _describe_exit(self._process)
        timeout = self._limits.explain_timeout(self._process.returncode or 0)
        return timeout or f"the process that read it {status}"


def _start_process(descriptor: int) -> "subprocess.Popen[bytes]":
    """Start an interpreter with the same import path, except modules in the working directory."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 -- as the import system does
    return subprocess.Popen(  # noqa: S603 -- feedpub's own program
        (*_COMMAND, str(descriptor)),
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,  # Ctrl-C in a terminal must only reach the parent process
    )


def _describe_exit(process: "subprocess.Popen[bytes]") -> str:
    """Describe how a process ended; return "" if it is still running."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_EXIT_SECONDS)
    status = process.returncode
    if status is None:
        return ""
    if status == -signal.SIGKILL:
        return "was killed, most likely because the machine ran out of memory"
    if status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"exited unexpectedly (status {status})"
