"""A look that brings nothing new, told by few questions: most looks at most sources are of this kind.

After a run of which nothing is left to do, each source is asked first whether anything changed.
Where all say no, that was the run. A source that says yes is not asked twice: its answer is handed
on to the whole run. Now and then all is read again though nothing changed, so that what only a
whole run sees is seen in time.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version

from feedpub.config import FeedConfig, FeedSource, PageSource
from feedpub.config.sources import source_key
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, RunResult, RunStatus
from feedpub.fetch import Validators
from feedpub.pipeline.collect import ListedItem, SourceResult, is_rendered, request_options
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.sources.documents import FetchedDocument
from feedpub.store import ProbeState, SourceState

WHOLE = timedelta(hours=3)  # after which a source is read as a whole, changed or not
LOOKS = 12  # as a whole, before this: what is usual for a source is learned from them
_AT_ONCE = 4  # sources


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of asking all sources that are due whether anything changed.

    Attributes:
        answers: what their servers said, by the address that they were asked for; empty where none
            was asked.
        known: how the sources were before.
    """

    answers: Mapping[str, FetchedDocument]
    unchanged: tuple[tuple[ProbeState, SourceState], ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether all were asked, and say that nothing changed."""
        return bool(self.answers) and all(
            isinstance(answer, NotModified) for answer in self.answers.values()
        )


NOTHING = ProbeResult({}, ())


def probe_sources(feed: FeedConfig, tools: RunContext, only: Collection[str] | None) -> ProbeResult:
    """Ask the servers of calm sources; none where any source that is due is not calm, or other work waits.

    Args:
        feed: as the config has it.
        tools: what it works with.
        only: the keys of the sources to look at; all of them where it is left out.
    """
    sources = [source for source in feed.source if only is None or source_key(source) in only]
    remote = [source for source in sources if isinstance(source, FeedSource | PageSource)]
    if not sources or len(remote) < len(sources):
        return NOTHING
    now, basis = tools.clock(), _basis(feed, tools)
    calm = {
        key: each
        for key, each in tools.store.probe_states(feed.name).items()
        if _holds(each[0], basis, now)
    }
    if not all(source_key(source) in calm for source in sources) or _something_waits(
        feed, tools, now
    ):
        return NOTHING

    def answer(source: FeedSource | PageSource) -> FetchedDocument:
        known, _ = calm[source_key(source)]
        try:
            tools.budget.check_time_left(source.url)
            validators = Validators(known.etag, known.last_modified)
            return tools.fetcher.get(
                source.url, validators=validators, options=request_options(source)
            )
        except FetchError as error:
            return error

    known_of = tuple(calm[source_key(source)] for source in remote)
    if len(remote) == 1:
        return ProbeResult({remote[0].url: answer(remote[0])}, known_of)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        given = pool.map(answer, remote)
        return ProbeResult(
            {source.url: answer for source, answer in zip(remote, given, strict=True)}, known_of
        )


def unchanged_result(
    feed: FeedConfig, asked: ProbeResult, tools: RunContext
) -> tuple[RunResult, list[SourceState]]:
    """How a run went that brought nothing new, and how its sources are.

    Their next looks are not decided yet.
    """
    now = tools.clock()
    states = [
        replace(state, checked=now, succeeded=now, next_look=None) for _, state in asked.unchanged
    ]
    skipped = sum(calm.skipped for calm, _ in asked.unchanged)
    kept = sum(state.items for state in states) - skipped
    return RunResult(
        feed.name, RunStatus.UNCHANGED, kept=kept, skipped=skipped, requests=len(asked.answers)
    ), states


def plan_next_probe(
    feed: FeedConfig,
    outcome: RunResult,
    readings: Sequence[SourceResult],
    articles: Iterable[tuple[ListedItem, ItemResult]],
    tools: RunContext,
) -> dict[str, ProbeState | None]:
    """Source key → how to ask it whether there is anything to do; None for one that is to be read as a whole.

    Sources that the run did not look at are not among them, unless something of the feed is not
    well.

    Args:
        feed: as the config has it.
        outcome: how the run went.
        readings: what the sources that were looked at brought.
        articles: what is listed, each with what became of it.
        tools: for the history.
    """
    skipped: Counter[str] = Counter()
    well = outcome.ok and not outcome.problems
    for listed, read in articles:
        well = well and read.state.state in ("stored", "excluded")
        skipped[listed.source] += read.state.state == "excluded"
    if not well:
        return {source_key(source): None for source in feed.source}
    made = ProbeState(feed.name, "", _basis(feed, tools), tools.clock() + WHOLE, 0, None, None)
    return {
        reading.key: _calm(reading, replace(made, skipped=skipped[reading.key]), tools)
        for reading in readings
    }


def _calm(reading: SourceResult, made: ProbeState, tools: RunContext) -> ProbeState | None:
    """What a source is asked by.

    None where that is not enough, or too little is known of what is usual for it.
    """
    page, look = reading.documents.first, reading.observation
    if (
        page is None
        or look is None
        or reading.documents.requests != 1
        or is_rendered(reading.source)
    ):
        return None
    if not (page.etag or page.last_modified) or look.read or look.known < look.items:
        return None
    if len(tools.store.observations.for_source(look.feed, look.key, look.settings)) < LOOKS:
        return None
    return replace(made, key=reading.key, etag=page.etag, last_modified=page.last_modified)


def _holds(calm: ProbeState, basis: str, now: datetime) -> bool:
    return (
        calm.basis == basis and now < calm.until <= now + WHOLE
    )  # beyond that the clock was wrong


def _something_waits(feed: FeedConfig, tools: RunContext, now: datetime) -> bool:
    """Whether articles are to be looked at again, or files are missing."""
    recheck = tools.store.next_recheck(feed.name, now) if feed.recheck else None
    if recheck and recheck <= now:
        return True
    names = [f"{feed.name}.html", *(f"{feed.name}.{suffix}" for suffix in feed.formats)]
    return bool(tools.output.find_missing(names))


def _basis(feed: FeedConfig, tools: RunContext) -> str:
    """What differs once anything but the sources' documents would make the feed another one."""
    settings = tools.settings
    parts = (
        _version(),
        repr(feed),
        settings.base_url,
        repr(settings.websub_hubs),
        str(settings.output),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def _version() -> str:
    return version("feedpub")
