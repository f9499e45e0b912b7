"""One service a state folder: a lock that ends with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedpub.errors import ServiceError

FILE_NAME = "service.lock"


@contextmanager
def service_lock(state: Path | str) -> Iterator[None]:
    """Be the only service that works on a state folder, while the block runs; a database has a lock of its own.

    Raises:
        ServiceError: another one is, named by its pid; or the folder cannot be written to.
    """
    if isinstance(state, str):
        yield
        return
    path = state / FILE_NAME
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(f"{path}: {error.strerror}; let the user that runs feedpub write there") from error
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # the file stays: whoever removes it lets two in


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise ServiceError(
            f"feedpub is running already, with pid {pid}, on the state in {path.parent}: "
            "end it first, or give this one another `state`"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
