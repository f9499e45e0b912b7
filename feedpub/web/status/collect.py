"""Collect the status from the config, the state and the running process."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Self

from feedpub.config import Config, FeedConfig, Source
from feedpub.config.sources import source_fingerprint, source_key
from feedpub.core.budget import describe_crashes
from feedpub.core.models import RunStatus
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


def collect_status(  # noqa: PLR0913 -- all named or of different types
    config: Config,
    store: Store,
    now: datetime,
    running: ProcessStatus | None = None,
    *,
    feeds: Collection[str] | None = None,
    brief: bool = False,
) -> ServiceStatus:
    """Return the current status.

    Args:
        config: The config in use.
        store: The state.
        now: Aware.
        running: The service's process; None if there is none.
        feeds: The names of the feeds to include, in their order; None for all.
        brief: Leave out entries, removals and proposals, which do not affect the health.

    Raises:
        StoreError: The state cannot be read.
    """
    state = _State.load(config, store, now, running, feeds, brief=brief)
    included: Iterable[FeedConfig] = config.feed
    if feeds is not None:
        included = filter(None, map(config.feed.get, feeds))
    return ServiceStatus(now, running, tuple(_feed_status(feed, state, now) for feed in included))


def collect_live_entries(
    config: Config, store: Store, feeds: Collection[str]
) -> dict[str, tuple[int, int | None]]:
    """Return feed → the number of entries in its live document, and the newest one's date.

    The date is in seconds since 1970. Feeds that were never published are left out.

    Raises:
        StoreError: The state cannot be read.
    """
    found = store.stats.live_entries(feeds)
    unknown = [name for name in feeds if name not in found]
    for name, (number, newest) in store.stats.stored_entries(unknown).items():
        if feed := config.feed.get(name):
            found[name] = (min(number, feed.limit), newest)
    return found


@dataclass(frozen=True, slots=True)
class _State:
    """Values of all feeds from the state and the process.

    The keys are feed names, or feed names with source keys.
    """

    entries: Mapping[str, tuple[int, int | None]]
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
    def load(  # noqa: PLR0913 -- those of collect_status
        cls,
        config: Config,
        store: Store,
        now: datetime,
        process: ProcessStatus | None,
        feeds: Collection[str] | None,
        *,
        brief: bool,
    ) -> Self:
        stats = store.stats
        runs = stats.last_runs(feeds)
        succeeded = {
            name: run.started
            for name, run in runs.items()
            if run.outcome.status != RunStatus.FAILED
        }
        failed = runs.keys() - succeeded.keys()
        names = config.feed.names if feeds is None else feeds
        return cls(
            entries={} if brief else collect_live_entries(config, store, names),
            days={} if brief else stats.per_day(now - timedelta(days=SHOWN_DAYS), feeds),
            runs=runs,
            successes=stats.last_successes(failed) | succeeded if failed else succeeded,
            sources=stats.source_states(feeds),
            incidents=stats.open_incidents(feeds),
            planned=store.schedule.load(feeds),
            removals={} if brief else store.removal_stats.latest(_MAX_REMOVALS, feeds),
            proposals={} if brief else store.proposals.load(),
            suspects=store.run_marks.suspects(),
            requests={} if brief else _requests_by_feed(process, frozenset(names)),
            busy=process.busy if process else {},
            hung=process.hung if process else {},
            service_started=process.started if process else None,
        )


def _requests_by_feed(
    process: ProcessStatus | None, feeds: Collection[str]
) -> Mapping[str, Mapping[str, int]]:
    requests: dict[str, dict[str, int]] = {}
    counts = process.requests.items() if process else ()
    for (feed, http_status), count in sorted(item for item in counts if item[0][0] in feeds):
        requests.setdefault(feed, {})[http_status] = count
    return requests


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
    entries, newest = state.entries.get(name, (0, None))
    was_published = entries > 0 or name in state.successes
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
        entries=min(entries, feed.limit),
        newest=datetime.fromtimestamp(newest, UTC) if newest is not None else None,
        days=_count_days(state.days[name], now) if name in state.days else (0,) * SHOWN_DAYS,
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
