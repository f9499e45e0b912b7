"""Notifications for systemd, over a real socket; threads share two heaps of the C library."""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.service.process import MAX_ARENAS, SystemdNotifier

THREADS = """
import ctypes, sys, threading
from feedpub.service.process import limit_malloc_arenas
if sys.argv[1] == "together":
    assert limit_malloc_arenas()
together = threading.Barrier(12)
def work():
    pages = [bytes(100_000) for _ in range(10)]
    together.wait(30)
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


# Frees many blocks below one that stays.
FREED = """
from pathlib import Path
from feedpub.service.process import release_free_memory

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

blocks = [bytes(50_000) for _ in range(2000)]
kept = bytes(50_000)
del blocks
before = resident_pages()
release_free_memory()
print(before - resident_pages())
"""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def receive(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_states_of_a_service_are_sent(listener: socket.socket) -> None:
    notifier = SystemdNotifier({"NOTIFY_SOCKET": listener.getsockname()})
    notifier.ready("4 feeds")
    assert receive(listener) == ["READY=1", "STATUS=4 feeds"]
    notifier.reloading()
    reloading, time = receive(listener)
    assert reloading == "RELOADING=1"
    assert time.removeprefix("MONOTONIC_USEC=").isdecimal()
    notifier.ping_watchdog()
    assert receive(listener) == ["WATCHDOG=1"]
    notifier.stopping()
    assert receive(listener) == ["STOPPING=1"]


def test_abstract_socket_begins_with_at_sign() -> None:
    name = f"feedpub-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        SystemdNotifier({"NOTIFY_SOCKET": f"@{name}"}).ping_watchdog()
        assert receive(listening) == ["WATCHDOG=1"]


def test_nothing_is_sent_without_a_socket() -> None:
    notifier = SystemdNotifier({})
    notifier.ready("x")
    assert notifier.watchdog is None


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "x"}, None),
        ({}, None),
    ],
)
def test_watchdog_interval_is_a_third_of_systemds(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert SystemdNotifier(environ).watchdog == seconds


def heaps(how: str) -> int:
    """Return the number of heaps of a process in which twelve threads have worked."""
    command = [sys.executable, "-c", THREADS, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 -- ourselves
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="a C library with another allocator"
)
def test_all_threads_share_two_heaps() -> None:
    assert heaps("together") <= MAX_ARENAS < heaps("apart")


def test_freed_memory_is_returned_to_the_system() -> None:
    command = [sys.executable, "-c", FREED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own script
    assert int(done.stdout) * os.sysconf("SC_PAGE_SIZE") > 50_000_000
