"""Open an incident when a source breaks, close it when the source recovers, and queue the alerts.

A source is broken if it failed

- twice in a row, and the source itself is at fault: the page is gone or forbidden, it is a
  challenge or consent page, it lists nothing, or its listing is an anomaly (see
  `feedpub.pipeline.anomalies`);
- three times in a row for any reason; or
- at least twice, over six hours.

A single failure means little: connections break and servers restart. A feed is broken at once if
its own run fails: a full disk, a run that hangs or a bug in feedpub rarely disappears.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from feedpub.config import Alerts, Config, FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.errors import StoreError
from feedpub.core.models import RunResult
from feedpub.notify import alert_text, outbox
from feedpub.notify.alert_text import ProposalText
from feedpub.store import Channel, Incident, IncidentKind, OutboxMessage, SourceState, Store

MIN_FIRM_FAILURES = 2  # in a row, if the source itself is at fault
MIN_FAILURES = 3  # in a row, of any source
MIN_FAILING_TIME = timedelta(hours=6)

OpenIncidents = Mapping[str, tuple[datetime, str]]
"""Source key, or "" for the feed → since when it has been broken, and why."""

_NO_PROPOSALS: Mapping[str, ProposalText] = MappingProxyType({})


def record_incidents(
    feed: FeedConfig, outcome: RunResult, alerts: Alerts, store: Store, now: datetime
) -> bool:
    """Record what broke or recovered with a run, and queue the alerts about it.

    Args:
        feed: the feed whose run ended.
        outcome: the run's result.
        alerts: the settings of the alerts.
        store: the state.
        now: the current time.

    Returns:
        True if something broke or recovered.

    Raises:
        StoreError: the state cannot be read or written; nothing was recorded.
    """
    open_incidents = store.incidents.open_of(feed.name)
    states = {state.key: state for state in store.sources(feed.name)}
    incidents = _find_feed_incident(outcome, open_incidents, store, now)
    keys = dict.fromkeys(source_key(source) for source in feed.source)
    for key in keys:
        if key in states:
            incidents += _find_source_incident(states[key], open_incidents, store, now)
    for key in sorted(open_incidents.keys() - keys.keys() - {""}):
        since, reason = open_incidents[key]
        incidents.append(Incident(feed.name, key, "removed", now, since, reason))
    if not incidents:
        return False
    proposals = store.proposals.for_feed(feed.name)
    texts = {key: alert_text.describe_proposal(proposal) for key, proposal in proposals.items()}
    return _record(incidents, alerts, store, texts)


def close_removed_feeds(config: Config, store: Store, now: datetime) -> bool:
    """Close the incidents of feeds that are no longer in the config.

    Returns:
        True if there were any.

    Raises:
        StoreError: the state cannot be read or written.
    """
    incidents = []
    for name in sorted(store.incidents.feeds() - config.feed.names):
        for key, (since, reason) in store.incidents.open_of(name).items():
            incidents.append(Incident(name, key, "removed", now, since, reason))
    return _record(incidents, config.alerts, store)


def alert_state_unavailable(feed: str, error: StoreError, config: Config, now: datetime) -> None:
    """Send an alert that the state cannot be written, once through each channel.

    It is sent immediately because the outbox is part of the state.
    """
    incident = Incident(feed, "", "broken", now, now, str(error), tries=1)
    outbox.send_now(config, alert_messages(incident, config.alerts))


def needs_attention(state: SourceState, now: datetime) -> bool:
    """Return True if a source has failed so often, or for so long, that it counts as broken."""
    if state.failing_since is None:
        return False
    if state.failures >= (MIN_FIRM_FAILURES if state.firm else MIN_FAILURES):
        return True
    return state.failures > 1 and now - state.failing_since >= MIN_FAILING_TIME


def alert_messages(
    incident: Incident, alerts: Alerts, proposal: ProposalText | None = None
) -> list[OutboxMessage]:
    """Return the messages about an incident, one for each configured channel.

    A source that was removed from the config is not worth an alert.
    """
    if incident.kind == "removed":
        return []
    body = json.dumps(alert_as_json(incident, proposal), ensure_ascii=False).encode()
    settings: dict[Channel, object] = {
        "webhook": alerts.webhook,
        "email": alerts.email,
        "command": alerts.command,
    }
    channels = [channel for channel, setting in settings.items() if setting]
    return [OutboxMessage(channel, "", body, incident.at) for channel in channels]


def alert_as_json(incident: Incident, proposal: ProposalText | None = None) -> dict[str, object]:
    """Return the body of an alert: fields for programs, and texts for users.

    The values of "event" are a data format, like the keys: webhooks and commands depend on them.
    """
    evidence = alert_text.describe_evidence(incident)
    source = evidence.get("Source", "")
    if proposal:
        evidence["Proposal"] = str(proposal)
    return {
        "event": incident.kind,
        "text": alert_text.describe_incident(incident),
        "feed": incident.feed,
        "source": source,
        "reason": alert_text.describe_reason(incident),
        "since": incident.since.isoformat(),
        "at": incident.at.isoformat(),
        "tries": incident.tries,
        "last_good": incident.last_good.isoformat() if incident.last_good else None,
        "items": incident.items,
        "evidence": evidence,
        "proposal": asdict(proposal) if proposal else None,
    }


def _record(
    incidents: Iterable[Incident],
    alerts: Alerts,
    store: Store,
    proposals: Mapping[str, ProposalText] = _NO_PROPOSALS,
) -> bool:
    """Store incidents with the alerts about them; return True if one of them was new."""
    any_new = False
    for incident in incidents:
        compose = partial(alert_messages, alerts=alerts)
        if incident.kind == "broken":
            compose = partial(compose, proposal=proposals.get(incident.key))
            is_new = store.incidents.open(incident, compose)
        else:
            is_new = store.incidents.close(incident, compose)
        any_new = any_new or is_new
    return any_new


def _find_source_incident(
    state: SourceState, open_incidents: OpenIncidents, store: Store, now: datetime
) -> list[Incident]:
    """Return the incident that a source's latest check opens or closes, if any."""
    feed, key = state.feed, state.key
    last_good, items = state.succeeded, state.items
    if key not in open_incidents:
        if not needs_attention(state, now):
            return []
        since, reason = state.failing_since or now, state.failure or ""
        tries = state.failures
        return [Incident(feed, key, "broken", now, since, reason, tries, last_good, items)]
    if state.failure is not None:
        return []
    since, reason = open_incidents[key]
    observations = store.observations.for_source(feed, key)
    is_accepted = bool(observations) and observations[-1].accepted
    kind: IncidentKind = "accepted" if is_accepted else "recovered"
    return [Incident(feed, key, kind, now, since, reason, 0, last_good, items)]


def _find_feed_incident(
    outcome: RunResult, open_incidents: OpenIncidents, store: Store, now: datetime
) -> list[Incident]:
    """Return the incident of the feed itself that a run opens or closes, if any."""
    feed = outcome.feed
    reasons = [
        problem.reason for problem in outcome.problems if problem.fatal and problem.where == feed
    ]
    if reasons and "" not in open_incidents:
        successes = [run.started for run in store.runs(feed) if run.outcome.ok][:1]
        if last_check := store.checks.last_time(feed):
            successes.append(last_check)
        last_good = max(successes, default=None)
        return [Incident(feed, "", "broken", now, now, reasons[0], 1, last_good)]
    if not reasons and "" in open_incidents:
        since, reason = open_incidents[""]
        return [Incident(feed, "", "recovered", now, since, reason)]
    return []
