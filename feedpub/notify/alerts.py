"""Whoever runs feedpub is told once when a source breaks, and once when it is read again, with the evidence.

A source is broken when it failed

- twice in a row, and the source itself is what is wrong: it answers that the page is gone or
  forbidden, asks for proof of being human or for consent, lists nothing, or what it lists is not as
  usual (see `drift`); or
- three times in a row, whatever the reason; or
- for six hours, at least twice.

One failure says nothing: connections break, and servers are restarted. A feed as a whole is broken
at once: a full
disk, a run that hangs, a fault of feedpub's own hardly goes away by itself.
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
from feedpub.notify import alert_text as repair
from feedpub.notify.alert_text import ProposalText
from feedpub.store import Channel, Incident, IncidentKind, OutboxMessage, SourceState, Store

MIN_FIRM_FAILURES = 2  # in a row, of a source that is itself what is wrong
MIN_FAILURES = 3  # in a row, of any source
MIN_FAILING_TIME = timedelta(hours=6)

OpenIncidents = Mapping[str, tuple[datetime, str]]
"""Source key, or "" for the feed as a whole → since when it is known to be broken, and why."""


def record_incidents(
    feed: FeedConfig, outcome: RunResult, alerts: Alerts, store: Store, now: datetime
) -> bool:
    """Note what broke with a run of a feed and what is well again, and see that it is told.

    Args:
        feed: whose run ended.
        outcome: how.
        alerts: by which ways to tell.
        store: the state.
        now: the current time.

    Returns:
        Whether there is anything new.

    Raises:
        StoreError: the state cannot be read or written; nothing was noted.
    """
    known = store.incidents.open_of(feed.name)
    states = {state.key: state for state in store.sources(feed.name)}
    wanted = [
        *_about_feed(outcome, known, store, now),
        *(
            notice
            for key in _keys(feed)
            for notice in _about_source(states.get(key), known, store, now)
        ),
        *_about_strangers(feed, known, now),
    ]
    if not wanted:
        return False
    proposals = {
        key: repair.describe_proposal(proposal)
        for key, proposal in store.proposals.for_feed(feed.name).items()
    }
    return _note(wanted, alerts, store, proposals)


def close_removed_feeds(config: Config, store: Store, now: datetime) -> bool:
    """Note that feeds left the config while something of them was broken.

    Says whether any did. Raises StoreError.
    """
    gone = store.incidents.feeds() - config.feed.names
    wanted = [
        Incident(name, key, "removed", now, since, reason)
        for name in sorted(gone)
        for key, (since, reason) in store.incidents.open_of(name).items()
    ]
    return _note(wanted, config.alerts, store)


def alert_state_unavailable(feed: str, error: StoreError, config: Config, now: datetime) -> None:
    """Tell at once that the state cannot be kept.

    Once by each way, since nothing can be remembered.
    """
    notice = Incident(feed, "", "broken", now, now, str(error), tries=1)
    outbox.send_now(config, alert_messages(notice, config.alerts))


def needs_attention(state: SourceState, now: datetime) -> bool:
    """Whether a source has failed so often, or for so long, that somebody should look after it."""
    if state.failing_since is None:
        return False
    if state.failures >= (MIN_FIRM_FAILURES if state.firm else MIN_FAILURES):
        return True
    return state.failures > 1 and now - state.failing_since >= MIN_FAILING_TIME


def alert_messages(
    notice: Incident, alerts: Alerts, proposal: ProposalText | None = None
) -> list[OutboxMessage]:
    """What is told of a notice, by each way that there is.

    That something left the config is not worth an alert.
    """
    if notice.kind == "removed":
        return []
    body = json.dumps(alert_as_json(notice, proposal), ensure_ascii=False).encode()
    return [OutboxMessage(way, "", body, notice.at) for way in _ways(alerts)]


def alert_as_json(notice: Incident, proposal: ProposalText | None = None) -> dict[str, object]:
    """An alert as others get it: for programs, and in "text" and "evidence" for people."""
    evidence = alert_text.describe_evidence(notice) | (
        {"Proposal": str(proposal)} if proposal else {}
    )
    return {
        "event": notice.kind,
        "text": alert_text.describe_incident(notice),
        "feed": notice.feed,
        "source": alert_text.describe_evidence(notice).get("Source", ""),
        "reason": alert_text.describe_reason(notice),
        "since": notice.since.isoformat(),
        "at": notice.at.isoformat(),
        "tries": notice.tries,
        "last_good": notice.last_good.isoformat() if notice.last_good else None,
        "items": notice.items,
        "evidence": evidence,
        "proposal": asdict(proposal) if proposal else None,
    }


def _ways(alerts: Alerts) -> Iterable[Channel]:
    ways: dict[Channel, object] = {
        "webhook": alerts.webhook,
        "email": alerts.email,
        "command": alerts.command,
    }
    return [way for way, wanted in ways.items() if wanted]


def _note(
    wanted: Iterable[Incident],
    alerts: Alerts,
    store: Store,
    proposals: Mapping[str, ProposalText] = MappingProxyType({}),
) -> bool:
    """Keep notices with what is to be told of them; says whether one of them was new."""
    table = store.incidents
    new = [
        table.open(
            notice, partial(alert_messages, alerts=alerts, proposal=proposals.get(notice.key))
        )
        if notice.kind == "broken"
        else table.close(notice, partial(alert_messages, alerts=alerts))
        for notice in wanted
    ]
    return any(new)


# --- what there is to say ---


def _about_source(
    state: SourceState | None, known: OpenIncidents, store: Store, now: datetime
) -> Iterable[Incident]:
    if state is None:
        return
    if state.key in known:
        if state.failure is None:
            since, reason = known[state.key]
            kind: IncidentKind = "accepted" if _is_accepted(state, store) else "recovered"
            yield Incident(
                state.feed, state.key, kind, now, since, reason, 0, state.succeeded, state.items
            )
    elif needs_attention(state, now):
        since, reason = state.failing_since or now, state.failure or ""
        yield Incident(
            state.feed,
            state.key,
            "broken",
            now,
            since,
            reason,
            state.failures,
            state.succeeded,
            state.items,
        )


def _is_accepted(state: SourceState, store: Store) -> bool:
    """Whether the source's last look was not as usual, and taken all the same."""
    looks = store.observations.for_source(state.feed, state.key)
    return bool(looks) and looks[-1].accepted


def _about_feed(
    outcome: RunResult, known: OpenIncidents, store: Store, now: datetime
) -> Iterable[Incident]:
    """A problem of the feed's own is one that is about the feed, and not about a source of it."""
    own = [
        problem.reason
        for problem in outcome.problems
        if problem.fatal and problem.where == outcome.feed
    ]
    if own and "" not in known:
        yield Incident(
            outcome.feed, "", "broken", now, now, own[0], 1, _last_success(outcome.feed, store)
        )
    elif not own and "" in known:
        since, reason = known[""]
        yield Incident(outcome.feed, "", "recovered", now, since, reason)


def _last_success(feed: str, store: Store) -> datetime | None:
    return next((run.started for run in store.runs(feed) if run.outcome.ok), None)


def _about_strangers(feed: FeedConfig, known: OpenIncidents, now: datetime) -> Iterable[Incident]:
    """Broken sources that left the config."""
    for key in sorted(known.keys() - set(_keys(feed)) - {""}):
        since, reason = known[key]
        yield Incident(feed.name, key, "removed", now, since, reason)


def _keys(feed: FeedConfig) -> list[str]:
    return list(dict.fromkeys(source_key(source) for source in feed.source))
