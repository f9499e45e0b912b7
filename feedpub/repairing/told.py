"""A proposal in words and as lines of a patch: the same in alerts, on the status page and in a terminal.

Public: it shows the keys that change and their source's address, and nothing else of the config.
"""

from dataclasses import dataclass

from feedpub.fetch import discreet
from feedpub.store import Change, Proposal


@dataclass(frozen=True, slots=True)
class Told:
    """A proposal for everybody to read.

    Attributes:
        evidence: what speaks for it: "the page's structure alone lists 19 of the 20 articles that were known".
        patch: the lines of the source's block that go, "-…", and those that come, "+…".
        apply: the command that shows it in full, and applies it.
    """

    evidence: str
    patch: tuple[str, ...]
    apply: str

    def __str__(self) -> str:
        """One line of it."""
        return f"{'; '.join(self.patch)} ({self.evidence}); to apply it: {self.apply}"


def told(proposal: Proposal) -> Told:
    """A proposal in words."""
    patch = tuple(line for change in proposal.changes for line in _lines(change))
    return Told(discreet(f"{_how(proposal)} {proposal.evidence}"), patch, f"feedpub repair {proposal.feed}")


def _how(proposal: Proposal) -> str:
    """By what the articles are found then."""
    after = {change.key: change.after for change in proposal.changes}
    if "type" in after:
        return f"the feed {after['url']}"
    if "url" in after:
        return f"the page {after['url']}"
    return "the page's structure alone" if after.get("links") is None else f'links = "{after["links"]}"'


def _lines(change: Change) -> list[str]:
    values = (("-", change.before), ("+", change.after))
    return [f"{sign}{change.key} = {_quoted(discreet(value))}" for sign, value in values if value is not None]


def _quoted(value: str) -> str:
    """As TOML has it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
