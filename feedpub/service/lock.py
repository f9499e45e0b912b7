"""One service a state: a lock that ends with its process, however that ends."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedpub.core.errors import ServiceError
from feedpub.scheduler.periodic import PeriodicTask
from feedpub.store import Store

FILE_NAME = "service.lock"
NAME = "service"  # of the claim in a database
TERM = 30.0  # seconds that it lasts, unless it is renewed


@contextmanager
def service_lock(state: Path | str, *, shared: bool = False) -> Iterator[None]:
    """Be the only service that works on a state, while the block runs.

    Args:
        state: a folder, or the address of a database.
        shared: several may, and agree among themselves who leads.

    Raises:
        ServiceError: another one is, named by its pid; or the folder cannot be written to.
        StoreError: the database cannot be asked.
    """
    if shared:
        yield
        return
    if isinstance(state, str):
        with _database_lock(state):
            yield
        return
    path = state / FILE_NAME
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(
            f"{path}: {error.strerror}; let the user that runs feedpub write there"
        ) from error
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


@contextmanager
def _database_lock(address: str) -> Iterator[None]:
    """A claim in the database, renewed as long as the block runs.

    Of a process that died it ends by itself.
    """
    host, me = socket.gethostname(), f"{socket.gethostname()} {os.getpid()}"
    with Store.open(address) as store:
        if store.leases.acquire(NAME, me, TERM):
            holder = store.leases.holder(NAME) or ""
            if _is_dead(holder, host):
                store.leases.release(NAME, holder)
            if left := store.leases.acquire(NAME, me, TERM):
                raise ServiceError(
                    f"feedpub is running already, as {holder or 'another process'}, on this state: end it first; "
                    f"if it has died, its lock ends in {left:.0f} s. With queue = true several may run"
                )
        renewal = PeriodicTask(
            "lock",
            TERM / 6,
            lambda: store.leases.acquire(NAME, me, TERM),
            max_pause_seconds=TERM / 6,
        )
        renewal.start()
        try:
            yield
        finally:
            renewal.stop(TERM / 6)
            store.leases.release(NAME, me)


def _is_dead(holder: str, host: str) -> bool:
    """Whether who holds a claim was a process of this machine, and is none any more."""
    name, _, pid = holder.rpartition(" ")
    return name == host and pid.isdecimal() and not Path("/proc", pid).exists()
