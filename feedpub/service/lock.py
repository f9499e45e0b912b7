"""Allow one service per state. The lock ends with its process, even if that is killed."""

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
LEASE = "service"
LEASE_SECONDS = 30.0
_RENEWAL_SECONDS = LEASE_SECONDS / 6
_MAX_PID_BYTES = 20


@contextmanager
def service_lock(state: Path | str, *, shared: bool = False) -> Iterator[None]:
    """Be the only service that uses a state during the block.

    Args:
        state: a folder, or the address of a database.
        shared: allow several services, which elect a leader.

    Raises:
        ServiceError: another service uses the state, or the folder cannot be written.
        StoreError: the database cannot be reached.
    """
    if shared:
        yield
    elif isinstance(state, str):
        with _database_lock(state):
            yield
    else:
        with _folder_lock(state):
            yield


@contextmanager
def _folder_lock(state: Path) -> Iterator[None]:
    path = state / FILE_NAME
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(
            f"{path}: {error.strerror}; let the user that runs feedpub write there"
        ) from error
    try:
        _lock_file(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # the file stays: to delete it would allow a second service


def _lock_file(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, _MAX_PID_BYTES, 0).decode("ascii", "replace").strip()
        raise ServiceError(
            f"feedpub is already running with pid {pid or 'unknown'} on the state in "
            f"{path.parent}: stop it, or configure another `state`"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


@contextmanager
def _database_lock(address: str) -> Iterator[None]:
    """Hold a lease in the database, renewed until the block ends. It expires after a crash."""
    host = socket.gethostname()
    holder = f"{host} {os.getpid()}"
    with Store.open(address) as store:
        _acquire(store, holder, host)
        renewal = PeriodicTask(
            "lock",
            _RENEWAL_SECONDS,
            lambda: store.leases.acquire(LEASE, holder, LEASE_SECONDS),
            max_pause_seconds=_RENEWAL_SECONDS,
        )
        renewal.start()
        try:
            yield
        finally:
            renewal.stop(_RENEWAL_SECONDS)
            store.leases.release(LEASE, holder)


def _acquire(store: Store, holder: str, host: str) -> None:
    if not store.leases.acquire(LEASE, holder, LEASE_SECONDS):
        return
    other = store.leases.holder(LEASE) or ""
    if _is_dead(other, host):
        store.leases.release(LEASE, other)
    seconds = store.leases.acquire(LEASE, holder, LEASE_SECONDS)
    if seconds:
        raise ServiceError(
            f"feedpub is already running as {other or 'another process'} on this state: stop it. "
            f"If it has crashed, its lock expires in {seconds:.0f} s. "
            "Set queue = true to run several"
        )


def _is_dead(holder: str, host: str) -> bool:
    """Return True if a lease's holder was a process of this machine that has ended."""
    name, _, pid = holder.rpartition(" ")
    return name == host and pid.isdecimal() and not Path("/proc", pid).exists()
