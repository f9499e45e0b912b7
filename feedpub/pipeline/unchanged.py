"""Skip the full run if every due source answers 304 Not Modified.

A full run that leaves nothing to do saves how to probe its sources. The next run then sends each
of them one conditional request. If none has changed, that was the run; otherwise the responses are
handed on to the full run. A full run still happens every three hours, so that anomalies which need
the complete listing are detected.
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

from feedpub.config import FeedConfig, FeedSource, ItemsSource, PageSource
from feedpub.config.sources import is_rendered, source_key
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, RunResult, RunStatus
from feedpub.fetch import Validators
from feedpub.pipeline.collect import ListedItem, SourceResult, request_options
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.sources.documents import FetchedDocument
from feedpub.store import ProbeState, SourceState

FULL_RUN_INTERVAL = timedelta(hours=3)
MIN_OBSERVATIONS = 12  # full runs that are needed before probing, to learn a source's baseline
_MAX_PARALLEL_SOURCES = 4
_Probed: TypeAlias = FeedSource | PageSource | ItemsSource


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The responses of all due sources to a conditional request.

    Attributes:
        responses: the response or error by requested address; empty if no source was probed.
        known: the probe and the state of each probed source, before this run.
    """

    responses: Mapping[str, FetchedDocument]
    known: tuple[tuple[ProbeState, SourceState], ...]

    @property
    def is_unchanged(self) -> bool:
        """Return True if every due source answered 304 Not Modified."""
        answers = self.responses.values()
        return bool(answers) and all(isinstance(answer, NotModified) for answer in answers)


NOT_PROBED = ProbeResult({}, ())


def probe_sources(
    feed: FeedConfig, context: RunContext, only: Collection[str] | None
) -> ProbeResult:
    """Send each due source a conditional request, if that can settle the run.

    No request is sent if a due source has no valid probe, or if other work is pending.

    Args:
        feed: the feed's settings.
        context: the services that the run uses.
        only: the keys of the sources to check; None checks all.
    """
    due = [source for source in feed.source if only is None or source_key(source) in only]
    remote = [source for source in due if isinstance(source, _Probed)]
    if not due or len(remote) < len(due):
        return NOT_PROBED
    known = _load_valid_probes(feed, remote, context)
    if len(known) < len(remote) or _has_pending_work(feed, context, context.clock()):
        return NOT_PROBED

    def probe(source: _Probed, state: ProbeState) -> FetchedDocument:
        try:
            context.budget.check_time_left(source.url)
            validators, options = (
                Validators(state.etag, state.last_modified),
                request_options(source),
            )
            return context.fetcher.get(source.url, validators=validators, options=options)
        except FetchError as error:
            return error

    probes = [state for state, _ in known]
    if len(remote) == 1:  # most feeds have one source, which is not worth a thread
        responses = [probe(remote[0], probes[0])]
    else:
        with ThreadPoolExecutor(_MAX_PARALLEL_SOURCES) as pool:
            responses = list(pool.map(probe, remote, probes))
    urls = [source.url for source in remote]
    return ProbeResult(dict(zip(urls, responses, strict=True)), tuple(known))


def _load_valid_probes(
    feed: FeedConfig, sources: Iterable[_Probed], context: RunContext
) -> list[tuple[ProbeState, SourceState]]:
    """Return the probe and the state of each source, up to the first without a valid probe."""
    stored = context.store.probe_states(feed.name)
    fingerprint, now = _get_fingerprint(feed, context), context.clock()
    valid: list[tuple[ProbeState, SourceState]] = []
    for source in sources:
        known = stored.get(source_key(source))
        if known is None or not _is_valid(known[0], fingerprint, now):
            break
        valid.append(known)
    return valid


def unchanged_result(
    feed: FeedConfig, probe: ProbeResult, context: RunContext
) -> tuple[RunResult, list[SourceState]]:
    """Return the result of a run in which no source changed, and the state of its sources.

    The scheduler has yet to decide about the next check of each source.
    """
    now = context.clock()
    states = []
    for _, state in probe.known:
        states.append(replace(state, checked=now, succeeded=now, next_look=None))
    skipped = sum(state.skipped for state, _ in probe.known)
    kept = sum(state.items for state in states) - skipped
    requests = len(probe.responses)
    result = RunResult(
        feed.name, RunStatus.UNCHANGED, kept=kept, skipped=skipped, requests=requests
    )
    return result, states


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
    fingerprint, until = _get_fingerprint(feed, context), context.clock() + FULL_RUN_INTERVAL
    probes: dict[str, ProbeState | None] = {}
    for each in source_results:
        page = each.documents.first
        if page and _can_be_probed(each, context):
            probes[each.key] = ProbeState(
                feed.name,
                each.key,
                fingerprint,
                until,
                skipped[each.key],
                page.etag,
                page.last_modified,
            )
        else:
            probes[each.key] = None
    return probes


def _can_be_probed(result: SourceResult, context: RunContext) -> bool:
    """Return True if one conditional request can show that a source has not changed.

    That also requires a baseline: enough observations under the same settings.
    """
    page, observation = result.documents.first, result.observation
    if page is None or observation is None:
        return False
    if result.documents.requests != 1 or is_rendered(result.source):
        return False
    if not (page.etag or page.last_modified):
        return False
    if observation.read or observation.known < observation.items:
        return False
    history = context.store.observations.for_source(
        observation.feed, observation.key, observation.settings
    )
    return len(history) >= MIN_OBSERVATIONS


def _is_valid(state: ProbeState, fingerprint: str, now: datetime) -> bool:
    """Return True if a probe is for the same settings and has not expired.

    An expiry beyond the interval was saved while the clock was wrong.
    """
    return state.basis == fingerprint and now < state.until <= now + FULL_RUN_INTERVAL


def _has_pending_work(feed: FeedConfig, context: RunContext, now: datetime) -> bool:
    """Return True if articles are due for a recheck, or files are missing."""
    recheck = context.store.next_recheck(feed.name, now) if feed.recheck else None
    if recheck and recheck <= now:
        return True
    names = [f"{feed.name}.html", *(f"{feed.name}.{suffix}" for suffix in feed.formats)]
    return bool(context.output.find_missing(names))


def _get_fingerprint(feed: FeedConfig, context: RunContext) -> str:
    """Return a digest of everything but the sources' documents that the feed depends on."""
    settings = context.settings
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
