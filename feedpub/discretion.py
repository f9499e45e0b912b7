"""What an outcome says to everybody: in the terminal, the log, on the status page, in the health feed and in alerts."""

from dataclasses import replace

from feedpub.characters import shorten
from feedpub.errors import MAX_REASON_CHARS
from feedpub.fetch import discreet
from feedpub.model import Outcome

MAX_PLACE_CHARS = 500  # of an address that something is wrong with


def discreet_outcome(outcome: Outcome) -> Outcome:
    """The outcome without the passwords and tokens of addresses in it, and with nothing that commands a terminal."""
    if not outcome.problems:
        return outcome
    told = (
        replace(p, where=_told(p.where, MAX_PLACE_CHARS), reason=_told(p.reason, MAX_REASON_CHARS))
        for p in outcome.problems
    )
    return replace(outcome, problems=tuple(told))


def _told(text: str, max_chars: int) -> str:
    shown = shorten(discreet(text), max_chars)
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in shown)
