"""Run as a process of the pool: serve one call after the other, each within its limits.

The pool starts this module as a program with the number of an open socket. It sends the limits and
the modules to import, then the calls. The process ends when the other end of the socket closes, so
it never outlives its parent. The kernel's timers enforce the time limits.
"""

import pickle
import socket
import sys
import traceback
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from itertools import count

from feedpub.core.errors import SourceError
from feedpub.core.process_pool import wire
from feedpub.core.process_pool.limits import CallLimits, resident_bytes
from feedpub.core.process_pool.wire import CallResult

# Freed memory is fragmented. A process that has grown by this fraction of its limit is replaced.
_MAX_GROWTH_DIVISOR = 2


def main() -> None:
    """Serve calls from the socket that the command line names."""
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        try:
            request = wire.receive_message(channel)
            limits, modules = pickle.loads(request)  # noqa: S301 -- sent by the parent process
            limits.limit_process()
            serve(channel, limits, modules)
        except (EOFError, OSError):  # the parent process has ended
            return


def serve(channel: socket.socket, limits: CallLimits, modules: Iterable[str] = ()) -> None:
    """Import modules, report readiness, and serve calls.

    Raises:
        EOFError: the other end of the socket was closed.
        OSError: the socket failed.
    """
    for name in modules:
        import_module(name)
    wire.send_message(channel, b"")
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
