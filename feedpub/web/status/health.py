"""Healthy, late or broken, and why. Pure functions of what is known.

Broken is what fails: a source, a feed's last run, a run that hangs. Late is what should have been
looked at by now.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from feedpub.core.humanize import format_age
from feedpub.core.models import RunResult, RunStatus
from feedpub.core.redact import redact
from feedpub.store import RunRecord, SourceState
from feedpub.web.status.records import Health, SourceStatus

GRACE_PERIOD = timedelta(
    minutes=5
)  # for runs that wait for others of the same host, or for a fast one to end
NEVER_CHECKED = "not checked yet"
_WORST_FIRST = tuple(Health)


def worst_health(healths: Iterable[Health]) -> Health:
    """The worst of all; healthy where there is none."""
    return min(healths, key=_WORST_FIRST.index, default=Health.HEALTHY)


def source_health(
    state: SourceState | None,
    known_break: tuple[datetime, str] | None,
    now: datetime,
    *,
    busy: bool,
) -> tuple[Health, str, datetime | None]:
    """How a source is, why, and since when.

    Args:
        state: as its last look left it; None before the first.
        known_break: since when and why it is known to be broken though it can be read.
        now: aware.
        busy: its feed is being looked at.
    """
    if state and state.failure is not None:
        return Health.BROKEN, redact(state.failure), state.failing_since
    if known_break:
        since, reason = known_break
        return Health.BROKEN, redact(reason), since
    if state is None:
        return Health.LATE, NEVER_CHECKED, None
    if state.next_look and state.next_look + GRACE_PERIOD < now and not busy:
        return Health.LATE, f"it was to be looked at {format_age(state.next_look, now)}", None
    return Health.HEALTHY, "", None


def is_overdue(
    last: RunRecord | None, next_run: datetime | None, now: datetime, started: datetime | None
) -> bool:
    """Whether a feed should have run by now.

    Args:
        last: its last run.
        next_run: what was planned for it; a run since then, from whatever hand, will do.
        now: aware.
        started: when the service started, which runs at once what never ran.
    """
    due = next_run or (started if last is None else None)
    return due is not None and due + GRACE_PERIOD < now and (last is None or last.started < due)


def feed_health(
    last: RunRecord | None,
    sources: Iterable[SourceStatus],
    *,
    known_break: str = "",
    hung: str = "",
    late: str = "",
) -> tuple[Health, tuple[str, ...]]:
    """How a feed is, and why, beside what its sources say themselves.

    Args:
        last: its last run.
        sources: how they are.
        known_break: why it is known to be broken as a whole; "" where it is not.
        hung: what is to be said of a run that is lost; "" where none is.
        late: what is to be said of a run that is overdue; "" where none is.
    """
    worst_source = worst_health(source.health for source in sources)
    broken = [redact(reason) for reason in (hung, known_break) if reason]
    if (
        last
        and last.outcome.status == RunStatus.FAILED
        and worst_source != Health.BROKEN
        and not known_break
    ):
        broken += _own_failures(last.outcome)
    waits = [NEVER_CHECKED] if last is None else [late] if late else []
    own = Health.BROKEN if broken else Health.LATE if waits else Health.HEALTHY
    return worst_health((own, worst_source)), (*broken, *waits)


def _own_failures(outcome: RunResult) -> list[str]:
    fatal = [redact(problem.reason) for problem in outcome.problems if problem.fatal]
    return fatal or ["the last run failed"]
