"""Decide if a feed or a source is healthy, partial, late or broken, and why.

A source is broken if it fails. A feed is broken if its last run failed or a run is stuck. Late
means that a check or a run is overdue. A feed is partial if items that its sources list are missing
in it or incomplete.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from feedpub.core.models import RunResult, RunStatus
from feedpub.core.redact import redact
from feedpub.core.text import format_age, pluralize
from feedpub.store import RunRecord, SourceState
from feedpub.web.status.records import Health, SourceStatus

# Runs may wait for others of the same host, or for a free slot.
GRACE_PERIOD = timedelta(minutes=5)
NEVER_CHECKED = "not checked yet"
_WORST_FIRST = tuple(Health)


def worst_health(healths: Iterable[Health]) -> Health:
    """Return the worst health; healthy if there is none."""
    return min(healths, key=_WORST_FIRST.index, default=Health.HEALTHY)


def source_health(
    state: SourceState | None,
    incident: tuple[datetime, str] | None,
    now: datetime,
    *,
    busy: bool,
) -> tuple[Health, str, datetime | None]:
    """Return a source's health, the reason, and since when it has been failing.

    Args:
        state: State after the last check; None before the first.
        incident: Start and reason of an open incident, if the source can be read.
        now: Aware.
        busy: The feed is running.
    """
    if state and state.failure is not None:
        return Health.BROKEN, redact(state.failure), state.failing_since
    if incident:
        since, reason = incident
        return Health.BROKEN, redact(reason), since
    if state is None:
        return Health.LATE, NEVER_CHECKED, None
    if state.next_look and state.next_look + GRACE_PERIOD < now and not busy:
        return Health.LATE, f"its check was due {format_age(state.next_look, now)}", None
    return Health.HEALTHY, "", None


def is_overdue(
    last: RunRecord | None, next_run: datetime | None, now: datetime, started: datetime | None
) -> bool:
    """Return True if a feed should have run by now.

    Args:
        last: Its last run.
        next_run: Its planned run. Any run since then counts, also one by a command.
        now: Aware.
        started: Start of the service, which runs new feeds at once.
    """
    due = next_run or (started if last is None else None)
    if due is None or due + GRACE_PERIOD >= now:
        return False
    return last is None or last.started < due


def feed_health(
    last: RunRecord | None,
    sources: Iterable[SourceStatus],
    *,
    incident: str = "",
    stuck: str = "",
    late: str = "",
) -> tuple[Health, tuple[str, ...]]:
    """Return a feed's health, and the reasons that its sources do not state.

    Args:
        last: Its last run.
        sources: Status of its sources.
        incident: Reason of an open incident of the feed itself; "" without one.
        stuck: Description of a stuck run; "" without one.
        late: Description of an overdue run; "" without one.
    """
    worst_source = worst_health(source.health for source in sources)
    failures = [redact(reason) for reason in (stuck, incident) if reason]
    if last and last.outcome.status == RunStatus.FAILED:
        is_explained = worst_source == Health.BROKEN or incident
        if not is_explained:
            failures += _run_failures(last.outcome)
    delay = NEVER_CHECKED if last is None else late
    delays = [delay] if delay else []
    unread = describe_unread_count(len(last.outcome.unread)) if last else ""
    health = worst_source
    if failures:
        health = Health.BROKEN
    elif delays:
        health = worst_health((Health.LATE, worst_source))
    elif unread:
        health = worst_health((Health.PARTIAL, worst_source))
    return health, (*failures, *delays, *filter(None, [unread]))


def describe_unread_count(count: int) -> str:
    """Return the reason why a feed with unread items is partial; "" if it has none."""
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return f"{pluralize(count, 'listed item')} {verb} unread or incomplete"


def _run_failures(result: RunResult) -> list[str]:
    fatal = [redact(failure.reason) for failure in result.problems if failure.fatal]
    return fatal or ["the last run failed"]
