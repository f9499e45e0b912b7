"""Functions that harm their process as hostile pages can.

Workers call them by name.
"""

import os
import signal
import time
from pathlib import Path
from typing import NoReturn

from feedpub.core.errors import FetchError, NoContentError

_KEPT: list[bytes] = []


def double(number: int) -> int:
    """Return twice the number, as a well-behaved function does."""
    return 2 * number


def pid() -> int:
    """Return the id of this process."""
    return os.getpid()


def spin() -> NoReturn:
    """Use CPU without end."""
    while True:
        pass


def wait_for(file: Path) -> str:
    """Wait until a file exists."""
    while not file.exists():
        time.sleep(0.002)
    return file.read_text()


def touch_and_call(file: Path, harm: str) -> None:
    """Create a file and run another function of this module."""
    file.touch()
    globals()[harm]()


def sleep() -> NoReturn:
    """Wait without end."""
    while True:
        time.sleep(1000)


def leak(size: int) -> int:
    """Fill some memory and never free it."""
    _KEPT.append(b"x" * size)
    return sum(map(len, _KEPT))


def allocate(size: int) -> int:
    """Allocate this many bytes at once."""
    return len(bytearray(size))


def return_bytes(size: int) -> bytes:
    """Return this many bytes."""
    return bytes(size)


def end_with(number: signal.Signals) -> None:
    """End the process with a signal, as a fault in a library or the kernel does."""
    os.kill(os.getpid(), number)


def exit_silently() -> None:
    """Exit without a response."""
    os._exit(3)


def stop_process() -> None:
    """Stop the process, so that not even a timer runs."""
    os.kill(os.getpid(), signal.SIGSTOP)


def descend(levels: int = 0) -> int:
    """Recurse until the stack overflows."""
    return descend(levels + 1) + 1


def raise_unexpected() -> NoReturn:
    """Raise an unexpected exception."""
    raise KeyError("an unexpected exception")


def return_unserialisable() -> object:
    """Return a value that cannot be serialised."""
    return lambda: 0


def find_nothing(url: str) -> NoReturn:
    """Raise an error that functions are allowed to raise."""
    raise NoContentError("there is nothing in it", url)


def fail_to_fetch(url: str) -> NoReturn:
    """Raise an error with more attributes than its message."""
    raise FetchError("too many requests", url, status=429, retry_after=60)
