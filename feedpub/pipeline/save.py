"""Save the result of a run: the run itself, its documents, and the state of each source.

This is the last stage. Validators are saved here, after the files were written: a run that is
interrupted earlier fetches its documents again.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from feedpub.config import FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.core.log import fields
from feedpub.core.models import Failure, RunResult
from feedpub.pipeline.collect import ListedItem, SourceResult
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult, ReadResult
from feedpub.pipeline.unchanged import ProbeResult, unchanged_check, unchanged_result
from feedpub.store import CheckState, FeedState, ProbeState, Proposal, RunRecord, SourceState

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunStart:
    """The start of a run.

    Attributes:
        at: the time by the run's clock.
        monotonic: the same moment by the monotonic clock.
    """

    at: datetime
    monotonic: float

    @classmethod
    def now(cls, context: RunContext) -> Self:
        """Return the present moment."""
        return cls(context.clock(), time.monotonic())

    def elapsed_seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.monotonic


def log_sources(feed: str, results: Iterable[SourceResult]) -> None:
    """Log one line for each source that was checked."""
    for result in results:
        observation, failure = result.observation, result.failure
        extra = fields(
            feed=feed,
            source=result.key,
            items=observation.items if observation else len(result.items),
            known=observation.known if observation else None,
            read=observation.read if observation else None,
            verdict=failure.reason if failure else "normal",
        )
        _log.debug("source", extra=extra)


def save_run(  # noqa: PLR0913 -- all that is saved of a run, by name
    result: RunResult,
    start: RunStart,
    context: RunContext,
    *,
    feed: FeedConfig,
    state: FeedState,
    source_results: Sequence[SourceResult],
    read: ReadResult,
    proposals: Sequence[Proposal],
    published: Sequence[str],
    rendered: bytes | None,
    probes: Mapping[str, ProbeState | None],
) -> None:
    """Save a run and what was learned about its sources, once the feed is written.

    Args:
        result: the result of the run.
        start: the start of the run.
        context: the services that the run uses.
        feed: the feed's settings.
        state: the state of the feed before the run.
        source_results: the sources that were checked.
        read: the results of the articles.
        proposals: how sources whose lists are no longer found could be repaired.
        published: the ids of the entries that are published for the first time.
        rendered: the new record of the feed's files; None if it has not changed.
        probes: source key → how to probe the source in the next run, if that is possible.
    """
    healthy = [each for each in source_results if not each.failure]
    removed = state.sources.keys() - {source_key(source) for source in feed.source}
    repaired = ({each.key for each in healthy} | removed) & state.proposals
    context.budget.check_not_cancelled()
    context.store.commit_run(
        RunRecord(result, start.at),
        documents=[document for each in healthy for document in each.documents.fresh],
        sources=_update_states(feed.name, source_results, state.sources, start.at),
        observations=[each.observation for each in source_results if each.observation],
        watched=[each.watched for each in healthy if each.watched],
        probe_states=probes,
        removed=[each.extracted.article.removed for each in read.items if each.extracted],
        memories=read.memories,
        proposals=proposals,
        repaired=repaired,
        published=published,
        rendered=rendered,
    )


def without_unread_changes(
    source_results: Iterable[SourceResult],
    items: Iterable[ListedItem],
    item_results: Iterable[ItemResult],
) -> list[SourceResult]:
    """Return the results without the text of a page whose change could not be made an entry.

    The next check finds the change again.
    """
    failed: set[str] = set()
    for item, result in zip(items, item_results, strict=True):
        if result.state.state == "failed":
            failed.add(item.source)
    return [replace(each, watched=None) if each.key in failed else each for each in source_results]


def save_unchanged_run(
    feed: FeedConfig, probe: ProbeResult, state: CheckState, start: RunStart, context: RunContext
) -> RunResult:
    """Save a run in which no source had anything new."""
    context.budget.check_not_cancelled()
    seconds = start.elapsed_seconds()
    check = unchanged_check(feed.name, probe, state, context.clock(), seconds)
    context.store.checks.save([check])
    return unchanged_result(check)


def save_failed_run(result: RunResult, start: RunStart, context: RunContext) -> RunResult:
    """Save a run that failed, unless it was cancelled.

    Returns:
        The result, with another failure if it could not be saved.
    """
    if context.budget.cancelled:
        return result
    try:
        context.store.commit_run(RunRecord(result, start.at))
    except CorruptStateError:
        raise
    except StoreError as error:
        failure = Failure(result.feed, f"this failed run could not be saved: {error}")
        return replace(result, problems=(*result.problems, failure))
    return result


def _update_states(
    feed: str, results: Iterable[SourceResult], before: Mapping[str, SourceState], now: datetime
) -> Iterator[SourceState]:
    """Yield the new state of each source. The scheduler decides about the next check."""
    for result in results:
        state = before.get(result.key)
        if result.retry_later:
            if state:
                yield _postpone_source(state, now + timedelta(seconds=result.hints.wait))
        elif result.failure is None:
            yield SourceState(
                feed,
                result.key,
                checked=now,
                succeeded=now,
                items=len(result.items),
                pace=result.hints,
                podcast=result.podcast,
            )
        else:
            state = state or SourceState(feed, result.key, now, succeeded=None, items=0)
            yield _count_failure(state, result, result.failure, now)


def _postpone_source(state: SourceState, earliest: datetime) -> SourceState:
    """Return the state of a source that was not requested because of a Retry-After."""
    if state.next_look and state.next_look >= earliest:
        return state
    return replace(state, next_look=earliest, why="its server sent Retry-After")


def _count_failure(
    before: SourceState, result: SourceResult, failure: Failure, now: datetime
) -> SourceState:
    return replace(
        before,
        checked=now,
        failure=failure.reason,
        failing_since=min(before.failing_since or now, now),
        failures=before.failures + 1,
        next_look=None,
        pace=result.hints,
        firm=failure.firm,
    )
