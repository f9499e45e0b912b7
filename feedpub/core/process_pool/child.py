"""The process on the other side: one call after the other, each within its limits, until nobody asks any more.

Started as a program of its own with the number of an open socket; over it come the limits and what
to import, then the calls. It ends with the socket's other end, so that it never outlives who
started it; and by the kernel's timers, which need nobody to watch over them.
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

# a process that has grown by this part of what it may hold is replaced: what is freed lies in
# pieces
_GROWN = 2


def main() -> None:
    """Serve whoever has the other end of the socket."""
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        try:
            limits, modules = pickle.loads(wire.receive_message(channel))  # noqa: S301 -- from the process that started this one
            limits.limit_process()
            serve(channel, limits, modules)
        except (EOFError, OSError):  # nobody is there any more
            return


def serve(channel: socket.socket, limits: CallLimits, modules: Iterable[str] = ()) -> None:
    """Import modules, say so, and answer calls.

    Raises:
        EOFError, OSError: the other side is gone.
    """
    for name in modules:
        import_module(name)
    wire.send_message(channel, b"")
    least = limits.memory
    for calls in count(1):
        answer = _answer(wire.receive_message(channel), limits)
        least = min(least, resident_bytes())  # the first call loads what all need
        last = (
            answer.last
            or calls >= limits.calls
            or resident_bytes() - least > limits.memory // _GROWN
        )
        with limits.limit_time():
            message = _message(replace(answer, last=last), limits)
        wire.send_message(channel, message)
        if last:
            return


def _answer(request: bytearray, limits: CallLimits) -> CallResult:
    """Do what is asked. Leaving an except clause frees what its exception still held."""
    try:
        with limits.limit_time():
            function, args, kwargs = pickle.loads(request)  # noqa: S301 -- from the process that started this one
            del request
            return CallResult(value=function(*args, **kwargs))
    except SourceError as error:
        return CallResult(error=error.with_traceback(None))
    except MemoryError:
        return CallResult(overrun=limits.too_large_error, last=True)
    except RecursionError:
        return CallResult(overrun="it is nested too deeply to be read")
    except Exception:  # noqa: BLE001 -- whatever it is, it is one page's and will be told
        return CallResult(bug=traceback.format_exc())


def _message(answer: CallResult, limits: CallLimits) -> bytes:
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        pass
    except Exception:  # noqa: BLE001 -- pickle says "no" in many ways
        return pickle.dumps(CallResult(bug=traceback.format_exc(), last=answer.last))
    return pickle.dumps(CallResult(overrun=limits.too_large_error, last=True))


if __name__ == "__main__":
    main()
