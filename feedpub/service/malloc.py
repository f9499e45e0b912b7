"""Configure how the C library allocates memory in a process with many threads."""

import ctypes

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
MAX_ARENAS = 2


def limit_malloc_arenas() -> bool:
    """Let all threads share two heaps. Call it before they start.

    glibc gives threads up to eight heaps a core, and each keeps the memory of the largest page that
    was ever parsed in it. A service that reads hostile sites would grow for hours, although it uses
    nothing.

    Returns:
        False if the C library has no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_ARENA_MAX, MAX_ARENAS) == 1
