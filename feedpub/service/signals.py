"""Turn signals into flags that the main loop reads."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Signals:
    """The flags: SIGTERM and SIGINT set `ended`, SIGHUP sets `reload`."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.reload = threading.Event()

    @contextmanager
    def install(self) -> Iterator[None]:
        """Handle the signals during the block and restore the handlers. Main thread only."""
        flags = {signal.SIGTERM: self.ended, signal.SIGINT: self.ended, signal.SIGHUP: self.reload}

        def set_flag(number: int, _frame: object) -> None:
            flags[signal.Signals(number)].set()

        before = {number: signal.signal(number, set_flag) for number in flags}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
