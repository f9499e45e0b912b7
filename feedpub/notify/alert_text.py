"""What a notice says, in words.

For the feed of the sources' health, and for alerts. Public: it holds no secret.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from feedpub.core.redact import redact
from feedpub.core.text import pluralize
from feedpub.store import ConfigChange, Incident, Proposal

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def describe_incident(notice: Incident) -> str:
    """One line: "example.org/news broke: HTTP 404: the page is gone"."""
    place = subject_of(notice)
    match notice.kind:
        case "started":
            return f"feedpub watches {notice.reason}"
        case "broken":
            return f"{place} broke: {describe_reason(notice)}"
        case "recovered":
            return f"{place} is back after {format_duration(notice.at - notice.since)}"
        case "accepted":
            return f"{place} is back after {format_duration(notice.at - notice.since)}: accepted as the new normal"
        case "removed":
            return f"{place} is no longer read: it left the config"
        case "renewed":
            return "feedpub's state was damaged, and is built anew from the published feeds"


def describe_evidence(notice: Incident) -> dict[str, str]:
    """What is known beside the headline, by name."""
    if notice.kind == "started":
        return {}
    if notice.kind == "renewed":
        return {"Reason": describe_reason(notice)}
    known = {"Feed": notice.feed}
    if notice.key:
        known["Source"] = redact(notice.key)
    known["Reason"] = describe_reason(notice)
    known["Since"] = format_time(notice.since)
    if notice.kind == "broken":
        known["Tried"] = f"{pluralize(notice.tries, 'time')} in a row"
        known["Last read"] = _last_read(notice)
    else:
        known["Until"] = format_time(notice.at)
    return known


def subject_of(notice: Incident) -> str:
    """What it is about, in few words.

    A source by its host and path or its folder's name, else the feed.
    """
    if not notice.key:
        return f"The feed {notice.feed}"
    parts = urlsplit(redact(notice.key))
    if not parts.netloc:
        return f"The folder {Path(notice.key).name}"
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"


def describe_reason(notice: Incident) -> str:
    """What is or was wrong, on one line."""
    return " ".join(redact(notice.reason).split())


def format_time(time: datetime) -> str:
    """A moment as people read it: "2026-11-23 12:00 UTC"."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def format_duration(time: timedelta) -> str:
    """A length of time in the largest unit that says something: "3 hours"."""
    for name, unit in _UNITS:
        if time >= unit:
            return f"{pluralize(time // unit, name)}"
    return "less than a minute"


def _last_read(notice: Incident) -> str:
    if notice.last_good is None:
        return "never"
    articles = f", {pluralize(notice.items, 'article')}" if notice.key else ""
    return f"{format_time(notice.last_good)}{articles}"


# SECTION: A proposal in words and as lines of a patch: the same in alerts, on the status page and
# in a terminal.
#
# Public: it shows the keys that change and their source's address, and nothing else of the
# config.


@dataclass(frozen=True, slots=True)
class ProposalText:
    """A proposal for everybody to read.

    Attributes:
        evidence: what speaks for it: "the page's structure alone lists 19 of the 20 articles that
            were known".
        patch: the lines of the source's block that go, "-…", and those that come, "+…".
        apply: the command that shows it in full, and applies it.
    """

    evidence: str
    patch: tuple[str, ...]
    apply: str

    def __str__(self) -> str:
        """One line of it."""
        return f"{'; '.join(self.patch)} ({self.evidence}); to apply it: {self.apply}"


def describe_proposal(proposal: Proposal) -> ProposalText:
    """A proposal in words."""
    patch = tuple(line for change in proposal.changes for line in _lines(change))
    return ProposalText(
        redact(f"{_how(proposal)} {proposal.evidence}"), patch, f"feedpub repair {proposal.feed}"
    )


def _how(proposal: Proposal) -> str:
    """By what the articles are found then."""
    after = {change.key: change.after for change in proposal.changes}
    if "type" in after:
        return f"the feed {after['url']}"
    if "url" in after:
        return f"the page {after['url']}"
    return (
        "the page's structure alone"
        if after.get("links") is None
        else f'links = "{after["links"]}"'
    )


def _lines(change: ConfigChange) -> list[str]:
    values = (("-", change.before), ("+", change.after))
    return [
        f"{sign}{change.key} = {_quoted(redact(value))}"
        for sign, value in values
        if value is not None
    ]


def _quoted(value: str) -> str:
    """As TOML has it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
