"""Ctrl-C and SIGTERM end any command within seconds, with one word and 128 plus the signal's number.

Commands that work until they are told to end, such as `feedpub run`, replace these handlers by their own.
"""

import os
import signal
import sys
from types import FrameType

_GRACE_SECONDS = 2.0  # for what is under way: a run that is cut off changes nothing, so nothing is lost
_SAID = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}
_SHOW_CURSOR = "\x1b[?25h"  # which bars hide


class Interrupted(SystemExit):
    """Ends the command from wherever the main thread is. No Exception: it must not pass for a feed that failed.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = signal.Signals(number)


def handle_interrupts() -> None:
    """Raise Interrupted in the main thread on SIGINT and SIGTERM, unless whoever started this process ignores them."""
    for number in _SAID:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def end_interrupted(number: signal.Signals) -> None:
    """Say what happened and end the process at once: threads that still wait for a server would hold it up."""
    is_terminal = os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    start = f"{_SHOW_CURSOR}\n" if is_terminal else ""  # below the ^C that the terminal shows
    os.write(2, f"{start}{_SAID[number]}\n".encode("ascii"))
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _SAID:
        signal.signal(each, signal.SIG_DFL)  # a second one ends the process without any delay
    signal.signal(signal.SIGALRM, lambda _number, _frame: end_interrupted(signal.Signals(number)))
    signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)
    raise Interrupted(number)
