"""One worker, as seen from the process that started it. Owns how it is started, and what its end is called.

Started anew, never forked: a fork of a process with threads may find locks held by threads that are
not there. One
socket pair each, no queues and no semaphores, so that a worker that is killed while it speaks
leaves nothing behind that another one waits for.
"""

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

_GRACE = 5.0  # seconds after which a process is killed that its own timers should have ended
_LAST_WORDS = 1.0  # seconds to learn how a process has ended
_COMMAND = (sys.executable, "-P", "-m", "feedpub.core.process_pool.child")


class PoolProcess:
    """A process that works on pages; used by one thread at a time.

    Args:
        limits: of a call.
        modules: that it imports before it says that it is ready.

    Attributes:
        grown: it has done large calls.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, limits: CallLimits, modules: Iterable[str] = ()) -> None:
        self._limits = limits
        self._ready = False
        self.grown = False
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _start(theirs.fileno())
                wire.send_message(ours, pickle.dumps((limits, tuple(modules))))
            except OSError as error:
                ours.close()
                raise WorkerError(
                    f"no process can be started to read pages in: {error.strerror}"
                ) from error
        self._channel = ours
        self._begun = time.monotonic()

    @property
    def pid(self) -> int:
        """Its number among the system's processes."""
        return self._process.pid

    def call(self, request: bytes) -> CallResult:
        """Have a call done.

        Raises:
            ResourceLimitError: it was too much for the process, which is gone now.
            WorkerError: the process did not even start.
        """
        self._wait_until_ready()
        deadline = time.monotonic() + self._limits.wall + _GRACE
        try:
            wire.send_message(self._channel, request, deadline)
            answer = pickle.loads(  # noqa: S301 -- our own
                wire.receive_message(self._channel, deadline, self._limits.answer)
            )
        except TimeoutError as error:
            raise self._failed(self._limits.no_answer_error) from error
        except wire.MessageTooLargeError as error:
            raise self._failed(
                f"what is in it is more than {self._limits.answer // 1_000_000} MB"
            ) from error
        except (EOFError, OSError) as error:
            raise self._failed(self._end_of_process()) from error
        assert isinstance(answer, CallResult)  # noqa: S101 -- nothing else is ever sent
        return answer

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it does and whoever waits for its answer: it gets none."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and forget it."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        try:
            wire.receive_message(self._channel, self._begun + self._limits.start)
        except (EOFError, OSError) as error:
            how = _how_it_ended(self._process) or f"is not ready after {self._limits.start:g} s"
            self.stop()
            raise WorkerError(f"a process that was started to read pages in {how}") from error
        self._ready = True

    def _failed(self, reason: str) -> ResourceLimitError:
        self.stop()
        return ResourceLimitError(reason)

    def _end_of_process(self) -> str:
        how = _how_it_ended(self._process)
        return (
            self._limits.timeout_error(self._process.returncode or 0)
            or f"the process that read it {how}"
        )


def _start(descriptor: int) -> "subprocess.Popen[bytes]":
    """A new interpreter that finds what this one finds, but runs nothing because it lies where we are."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 -- as the import system has it
    return subprocess.Popen(  # noqa: S603 -- our own program
        (*_COMMAND, str(descriptor)),
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,  # Ctrl-C in a terminal is for the process that started it
    )


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    """How a process has ended, for people; "" where it has not."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    status = process.returncode
    if status is None:
        return ""
    if status == -signal.SIGKILL:
        return "was killed from outside, most likely for want of memory"
    return (
        f"crashed ({signal.Signals(-status).name})"
        if status < 0
        else f"ended by itself (status {status})"
    )
