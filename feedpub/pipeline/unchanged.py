"""Settle a check by conditional requests if every due source answers 304 Not Modified.

A full run that leaves nothing to do saves how to probe its sources. The next check then sends each
of them one conditional request. If none has changed, a full run could change nothing but the
observations that anomalies are detected from, and these are saved as it would save them. Otherwise
the responses are handed on to the full run. A full run still happens once a week: it repairs files
that were damaged.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import TypeAlias

from feedpub.config import FeedConfig, FeedSource, GlobalSettings, ItemsSource, PageSource
from feedpub.config.sources import is_rendered, source_key
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, RunResult, RunStatus
from feedpub.fetch import Validators
from feedpub.pipeline.collect import ListedItem, SourceResult, request_options
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.sources.documents import FetchedDocument
from feedpub.store import (
    CheckState,
    ProbeState,
    SourceObservation,
    UnchangedCheck,
    UnchangedSource,
)
from feedpub.store.checks import MIN_OBSERVATIONS

FULL_RUN_INTERVAL = timedelta(days=7)
OBSERVATION_INTERVAL = timedelta(hours=3)  # once a source has enough observations
_MAX_PARALLEL_SOURCES = 4
_Probed: TypeAlias = FeedSource | PageSource | ItemsSource


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The responses of all due sources to a conditional request.

    Attributes:
        responses: the response or error by requested address; empty if no source was probed.
        keys: the keys of the sources that were probed.
    """

    responses: Mapping[str, FetchedDocument]
    keys: tuple[str, ...]

    @property
    def is_unchanged(self) -> bool:
        """Return True if every due source answered 304 Not Modified."""
        answers = self.responses.values()
        return bool(answers) and all(isinstance(answer, NotModified) for answer in answers)


NOT_PROBED = ProbeResult({}, ())


def probe_sources(
    feed: FeedConfig,
    state: CheckState,
    context: RunContext,
    only: Collection[str] | None,
    fingerprint: str,
) -> ProbeResult:
    """Send each due source a conditional request, if that can settle the check.

    No request is sent if a due source has no valid probe, or if other work is pending.

    Args:
        feed: the feed's settings.
        state: what the state knows about the feed.
        context: the services that the run uses.
        only: the keys of the sources to check; None checks all.
        fingerprint: the feed's fingerprint.
    """
    due = [source for source in feed.source if only is None or source_key(source) in only]
    remote = [source for source in due if isinstance(source, _Probed)]
    if not due or len(remote) < len(due):
        return NOT_PROBED
    now, keys = context.clock(), [source_key(source) for source in remote]
    probes: list[ProbeState] = []
    for key in keys:
        probe = state.probes.get(key)
        if probe is None or not _is_valid(probe, fingerprint, context.settings, now):
            return NOT_PROBED
        probes.append(probe)
    if _has_pending_work(feed, state, context, now):
        return NOT_PROBED
    responses = _send_requests(remote, probes, context)
    urls = [source.url for source in remote]
    return ProbeResult(dict(zip(urls, responses, strict=True)), tuple(keys))


def _send_requests(
    sources: Sequence[_Probed], probes: Sequence[ProbeState], context: RunContext
) -> list[FetchedDocument]:
    """Return the response or the error of each source."""

    def send(source: _Probed, probe: ProbeState) -> FetchedDocument:
        validators = Validators(probe.etag, probe.last_modified)
        try:
            context.budget.check_time_left(source.url)
            options = request_options(source)
            return context.fetcher.get(source.url, validators=validators, options=options)
        except FetchError as error:
            return error

    if len(sources) == 1:  # most feeds have one source, which is not worth a thread
        return [send(sources[0], probes[0])]
    with ThreadPoolExecutor(_MAX_PARALLEL_SOURCES) as pool:
        return list(pool.map(send, sources, probes))


def unchanged_check(
    feed: str, probe: ProbeResult, state: CheckState, now: datetime, seconds: float
) -> UnchangedCheck:
    """Return the check of a feed whose due sources have not changed, without plans.

    Args:
        feed: the feed's name.
        probe: the responses, which are all 304.
        state: the state of the feed before the check.
        now: the time of the check.
        seconds: its duration.
    """
    probes = [state.probes[key] for key in probe.keys]
    # As in a full run of these sources, each of them is observed.
    observes = any(_is_observation_due(each, now) for each in probes)
    sources: list[UnchangedSource] = []
    for each in probes:
        after = each
        if observes:
            has_baseline = each.key in state.baselines
            until = now + OBSERVATION_INTERVAL if has_baseline else None
            after = replace(each, observe_at=until)
        sources.append(UnchangedSource(state.sources[each.key], after, observes))
    return UnchangedCheck(feed, now, seconds, tuple(sources), is_marked=state.is_marked)


