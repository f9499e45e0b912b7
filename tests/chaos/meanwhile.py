"""Repeat an action in the background of a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeating(do: Callable[[], object], pause: float) -> Iterator[None]:
    """Repeat an action while the block runs.

    An error of the action stops it, and is raised when the block ends.

    Args:
        do: the action.
        pause: seconds between two repetitions.
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
