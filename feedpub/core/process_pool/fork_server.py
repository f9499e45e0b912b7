"""Run as the fork server of a pool: import modules once, and fork a worker for each request.

The pool starts this module as a program with the number of an open socket. It sends the limits and
the modules to import, then requests. A worker shares the memory of the modules with this process,
and starts in milliseconds. This process has a single thread, so that a worker inherits no lock
which another thread holds.

When the other end of the socket closes, this process kills its workers and ends. Neither outlives
the pool.
"""

import gc
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from itertools import count
from typing import NoReturn

from feedpub.core.errors import SourceError
from feedpub.core.process_pool import wire
from feedpub.core.process_pool.limits import CallLimits, resident_bytes
from feedpub.core.process_pool.wire import CallResult

# Freed memory is fragmented. A worker that has grown by this fraction of its limit is replaced.
_MAX_GROWTH_DIVISOR = 2


# --- the fork server ---


def main() -> None:
    """Serve requests from the socket that the command line names."""
    gc.disable()  # collections would write to memory that workers share
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        try:
            request = wire.receive_message(channel)
            limits, modules = pickle.loads(request)  # noqa: S301 -- sent by the parent process
            serve_forks(channel, limits, modules)
        except (EOFError, OSError):  # the parent process has ended
            return


def serve_forks(channel: socket.socket, limits: CallLimits, modules: Iterable[str] = ()) -> None:
    """Import modules, report readiness, and serve requests. Kill all workers at the end.

    Raises:
        EOFError: the other end of the socket was closed.
        OSError: the socket failed.
    """
    for name in modules:
        import_module(name)
    gc.freeze()
    wire.send_message(channel, b"")
    workers: set[int] = set()
    try:
        while True:
            request = wire.receive_message(channel)
            action, pid = pickle.loads(request)  # noqa: S301 -- sent by the parent process
            response: wire.ForkResponse
            if action == "fork":
                response = _fork_worker(channel, limits, workers)
            elif action == "poll":
                response = _poll_worker(pid, workers)
            else:
                response = _kill_worker(pid, workers)
            wire.send_message(channel, pickle.dumps(response))
    finally:
        for pid in tuple(workers):
            _kill_worker(pid, workers)


def _fork_worker(channel: socket.socket, limits: CallLimits, workers: set[int]) -> int | str:
    """Fork a worker, and return its process id; return the reason if that is impossible."""
    _, (descriptor,), _, _ = socket.recv_fds(channel, 1, 1)
    with socket.socket(fileno=descriptor) as calls:
        try:
            pid = os.fork()
        except OSError as error:
            return error.strerror or str(error)
        if pid == 0:
            channel.close()
            _run_worker(calls, limits)
    workers.add(pid)
    return pid


def _poll_worker(pid: int, workers: set[int]) -> int | None:
    """Return the exit status of a worker; None while it runs."""
    return _wait_for_worker(pid, workers, os.WNOHANG)


def _kill_worker(pid: int, workers: set[int]) -> int | None:
    """Kill a worker, and return its exit status. No other process can have its id until then."""
    if pid in workers:
        os.kill(pid, signal.SIGKILL)
    return _wait_for_worker(pid, workers, 0)


def _wait_for_worker(pid: int, workers: set[int], options: int) -> int | None:
    if pid not in workers:
        return None
    ended, status = os.waitpid(pid, options)
    if not ended:
        return None
    workers.discard(pid)
    return os.waitstatus_to_exitcode(status)


# --- its workers ---


def _run_worker(calls: socket.socket, limits: CallLimits) -> NoReturn:
    """Serve calls until the socket closes, and end the process."""
    status = 1
    try:
        gc.enable()
        limits.limit_process()
        serve_calls(calls, limits)
        status = 0
    except (EOFError, OSError):  # the pool needs the worker no longer
        status = 0
    except BaseException:  # noqa: BLE001 -- the process must not continue as a second fork server
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def serve_calls(channel: socket.socket, limits: CallLimits) -> None:
    """Serve calls, up to the maximum number or growth.

    Raises:
        EOFError: the other end of the socket was closed.
        OSError: the socket failed.
    """
    baseline = limits.memory_bytes
    max_growth = limits.memory_bytes // _MAX_GROWTH_DIVISOR
    for calls in count(1):
        result = _call(wire.receive_message(channel), limits)
        baseline = min(baseline, resident_bytes())  # the first call loads shared data
        has_grown = resident_bytes() - baseline > max_growth
        is_last = result.is_last or calls >= limits.max_calls or has_grown
        with limits.limit_time():
            message = _pickle_result(replace(result, is_last=is_last), limits)
        wire.send_message(channel, message)
        if is_last:
            return


def _call(request: bytearray, limits: CallLimits) -> CallResult:
    """Call the requested function.

    Leaving an except clause frees the objects that the exception refers to.
    """
    try:
        with limits.limit_time():
            function, args, kwargs = pickle.loads(request)  # noqa: S301 -- sent by the parent process
            del request
            return CallResult(value=function(*args, **kwargs))
    except SourceError as error:
        return CallResult(error=error.with_traceback(None))
    except MemoryError:
        return CallResult(exceeded=limits.memory_error, is_last=True)
    except RecursionError:
        return CallResult(exceeded="it is nested too deeply to be read")
    except Exception:  # noqa: BLE001 -- a bug concerns one page; the parent process logs it
        return CallResult(bug=traceback.format_exc())


def _pickle_result(result: CallResult, limits: CallLimits) -> bytes:
    try:
        return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        pass  # pickled below, after the except clause has freed the partial result
    except Exception:  # noqa: BLE001 -- pickle raises exceptions of many types
        return pickle.dumps(CallResult(bug=traceback.format_exc(), is_last=result.is_last))
    return pickle.dumps(CallResult(exceeded=limits.memory_error, is_last=True))


if __name__ == "__main__":
    main()
