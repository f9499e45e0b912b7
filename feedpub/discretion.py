"""What an outcome says to everybody: in the terminal, the log, on the status page, in the health feed and in alerts."""

from dataclasses import replace

from feedpub.fetch import discreet
from feedpub.model import Outcome


def discreet_outcome(outcome: Outcome) -> Outcome:
    """The outcome without the passwords and tokens of addresses in it."""
    told = (replace(p, where=discreet(p.where), reason=discreet(p.reason)) for p in outcome.problems)
    return replace(outcome, problems=tuple(told))
