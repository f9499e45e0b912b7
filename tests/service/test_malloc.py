"""Threads share two heaps of the C library."""

import ctypes
import subprocess
import sys

import pytest

from feedpub.service.malloc import MAX_ARENAS

THREADS = """
import ctypes, sys, threading
from feedpub.service.malloc import limit_malloc_arenas
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
