"""How the C library hands out memory in a process of many threads that lives for months."""

import ctypes

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
MOST_ARENAS = 2


def limit_malloc_arenas() -> bool:
    """Have all threads share two heaps; to be called before they start. False where the C library has no such choice.

    glibc gives up to eight heaps a core to threads, and each keeps what the largest pages that were
    ever read in it left behind: a service that reads some hostile sites grows for hours, though it
    holds nothing.
    """
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    return choose is not None and choose(_ARENA_MAX, MOST_ARENAS) == 1
