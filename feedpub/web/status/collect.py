"""The overview, out of the config, the state and the running process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from feedpub.config import Config, FeedConfig, Source
from feedpub.config.sources import source_key
from feedpub.core.budget import describe_crashes
from feedpub.core.humanize import format_age
from feedpub.core.redact import redact, redact_result
from feedpub.notify import alert_text as repair
from feedpub.notify.alert_text import ProposalText
from feedpub.pipeline.collect import source_fingerprint
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

_WHOLE = ""  # the key of what is broken about a feed as a whole
_REMOVALS_SHOWN = 5  # of each feed


def collect_status(
    config: Config,
    store: Store,
    now: datetime,
    running: ProcessStatus | None = None,
    *,
    brief: bool = False,
) -> ServiceStatus:
    """How everything is. Raises StoreError.

    Args:
        config: as it is in force.
        store: the state.
        now: aware.
        running: what the service knows; None where no service is asked.
        brief: leave out what says nothing of whether all is well: entries, removals, proposals.
    """
    known = _Known.load(store, now, running, brief=brief)
    return ServiceStatus(
        now, running, tuple(_feed(feed, known, now, running) for feed in config.feed)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the state, and the running process, say of all feeds."""

    entries: Mapping[str, int]
    newest: Mapping[str, datetime]
    days: Mapping[str, Mapping[date, int]]
    runs: Mapping[str, RunRecord]
    successes: Mapping[str, datetime]
    sources: Mapping[tuple[str, str], SourceState]
    breaks: Mapping[tuple[str, str], tuple[datetime, str]]
    planned: Mapping[str, ScheduledRun]
    removals: Mapping[str, tuple[RemovalStat, ...]]
    proposals: Mapping[tuple[str, str], Proposal]
    requests: Mapping[str, Mapping[str, int]]
    suspects: Mapping[str, int]

    @classmethod
    def load(
        cls, store: Store, now: datetime, running: ProcessStatus | None, *, brief: bool
    ) -> Self:
        figures = store.stats
        return cls(
            entries={} if brief else figures.entry_counts(),
            newest={} if brief else figures.newest_entries(),
            days={} if brief else figures.per_day(now - timedelta(days=SHOWN_DAYS)),
            runs=figures.last_runs(),
            successes=figures.last_successes(),
            sources=figures.source_states(),
            breaks=figures.open_incidents(),
            planned=store.schedule.load(),
            removals={} if brief else store.removal_stats.latest(_REMOVALS_SHOWN),
            proposals={} if brief else store.proposals.load(),
            requests=_requests(running),
            suspects=store.run_marks.suspects(),
        )


def _feed(
    feed: FeedConfig, known: _Known, now: datetime, running: ProcessStatus | None
) -> FeedStatus:
    last, planned = known.runs.get(feed.name), known.planned.get(feed.name)
    busy = running.busy.get(feed.name) if running else None
    hung = running.hung.get(feed.name) if running else None
    next_run = planned.next_run if planned else None
    overdue = not busy and is_overdue(last, next_run, now, running.started if running else None)
    sources = tuple(_sources(feed, known, now, busy=busy is not None))
    health, reasons = feed_health(
        last,
        sources,
        known_break=known.breaks.get((feed.name, _WHOLE), (now, ""))[1],
        hung=f"a run that began to hang was given up {format_age(hung, now)}" if hung else "",
        late=f"it was to run {format_age(next_run, now)}" if overdue and next_run else "",
    )
    if feed.name in known.suspects:
        health = worst_health((health, Health.LATE))
        reasons = (*reasons, describe_crashes(known.suspects[feed.name]))
    return FeedStatus(
        name=feed.name,
        title=feed.title,
        health=health,
        reasons=reasons,
        outcome=redact_result(last.outcome) if last else None,
        last_run=last.started if last else None,
        last_success=known.successes.get(feed.name) or _last_read(sources),
        next_run=next_run,
        why=planned.why if planned else "",
        busy=busy,
        hung=hung,
        overdue=overdue,
        entries=min(known.entries.get(feed.name, 0), feed.limit),
        newest=known.newest.get(feed.name),
        days=_days(known.days.get(feed.name, {}), now),
        requests=known.requests.get(feed.name, {}),
        sources=sources,
        removals=known.removals.get(feed.name, ()),
        documents=_documents(feed)
        if feed.name in known.entries or feed.name in known.successes
        else (),
    )


def _sources(
    feed: FeedConfig, known: _Known, now: datetime, *, busy: bool
) -> Iterator[SourceStatus]:
    """Each of a feed's sources once, under an address of its own."""
    shown: dict[str, int] = {}
    for key, source in {source_key(source): source for source in feed.source}.items():
        address = redact(key)
        number = shown[address] = shown.get(address, 0) + 1
        state, known_break = known.sources.get((feed.name, key)), known.breaks.get((feed.name, key))
        health, reason, since = source_health(state, known_break, now, busy=busy)
        told = SourceStatus(
            address if number == 1 else f"{address} ({number})", source.type, health, reason, since
        )
        if health == Health.BROKEN and (proposal := known.proposals.get((feed.name, key))):
            told = replace(told, proposal=_proposed(proposal, source))
        yield _with_looks(told, state) if state else told


def _proposed(proposal: Proposal, source: Source) -> ProposalText | None:
    """A proposal in words; None where the config has been changed since it was made."""
    return (
        repair.describe_proposal(proposal)
        if proposal.settings == source_fingerprint(source)
        else None
    )


def _with_looks(told: SourceStatus, state: SourceState) -> SourceStatus:
    return replace(
        told,
        failures=state.failures,
        last_look=state.checked,
        last_success=state.succeeded,
        items=state.items,
        next_look=state.next_look,
        why=redact(state.why),
    )


def _last_read(sources: Sequence[SourceStatus]) -> datetime | None:
    """When a source could last be read.

    Sources remember it for longer than there is a record of runs.
    """
    return max((source.last_success for source in sources if source.last_success), default=None)


def _documents(feed: FeedConfig) -> tuple[str, ...]:
    return tuple(f"{feed.name}.{suffix}" for suffix in ("html", *feed.formats))


def _days(counts: Mapping[date, int], now: datetime) -> tuple[int, ...]:
    if not counts:
        return (0,) * SHOWN_DAYS
    first = now.date() - timedelta(days=SHOWN_DAYS - 1)
    found = [0] * SHOWN_DAYS
    for day, count in counts.items():
        if 0 <= (place := (day - first).days) < SHOWN_DAYS:
            found[place] = count
    return tuple(found)


def _requests(running: ProcessStatus | None) -> dict[str, dict[str, int]]:
    """Feed → status → how many."""
    found: dict[str, dict[str, int]] = {}
    for (feed, status), count in sorted(running.requests.items() if running else ()):
        found.setdefault(feed, {})[status] = count
    return found
