"""What a process is told by signals, as flags that it looks at when it has time."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Signals:
    """SIGTERM and SIGINT end the process, SIGHUP reads its config again; they only set flags."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.reload = threading.Event()

    @contextmanager
    def install(self) -> Iterator[None]:
        """Handle the signals in the block, and leave them as they were; in the main thread."""
        flags = {signal.SIGTERM: self.ended, signal.SIGINT: self.ended, signal.SIGHUP: self.reload}
        before = {number: signal.signal(number, _setter(flag)) for number, flag in flags.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _setter(flag: threading.Event) -> Callable[[int, object], None]:
    return lambda _number, _frame: flag.set()
