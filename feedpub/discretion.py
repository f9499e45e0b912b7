"""What an outcome says to everybody: in the terminal, the log, on the status page, in the health feed and in alerts."""

from dataclasses import replace

from feedpub.fetch import discreet
from feedpub.model import Outcome


def discreet_outcome(outcome: Outcome) -> Outcome:
    """The outcome without the passwords and tokens of addresses in it, and with nothing that commands a terminal."""
    if not outcome.problems:
        return outcome
    told = (replace(p, where=_told(p.where), reason=_told(p.reason)) for p in outcome.problems)
    return replace(outcome, problems=tuple(told))


def _told(text: str) -> str:
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in discreet(text))
