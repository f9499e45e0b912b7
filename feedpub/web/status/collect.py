"""Collect the status from the config, the state and the running process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from feedpub.config import Config, FeedConfig, Source
from feedpub.config.sources import source_fingerprint, source_key
from feedpub.core.budget import describe_crashes
from feedpub.core.redact import redact, redact_result
from feedpub.core.text import format_age
from feedpub.notify.alert_text import ProposalText, describe_proposal
from feedpub.store import Proposal, RemovalStat, RunRecord, ScheduledRun, SourceState, Store
from feedpub.web.status.health import feed_health, is_overdue, source_health, worst_health
from feedpub.web.status.records import (
    SHOWN_DAYS,
    FeedStatus,
    Health,
    ProcessStatus,
    ServiceStatus,
    SourceStatus,
)

_FEED_ITSELF = ""  # the source key of incidents of a feed as a whole
_MAX_REMOVALS = 5  # of each feed


def collect_status(
    config: Config,
    store: Store,
    now: datetime,
    running: ProcessStatus | None = None,
    *,
    brief: bool = False,
) -> ServiceStatus:
    """Return the current status.

    Args:
        config: The config in use.
        store: The state.
        now: Aware.
        running: The service's process; None if there is none.
        brief: Leave out entries, removals and proposals, which do not affect the health.

    Raises:
        StoreError: The state cannot be read.
    """
    state = _State.load(store, now, running, brief=brief)
    return ServiceStatus(
        now, running, tuple(_feed_status(feed, state, now) for feed in config.feed)
    )


@dataclass(frozen=True, slots=True)
class _State:
    """Values of all feeds from the state and the process.

    The keys are feed names, or feed names with source keys.
    """

    entries: Mapping[str, int]
    newest: Mapping[str, datetime]
    days: Mapping[str, Mapping[date, int]]
    runs: Mapping[str, RunRecord]
    successes: Mapping[str, datetime]
    sources: Mapping[tuple[str, str], SourceState]
    incidents: Mapping[tuple[str, str], tuple[datetime, str]]
    planned: Mapping[str, ScheduledRun]
    removals: Mapping[str, tuple[RemovalStat, ...]]
    proposals: Mapping[tuple[str, str], Proposal]
    suspects: Mapping[str, int]
    requests: Mapping[str, Mapping[str, int]]
    busy: Mapping[str, datetime]
    hung: Mapping[str, datetime]
    service_started: datetime | None

    @classmethod
    def load(
        cls, store: Store, now: datetime, process: ProcessStatus | None, *, brief: bool
    ) -> Self:
        stats = store.stats
        requests: dict[str, dict[str, int]] = {}
        for (feed, http_status), count in sorted(process.requests.items() if process else ()):
            requests.setdefault(feed, {})[http_status] = count
        return cls(
            entries={} if brief else stats.entry_counts(),
            newest={} if brief else stats.newest_entries(),
            days={} if brief else stats.per_day(now - timedelta(days=SHOWN_DAYS)),
            runs=stats.last_runs(),
            successes=stats.last_successes(),
            sources=stats.source_states(),
            incidents=stats.open_incidents(),
            planned=store.schedule.load(),
            removals={} if brief else store.removal_stats.latest(_MAX_REMOVALS),
            proposals={} if brief else store.proposals.load(),
            suspects=store.run_marks.suspects(),
            requests=requests,
            busy=process.busy if process else {},
            hung=process.hung if process else {},
            service_started=process.started if process else None,
        )


def _feed_status(feed: FeedConfig, state: _State, now: datetime) -> FeedStatus:
    name = feed.name
    last, planned = state.runs.get(name), state.planned.get(name)
    busy, hung = state.busy.get(name), state.hung.get(name)
    next_run = planned.next_run if planned else None
    overdue = not busy and is_overdue(last, next_run, now, state.service_started)
    sources = tuple(_source_statuses(feed, state, now, busy=busy is not None))
    health, reasons = feed_health(
        last,
        sources,
        incident=state.incidents.get((name, _FEED_ITSELF), (now, ""))[1],
        stuck=f"a stuck run was cancelled {format_age(hung, now)}" if hung else "",
        late=f"its run was due {format_age(next_run, now)}" if overdue and next_run else "",
    )
    if name in state.suspects:
        health = worst_health((health, Health.LATE))
        reasons = (*reasons, describe_crashes(state.suspects[name]))
    # Source states are kept for longer than run records.
    read_times = [source.last_success for source in sources if source.last_success]
    was_published = name in state.entries or name in state.successes
    return FeedStatus(
        name=name,
        title=feed.title,
        health=health,
        reasons=reasons,
        outcome=redact_result(last.outcome) if last else None,
        last_run=last.started if last else None,
        last_success=state.successes.get(name) or max(read_times, default=None),
        next_run=next_run,
        why=planned.why if planned else "",
        busy=busy,
        hung=hung,
        overdue=overdue,
        entries=min(state.entries.get(name, 0), feed.limit),
        newest=state.newest.get(name),
        days=_count_days(state.days.get(name, {}), now),
        requests=state.requests.get(name, {}),
        sources=sources,
        removals=state.removals.get(name, ()),
        documents=_document_names(feed) if was_published else (),
    )


def _source_statuses(
    feed: FeedConfig, state: _State, now: datetime, *, busy: bool
) -> Iterator[SourceStatus]:
    """Yield the status of each distinct source. Addresses that look the same get a number."""
    shown: dict[str, int] = {}
    for key, source in {source_key(source): source for source in feed.source}.items():
        address = redact(key)
        number = shown[address] = shown.get(address, 0) + 1
        if number > 1:
            address = f"{address} ({number})"
        source_state = state.sources.get((feed.name, key))
        incident = state.incidents.get((feed.name, key))
        health, reason, since = source_health(source_state, incident, now, busy=busy)
        status = SourceStatus(address, source.type, health, reason, since)
        proposal = state.proposals.get((feed.name, key))
        if health == Health.BROKEN and proposal:
            status = replace(status, proposal=_describe_current_proposal(proposal, source))
        if source_state:
            status = replace(
                status,
                failures=source_state.failures,
                last_look=source_state.checked,
                last_success=source_state.succeeded,
                items=source_state.items,
                next_look=source_state.next_look,
                why=redact(source_state.why),
            )
        yield status


def _describe_current_proposal(proposal: Proposal, source: Source) -> ProposalText | None:
    """Describe a proposal; None if the source's settings have changed since."""
    if proposal.settings != source_fingerprint(source):
        return None
    return describe_proposal(proposal)


def _document_names(feed: FeedConfig) -> tuple[str, ...]:
    return tuple(f"{feed.name}.{suffix}" for suffix in ("html", *feed.formats))


def _count_days(counts: Mapping[date, int], now: datetime) -> tuple[int, ...]:
    """Return the counts of the last days, today last."""
    first = now.date() - timedelta(days=SHOWN_DAYS - 1)
    return tuple(counts.get(first + timedelta(days=number), 0) for number in range(SHOWN_DAYS))