def unchanged_result(check: UnchangedCheck) -> RunResult:
    """Return a check without news as the result of a run."""
    skipped = sum(source.probe.skipped for source in check.sources)
    kept = sum(source.before.items for source in check.sources) - skipped
    return RunResult(
        check.feed,
        RunStatus.UNCHANGED,
        kept=kept,
        skipped=skipped,
        requests=len(check.sources),
        seconds=check.seconds,
    )


def _is_observation_due(probe: ProbeState, now: datetime) -> bool:
    """Return True if a check is an observation of its own.

    A time beyond the interval was saved while the clock was wrong.
    """
    time = probe.observe_at
    return time is None or not now < time <= now + OBSERVATION_INTERVAL


def plan_next_probe(
    feed: FeedConfig,
    result: RunResult,
    source_results: Sequence[SourceResult],
    articles: Iterable[tuple[ListedItem, ItemResult]],
    context: RunContext,
) -> dict[str, ProbeState | None]:
    """Return source key → how to probe the source, or None if it needs a full run.

    If the run had problems, all sources of the feed need a full run. Otherwise only the sources of
    this run are returned.

    Args:
        feed: the feed's settings.
        result: the result of the run.
        source_results: the sources of the run.
        articles: each item with its result.
        context: the services that the run uses.
    """
    skipped: Counter[str] = Counter()
    is_settled = result.ok and not result.problems
    for item, item_result in articles:
        is_settled = is_settled and item_result.state.state in ("stored", "excluded")
        skipped[item.source] += item_result.state.state == "excluded"
    if not is_settled:
        return {source_key(source): None for source in feed.source}
    now = context.clock()
    basis = feed_fingerprint(feed, context.settings)
    until = now + _full_run_interval(context.settings)
    probes: dict[str, ProbeState | None] = {}
    for each in source_results:
        page, observation = each.documents.first, each.observation
        if page is None or observation is None or not _can_be_probed(each):
            probes[each.key] = None
            continue
        probes[each.key] = ProbeState(
            feed.name,
            each.key,
            basis,
            until,
            skipped[each.key],
            page.etag,
            page.last_modified,
            observe_at=_next_observation(observation, now, context),
        )
    return probes


def _can_be_probed(result: SourceResult) -> bool:
    """Return True if one conditional request can show that a source has not changed."""
    page = result.documents.first
    if page is None or result.documents.requests != 1 or is_rendered(result.source):
        return False
    return bool(page.etag or page.last_modified)


def _next_observation(
    observation: SourceObservation, now: datetime, context: RunContext
) -> datetime | None:
    """Return when the next check without news is an observation of its own; None for at once.

    That is the next one as long as the baseline is small, and after a check that found news.
    """
    if observation.read or observation.known < observation.items:
        return None
    history = context.store.observations.for_source(
        observation.feed, observation.key, observation.settings
    )
    return now + OBSERVATION_INTERVAL if len(history) >= MIN_OBSERVATIONS else None


def _full_run_interval(settings: GlobalSettings) -> timedelta:
    """Return the time between two full runs, which record that articles are still listed."""
    return min(FULL_RUN_INTERVAL, settings.keep / 2)


def _is_valid(probe: ProbeState, fingerprint: str, settings: GlobalSettings, now: datetime) -> bool:
    """Return True if a probe is for the same settings and has not expired.

    An expiry beyond the interval was saved while the clock was wrong.
    """
    is_current = now < probe.until <= now + _full_run_interval(settings)
    return is_current and probe.basis == fingerprint


def _has_pending_work(
    feed: FeedConfig, state: CheckState, context: RunContext, now: datetime
) -> bool:
    """Return True if articles are due for a recheck, or files are missing."""
    if feed.recheck and state.recheck_at and state.recheck_at <= now:
        return True
    names = [f"{feed.name}.html", *(f"{feed.name}.{suffix}" for suffix in feed.formats)]
    return bool(context.output.find_missing(names))


def feed_fingerprint(feed: FeedConfig, settings: GlobalSettings) -> str:
    """Return a digest of everything but the sources' documents that a feed depends on."""
    parts = (
        _get_version(),
        repr(feed),
        settings.base_url,
        repr(settings.websub_hubs),
        str(settings.output),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def _get_version() -> str:
    return version("feedpub")
