"""Start the fork server of a pool, and run calls in the workers that it forks."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from feedpub.core.errors import ResourceLimitError, WorkerError
from feedpub.core.process_pool import wire
from feedpub.core.process_pool.limits import CallLimits
from feedpub.core.process_pool.wire import CallResult

_GRACE_SECONDS = 5.0  # after which a worker that its own timers should have ended is killed
_EXIT_SECONDS = 1.0  # to learn the exit status of a process
_POLL_SECONDS = 0.01
_COMMAND = (sys.executable, "-P", "-m", "feedpub.core.process_pool.fork_server")


class ForkServer:
    """The process that forks a pool's workers. Thread-safe.

    Args:
        limits: the limits of each call.
        modules: the modules that it imports before it forks the first worker.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, limits: CallLimits, modules: Iterable[str] = ()) -> None:
        self._start_seconds = limits.start_seconds
        self._is_ready = False
        self._lock = threading.Lock()
        channel, child_channel = socket.socketpair()
        with child_channel:
            try:
                self._process = _start_process(child_channel.fileno())
                wire.send_message(channel, pickle.dumps((limits, tuple(modules))))
            except OSError as error:
                channel.close()
                raise _start_error(error.strerror or str(error)) from error
        self._channel = channel

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, calls: socket.socket) -> int:
        """Fork a worker that serves the calls of a socket, and return its process id.

        Raises:
            WorkerError: the fork server failed, or cannot fork.
        """
        with self._lock:
            try:
                self._wait_until_ready()
                response = self._request(("fork", 0), calls)
            except (EOFError, OSError) as error:
                status = _wait_for_exit(self._process)
                outcome = f"is not ready after {self._start_seconds:g} s"
                if status is not None:
                    outcome = _describe_status(status)
                reason = f"a process that was started to read pages {outcome}"
                raise WorkerError(reason) from error
        if not isinstance(response, int):
            raise _start_error(str(response))
        return response

    def poll(self, pid: int) -> int | None:
        """Return the exit status of a worker; None while it runs, or if it is unknown."""
        return self._ask(("poll", pid))

    def kill(self, pid: int) -> int | None:
        """Kill a worker and return its exit status; None if it is unknown."""
        return self._ask(("kill", pid))

    def stop(self) -> None:
        """End the process and its workers."""
        if not self._is_ready:  # it has no workers yet, and notices nothing while it imports
            self._process.kill()
        with suppress(OSError):  # it has ended
            self._channel.shutdown(socket.SHUT_RDWR)  # wakes threads that wait for it, too
        with self._lock:
            self._channel.close()
        if _wait_for_exit(self._process) is None:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: wire.ForkRequest) -> int | None:
        with self._lock, suppress(EOFError, OSError):  # it has ended
            response = self._request(request)
            return response if isinstance(response, int) else None
        return None

    def _request(
        self, request: wire.ForkRequest, calls: socket.socket | None = None
    ) -> wire.ForkResponse:
        deadline = time.monotonic() + self._start_seconds
        wire.send_message(self._channel, pickle.dumps(request), deadline)
        if calls:
            socket.send_fds(self._channel, [b"."], [calls.fileno()])
        response = wire.receive_message(self._channel, deadline)
        loaded: wire.ForkResponse = pickle.loads(response)  # noqa: S301 -- sent by feedpub's own process
        return loaded

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            wire.receive_message(self._channel, time.monotonic() + self._start_seconds)
            self._is_ready = True


class PoolProcess:
    """A worker: a process that runs calls for one thread at a time.

    Args:
        server: the fork server.
        limits: the limits of each call.

    Attributes:
        pid: its process id.
        has_run_large_calls: True after the first large call.
        idle_since: the time of the monotonic clock when its last call ended.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, server: ForkServer, limits: CallLimits) -> None:
        self._server = server
        self._limits = limits
        self._status: int | None = None
        self.has_run_large_calls = False
        self.idle_since = time.monotonic()
        self._channel, child_channel = socket.socketpair()
        with child_channel:
            try:
                self.pid = server.fork(child_channel)
            except WorkerError:
                self._channel.close()
                raise

    @property
    def is_alive(self) -> bool:
        """True unless the process has closed its socket. An idle one sends nothing."""
        self._channel.settimeout(0)
        try:
            return bool(self._channel.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def call(self, request: bytes) -> CallResult:
        """Run a pickled call and return its result.

        Raises:
            ResourceLimitError: the call exceeded a limit, and the process has ended.
        """
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
        assert isinstance(result, CallResult)  # noqa: S101 -- the worker sends nothing else
        return result

    def interrupt(self) -> None:
        """Make a call in progress fail. The process ends when it notices, or with its server."""
        with suppress(OSError):  # the process has ended
            self._channel.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """End the process and release its resources."""
        self._channel.close()
        if self._status is None:
            self._status = self._server.kill(self.pid)

    def _explain_exit(self) -> str:
        until = time.monotonic() + _EXIT_SECONDS
        while self._status is None and self._server.is_alive and time.monotonic() < until:
            self._status = self._server.poll(self.pid)
            if self._status is None:
                time.sleep(_POLL_SECONDS)
        if self._status is None:
            return "the process that read it ended unexpectedly"
        timeout = self._limits.explain_timeout(self._status)
        return timeout or f"the process that read it {_describe_status(self._status)}"


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


def _start_error(reason: str) -> WorkerError:
    return WorkerError(f"no process can be started to read pages: {reason}")


def _wait_for_exit(process: "subprocess.Popen[bytes]") -> int | None:
    """Return the exit status of a process; None if it runs on."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(_EXIT_SECONDS)
    return None


def _describe_status(status: int) -> str:
    """Describe how a process ended."""
    if status == -signal.SIGKILL:
        return "was killed, most likely because the machine ran out of memory"
    if status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"exited unexpectedly (status {status})"
