"""Functions that do to a process what the worst of pages do.

Called in a worker, by their names here.
"""

import os
import signal
import time
from pathlib import Path
from typing import NoReturn

from feedpub.core.errors import FetchError, NoContentError

_KEPT: list[bytes] = []


def double(number: int) -> int:
    """What a page of good faith does."""
    return 2 * number


def pid() -> int:
    """Which process this is."""
    return os.getpid()


def spin() -> NoReturn:
    """Use up all CPU there is."""
    while True:
        pass


def wait_for(file: Path) -> str:
    """Do nothing until a file is there."""
    while not file.exists():
        time.sleep(0.002)
    return file.read_text()


def begin(file: Path, harm: str) -> None:
    """Say so in a file, and do one of the harms here."""
    file.touch()
    globals()[harm]()


def sleep() -> NoReturn:
    """Wait for something that never comes."""
    while True:
        time.sleep(1000)


def keep(size: int) -> int:
    """Fill some memory and never free it."""
    _KEPT.append(b"x" * size)
    return sum(map(len, _KEPT))


def hold(size: int) -> int:
    """Have so many bytes at once."""
    return len(bytearray(size))


def say(size: int) -> bytes:
    """Return so many bytes."""
    return bytes(size)


def end(number: signal.Signals) -> None:
    """End the process as a fault in a library, or the kernel, does."""
    os.kill(os.getpid(), number)


def leave() -> None:
    """End the process without a word."""
    os._exit(3)


def stop() -> None:
    """Stand still, so that not even a timer fires."""
    os.kill(os.getpid(), signal.SIGSTOP)


def descend(levels: int = 0) -> int:
    """Go deeper than there is room for."""
    return descend(levels + 1) + 1


def stumble() -> NoReturn:
    """Have a bug."""
    raise KeyError("nobody thought of this")


def cannot_be_sent() -> object:
    """Return what no other process can have."""
    return lambda: 0


def find_nothing(url: str) -> NoReturn:
    """Raise what a function may raise."""
    raise NoContentError("there is nothing in it", url)


def fail_to_fetch(url: str) -> NoReturn:
    """Raise an error that says more than its reason."""
    raise FetchError("too many requests", url, status=429, retry_after=60)
