"""Memory that many threads used goes back to where the next thread finds it."""

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
    """How many heaps twelve threads at work leave behind in a process of their own."""
    command = [sys.executable, "-c", THREADS, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 -- ourselves
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="a C library with another allocator"
)
def test_all_threads_share_two_heaps() -> None:
    """Else there is one for each that worked at the same time, and none ever gets smaller than its largest page."""
    assert heaps("together") <= MAX_ARENAS < heaps("apart")
