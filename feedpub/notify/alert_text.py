"""Describe incidents and proposals for alerts, the health feed, the status page and the terminal.

The texts are public: they contain no secret, and of the config only a source's address and the keys
that a proposal changes.
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


def describe_incident(incident: Incident) -> str:
    """Return a headline: "example.org/news is failing: HTTP 404: the page is gone"."""
    subject = subject_of(incident)
    duration = format_duration(incident.at - incident.since)
    match incident.kind:
        case "started":
            return f"feedpub monitors {incident.reason}"
        case "broken":
            return f"{subject} is failing: {describe_reason(incident)}"
        case "recovered":
            return f"{subject} recovered after {duration}"
        case "accepted":
            return f"{subject} recovered after {duration}: accepted as the new baseline"
        case "removed":
            return f"{subject} was removed from the config"
        case "renewed":
            return "feedpub's state was damaged and was rebuilt from the published feeds"


def describe_evidence(incident: Incident) -> dict[str, str]:
    """Return the details of an incident by their labels."""
    if incident.kind == "started":
        return {}
    if incident.kind == "renewed":
        return {"Reason": describe_reason(incident)}
    details = {"Feed": incident.feed}
    if incident.key:
        details["Source"] = redact(incident.key)
    details["Reason"] = describe_reason(incident)
    details["Since"] = format_time(incident.since)
    if incident.kind == "broken":
        details["Tried"] = f"{pluralize(incident.tries, 'time')} in a row"
        details["Last read"] = _format_last_success(incident)
    else:
        details["Until"] = format_time(incident.at)
    return details


def subject_of(incident: Incident) -> str:
    """Return a short name of the source: its host and path, or its folder's name.

    An incident without a source concerns its feed.
    """
    if not incident.key:
        return f"The feed {incident.feed}"
    parts = urlsplit(redact(incident.key))
    if not parts.netloc:
        return f"The folder {Path(incident.key).name}"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}{parts.path.rstrip('/')}"


def describe_reason(incident: Incident) -> str:
    """Return the cause of an incident on one line, without secrets."""
    return " ".join(redact(incident.reason).split())


def format_time(time: datetime) -> str:
    """Format a time: "2026-11-23 12:00 UTC"."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def format_duration(duration: timedelta) -> str:
    """Format a duration in its largest unit: "3 hours"."""
    for name, unit in _UNITS:
        if duration >= unit:
            return pluralize(duration // unit, name)
    return "less than a minute"


def _format_last_success(incident: Incident) -> str:
    if incident.last_good is None:
        return "never"
    articles = f", {pluralize(incident.items, 'article')}" if incident.key else ""
    return f"{format_time(incident.last_good)}{articles}"


@dataclass(frozen=True, slots=True)
class ProposalText:
    """A proposal as users read it.

    Attributes:
        evidence: the reason for it: "the page's structure alone lists 19 of the 20 articles that
            were known".
        patch: the lines to delete from the source's block in the config, "-…", and those to add,
            "+…".
        apply: the command that shows the proposal in full and applies it.
    """

    evidence: str
    patch: tuple[str, ...]
    apply: str

    def __str__(self) -> str:
        """Return the proposal on one line."""
        return f"{'; '.join(self.patch)} ({self.evidence}); to apply it: {self.apply}"


def describe_proposal(proposal: Proposal) -> ProposalText:
    """Return a proposal as users read it."""
    patch: list[str] = []
    for change in proposal.changes:
        patch += _patch_lines(change)
    evidence = redact(f"{_describe_new_list(proposal)} {proposal.evidence}")
    return ProposalText(evidence, tuple(patch), f"feedpub repair {proposal.feed}")


def _describe_new_list(proposal: Proposal) -> str:
    """Describe what lists the articles once the proposal is applied."""
    after = {change.key: change.after for change in proposal.changes}
    if "type" in after:
        return f"the feed {after['url']}"
    if "url" in after:
        return f"the page {after['url']}"
    if after.get("links") is None:
        return "the page's structure alone"
    return f'links = "{after["links"]}"'


def _patch_lines(change: ConfigChange) -> list[str]:
    lines = []
    if change.before is not None:
        lines.append(f"-{change.key} = {_toml_string(redact(change.before))}")
    if change.after is not None:
        lines.append(f"+{change.key} = {_toml_string(redact(change.after))}")
    return lines


def _toml_string(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
