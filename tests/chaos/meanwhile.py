"""Things that are done again and again beside what a test does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def meanwhile(do: Callable[[], object], pause: float) -> Iterator[None]:
    """Do something again and again while the block runs; what it raises ends it, and is raised at the end.

    Args:
        do: the thing.
        pause: seconds between two times.
    """
    ended = threading.Event()
    errors: list[Exception] = []

    def repeat() -> None:
        while not ended.wait(pause):
            try:
                do()
            except Exception as error:  # noqa: BLE001 -- raised at the end
                errors.append(error)
                return

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if errors:
        raise errors[0]
