"""The steps of a run, told to those who ask for detail.

What each look at a source and each reading brought.
"""

import hashlib
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from feedpub.builder import assemble
from feedpub.builder.matching import ExistingEntries, ExtractedItem, drop_false_claims
from feedpub.builder.merge import MergeResult, merge_items
from feedpub.config import Config, FeedConfig, FolderSource
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.budget import current_process_name
from feedpub.core.errors import (
    CorruptStateError,
    FeedpubError,
    NoContentError,
    StaleWriteError,
    StoreError,
)
from feedpub.core.log import fields, to_milliseconds
from feedpub.core.models import AliasKind, Entry, Failure, Feed, RunResult, RunStatus
from feedpub.core.redact import redact_result
from feedpub.core.text import pluralize
from feedpub.notify import websub
from feedpub.pipeline import (
    anomalies,
    archives,
    index,
    moved_articles,
    rechecks,
    restore,
    unchanged,
)
from feedpub.pipeline.anomalies import identical_pages
from feedpub.pipeline.collect import (
    ListedItem,
    SourceResult,
    collect_items,
    list_sources,
    saved_file_path,
)
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult, KnownItems, fallback_for, read_articles
from feedpub.pipeline.repair import propose
from feedpub.store import PageSnapshot, ProbeState, RunRecord, SourceState

_log = logging.getLogger(__name__)


def log_sources(feed: str, readings: Iterable[SourceResult]) -> None:
    """One line a source that was looked at."""
    for reading in readings:
        look, problem = reading.observation, reading.failure
        _log.debug(
            "source",
            extra=fields(
                feed=feed,
                source=reading.key,
                items=look.items if look else len(reading.items),
                known=look.known if look else None,
                read=look.read if look else None,
                verdict=problem.reason if problem else "normal",
            ),
        )


def log_articles(
    feed: str,
    reads: Iterable[ItemResult],
    before: Mapping[str, Entry],
    merged: MergeResult,
    ids: Mapping[str, str],
) -> None:
    """One line an article that was read, or could not be; of those that nothing was to be done for, none.

    Args:
        feed: its name.
        reads: what came of each article.
        before: id → entry, as they were before these were merged.
        merged: what the merge made of them.
        ids: the article's key → the id of the entry that says what arrived; "" if it changes none.
    """
    if not _log.isEnabledFor(logging.DEBUG):
        return
    changed = {entry.id: entry for entry in merged.entries}
    for read in reads:
        if read.seconds:
            outcome = _describe_result(read, before, changed, ids)
            _log.debug(
                "article",
                extra=fields(
                    feed=feed, url=_address(read), outcome=outcome, ms=to_milliseconds(read.seconds)
                ),
            )


def _address(read: ItemResult) -> str:
    if read.extracted and read.extracted.item.url:
        return read.extracted.item.url
    return read.failure.where if read.failure else read.state.url or read.state.key


def _describe_result(
    read: ItemResult,
    before: Mapping[str, Entry],
    changed: Mapping[str, Entry],
    ids: Mapping[str, str],
) -> str:
    if read.extracted is None:
        return (
            f"failed: {read.failure.reason}" if read.failure else read.state.reason or "unchanged"
        )
    id_ = ids[read.state.key]
    if id_ and id_ not in before:
        return "new"
    return (
        "updated" if id_ in changed and changed[id_].updated != before[id_].updated else "unchanged"
    )


# SECTION: The story of one regeneration: sources → articles → entries → files, and never a bad
# feed over a good one.
#
# Ids and entries are stored before anything is published, validators and the record of the run
# after: a run that is cut
# short at any instant is simply done again by the next one.

_ROBOTS_KEPT = timedelta(
    days=30
)  # past its day, a robots.txt only stands in for one that cannot be read
_TRIES = 3  # at the pages about all feeds, where others write them, too


def run_feed(
    feed: FeedConfig, tools: RunContext, *, only: Collection[str] | None = None
) -> RunResult:
    """Regenerate one feed. What goes wrong is in the outcome; only a bug raises, and a state that is damaged.

    Args:
        feed: as the config has it.
        tools: what it works with.
        only: the keys of the sources to look at; all of them where it is left out. The others'
            articles stay.

    Raises:
        CorruptStateError: the state has to be built anew (`mending`) before anything more can be done.
    """
    began, started = time.monotonic(), tools.clock()
    fetcher = tools.fetcher.for_run(feed.name, tools.budget.remaining)
    tools = replace(tools, fetcher=fetcher, executor=tools.executor.for_run())
    try:
        with tools.browser.is_in_use():
            asked = unchanged.probe_sources(feed, tools, only)
            if asked.is_unchanged:
                return _record_calm(feed, asked, started, began, tools)
            mark_run(feed, tools)
            _recall(feed, tools)
            readings = anomalies.check_listings(
                feed, list_sources(feed, tools, only, asked.answers), tools
            )
            items = collect_items(
                readings, tools.settings.anchor, partial(tools.store.owners, feed.name)
            )
            restore.restore_keys(feed.name, items, tools.store, tools.clock())
            due = rechecks.due_rechecks(feed, items, tools)
            listed_now, items = items, [*items, *due.unlisted]
            reads = _read_articles(feed, items, due.entries, tools)
            readings = anomalies.check_articles(readings, items, reads, tools)
            reads = moved_articles.find_moved_articles(feed, listed_now, reads, readings, tools)
        log_sources(feed.name, readings)
        outcome = _regenerate(
            feed, readings, _that_count(readings, items, reads, due.entries), tools
        )
        _propose(feed, readings, tools)
        requests = sum(reading.documents.requests for reading in readings) + sum(
            read.requests for read in reads
        )
        outcome = replace(
            redact_result(outcome), requests=requests, seconds=time.monotonic() - began
        )
        _record(
            outcome,
            readings,
            started,
            tools,
            unchanged.plan_next_probe(
                feed, outcome, readings, zip(items, reads, strict=True), tools
            ),
        )
    except CorruptStateError:
        raise
    except FeedpubError as error:
        problem = Failure(feed.name, str(error), fatal=True)
        outcome = RunResult(
            feed.name, RunStatus.FAILED, problems=(problem,), seconds=time.monotonic() - began
        )
        outcome = _record_failure(outcome, started, tools)
    return outcome


def mark_run(feed: FeedConfig, tools: RunContext) -> None:
    """Note that a run is under way.

    The next process knows it if this one dies of it. A queue knows by itself.
    """
    if not tools.settings.queue:
        tools.store.run_marks.begin(feed.name, current_process_name(), tools.clock())


def _recall(feed: FeedConfig, tools: RunContext) -> None:
    """Learn again what is published and not known any more, before anybody is asked for it."""
    with tools.store.feed_lock(feed.name):
        tools.budget.check_not_cancelled()
        restore.restore(feed, tools.store, tools.output, tools.clock())


def _that_count(
    readings: Iterable[SourceResult],
    items: Sequence[ListedItem],
    reads: Sequence[ItemResult],
    again: Collection[str],
) -> list[ItemResult]:
    """What came of the articles of sources that are as usual, and of looks again.

    Each was held against its entry.
    """
    broken = {reading.key for reading in readings if reading.failure}
    articles = zip(items, reads, strict=True)
    return [read for item, read in articles if item.source not in broken or item.key in again]


def _regenerate(
    feed: FeedConfig,
    readings: Sequence[SourceResult],
    reads: Sequence[ItemResult],
    tools: RunContext,
) -> RunResult:
    with tools.store.feed_lock(feed.name):  # or two processes would mint two ids for one article
        tools.budget.check_not_cancelled()
        merged = _bring_in(feed, reads, tools)
        outcome = _publish(feed, readings, reads, _outcome(feed, readings, reads, merged), tools)
        removed = (read.extracted.article.removed for read in reads if read.extracted)
        tools.store.removal_stats.add(feed.name, removed, tools.clock())
    return outcome


def _publish(
    feed: FeedConfig,
    readings: Sequence[SourceResult],
    reads: Sequence[ItemResult],
    outcome: RunResult,
    tools: RunContext,
) -> RunResult:
    """Write what there is now, unless nothing came of any source."""
    if readings and all(reading.failure for reading in readings) and not outcome.updated:
        return replace(outcome, status=RunStatus.FAILED)
    live = index.current_feed(feed, tools)
    if not live.entries and outcome.failed:
        none = Failure(
            feed.name,
            f"none of the {pluralize(outcome.failed, 'article')} listed could be read",
            fatal=True,
        )
        return replace(outcome, status=RunStatus.FAILED, problems=(*outcome.problems, none))
    written = write_feed(feed, live, tools)
    problems = (*outcome.problems, *_left_out(feed, live, reads, tools))
    return replace(outcome, status=_status(readings, written), written=written, problems=problems)


def _left_out(
    feed: FeedConfig, live: Feed, reads: Iterable[ItemResult], tools: RunContext
) -> Iterator[Failure]:
    """Name the pictures that are not published, of all saved articles that are still there."""
    files = {
        read.state.key: path
        for read in reads
        if (path := saved_file_path(read.state.key, tools.settings.anchor))
    }
    ids = tools.store.aliases(feed.name, list(files)) if files else {}
    entries = {entry.id: entry for entry in live.entries}
    for key, path in files.items():
        if entry := entries.get(ids.get(key, "")):
            for reason in assemble.excluded_entries(live, entry, assemble.saved_folders(feed)):
                yield Failure(str(path), reason)


def write_feed(feed: FeedConfig, live: Feed, tools: RunContext) -> tuple[str, ...]:
    """Write a feed's files as far as they change, its archives first.

    Their names. To be called alone with the feed.
    """
    live = archives.plan_archives(feed, live, tools)
    archived = archives.write_archives(feed, live, tools, partial(_still_ours, tools))
    files = assemble.render_files(live, assemble.saved_folders(feed))
    documents = websub.feed_documents(feed.name, files) if tools.settings.websub_hubs else []
    changed = [name for name in documents if tools.output.read(name) != files[name]]
    with websub.announce_changes(changed, tools.settings, tools.store, tools.clock):
        written = tools.output.publish(files, before_commit=partial(_begin_writing, live, tools))
    index.save_summary(feed, live, tools)
    return (*archived, *written)


def _still_ours(tools: RunContext) -> None:
    """Ask whether the run still counts, and is still alone with its feed.

    Raises RunCancelledError, StoreError.
    """
    tools.budget.check_not_cancelled()
    tools.store.check_lock()


def _begin_writing(live: Feed, tools: RunContext) -> None:
    """Check that the run still counts, and note which entries readers get.

    Raises as `_still_ours` does.
    """
    _still_ours(tools)
    tools.store.archives.mark_published(live.name, [entry.id for entry in live.entries])


def _outcome(
    feed: FeedConfig,
    readings: Sequence[SourceResult],
    reads: Sequence[ItemResult],
    merged: MergeResult,
) -> RunResult:
    """How it went so far, before anything is published."""
    skipped = sum(read.state.state == "excluded" for read in reads)
    failed = sum(read.state.state == "failed" for read in reads)
    return RunResult(
        feed.name,
        RunStatus.UNCHANGED,
        new=merged.new,
        updated=merged.updated,
        kept=len(reads) - merged.new - merged.updated - skipped - failed,
        skipped=skipped,
        failed=failed,
        problems=_problems(readings, reads),
    )


def _read_articles(
    feed: FeedConfig, items: Sequence[ListedItem], again: Mapping[str, Entry], tools: RunContext
) -> list[ItemResult]:
    """What becomes of all that is listed, and of what is looked at again though nobody lists it."""
    keys = [key for item in items for key in item.keys]
    rules = hashlib.sha256(f"{feed.include!r}{feed.exclude!r}".encode()).hexdigest()[:8]
    memory = KnownItems(
        tools.store.item_states(feed.name, keys), tools.store.aliases(feed.name, keys), rules, again
    )
    reads = read_articles(feed, items, memory, tools)
    for place, reason in identical_pages(items, reads).items():
        wall = NoContentError(reason, items[place].address)
        reads[place] = fallback_for(feed, items[place], wall, memory, tools)
    return reads


def _bring_in(feed: FeedConfig, reads: Sequence[ItemResult], tools: RunContext) -> MergeResult:
    """Merge what was read into what is stored; from here on nothing of it can be lost."""
    now = tools.clock()
    arrived = [read for read in reads if read.extracted]
    listings = {
        url_key(source.url) for source in feed.source if not isinstance(source, FolderSource)
    }
    arrivals = drop_false_claims([read.extracted for read in arrived if read.extracted], listings)
    known = _known(feed, arrivals, tools)
    before = dict(known.entries)
    merged = merge_items(feed.name, tools.settings.base_url, known, arrivals, now)
    ids = dict(zip((read.state.key for read in arrived), merged.ids, strict=True))
    log_articles(feed.name, reads, before, merged, ids)
    tools.store.commit_entries(
        feed.name,
        entries=merged.entries,
        aliases={
            key: alias.entry for key, alias in merged.aliases.items() if alias.kind is AliasKind.OWN
        },
        claims={
            key: alias for key, alias in merged.aliases.items() if alias.kind is not AliasKind.OWN
        },
        listed=[key for arrival in arrivals for key in arrival.keys],
        seen=[read.state for read in reads],
        pages=_pages(arrived, ids, known),
        now=now,
    )
    return merged


def _pages(
    arrived: Iterable[ItemResult], ids: Mapping[str, str], known: ExistingEntries
) -> dict[str, PageSnapshot]:
    """Entry id → what it is made of now.

    A teaser that came for an article whose text was there is not that.
    """
    pages: dict[str, PageSnapshot] = {}
    for read in arrived:
        if read.extracted and read.snapshot and (id_ := ids[read.state.key]):
            entry = known.entries[id_]
            if entry.complete == read.extracted.article.complete:
                pages[entry.id] = read.snapshot
    return pages


def _known(
    feed: FeedConfig, arrivals: Sequence[ExtractedItem], tools: RunContext
) -> ExistingEntries:
    keys = {
        key
        for arrival in arrivals
        for key in (*arrival.keys, *(claim.key for claim in arrival.claims))
    }
    aliases = tools.store.all_aliases(feed.name, keys)
    ids = {alias.entry for alias in aliases.values()} | {
        arrival.moved_from for arrival in arrivals
    } - {""}
    entries = {id_: tools.store.entry(feed.name, id_) for id_ in ids}
    return ExistingEntries(
        aliases=aliases,
        entries={id_: entry for id_, entry in entries.items() if entry},
        moments=tools.store.update_times(feed.name),
        slugs=tools.store.slugs(feed.name),
        guids=tools.store.guid_keys(feed.name, ids),
        sources={source_key(source) for source in feed.source},
    )


def _problems(readings: Iterable[SourceResult], reads: Iterable[ItemResult]) -> tuple[Failure, ...]:
    lost = [reading.failure for reading in readings if reading.failure]
    return (*lost, *(read.failure for read in reads if read.failure))


def _status(readings: Iterable[SourceResult], written: Sequence[str]) -> RunStatus:
    if any(reading.failure for reading in readings):
        return RunStatus.PARTIAL
    return RunStatus.UPDATED if written else RunStatus.UNCHANGED


def _propose(feed: FeedConfig, readings: Sequence[SourceResult], tools: RunContext) -> None:
    """Keep how the config could be changed for sources whose lists are not found any more."""
    states = {state.key: state for state in tools.store.sources(feed.name)}
    proposals = list(propose.propose_after_run(feed, readings, states, tools))
    well = {reading.key for reading in readings if not reading.failure}
    gone = states.keys() - {source_key(source) for source in feed.source}
    done = (well | gone) & tools.store.proposals.for_feed(feed.name).keys()
    tools.budget.check_not_cancelled()
    if proposals or done:
        tools.store.proposals.save(feed.name, proposals, done)


def _record(
    outcome: RunResult,
    readings: Sequence[SourceResult],
    started: datetime,
    tools: RunContext,
    calm_now: Mapping[str, ProbeState | None],
) -> None:
    """Remember the run, and what each source said, now that the feed is out."""
    tools.budget.check_not_cancelled()
    states = {state.key: state for state in tools.store.sources(outcome.feed)}
    tools.store.commit_run(
        RunRecord(outcome, started),
        documents=[
            document
            for reading in readings
            for document in reading.documents.fresh
            if not reading.failure
        ],
        sources=_states(outcome.feed, readings, states, started),
        looks=[reading.observation for reading in readings if reading.observation],
        calm=calm_now,
    )


def _record_calm(
    feed: FeedConfig,
    asked: unchanged.ProbeResult,
    started: datetime,
    began: float,
    tools: RunContext,
) -> RunResult:
    """Remember a run that brought nothing new."""
    tools.budget.check_not_cancelled()
    outcome, states = unchanged.unchanged_result(feed, asked, tools)
    outcome = replace(outcome, seconds=time.monotonic() - began)
    tools.store.commit_run(
        RunRecord(outcome, started), sources=states, still=[state.key for state in states]
    )
    return outcome


def _record_failure(outcome: RunResult, started: datetime, tools: RunContext) -> RunResult:
    """Remember a run that came to nothing, where the state is not what fails.

    A run given up is no run any more.
    """
    if tools.budget.cancelled:
        return outcome
    try:
        tools.store.commit_run(RunRecord(outcome, started))
    except CorruptStateError:
        raise
    except StoreError as error:
        unsaid = Failure(outcome.feed, f"that this run failed could not be kept: {error}")
        return replace(outcome, problems=(*outcome.problems, unsaid))
    return outcome


def _states(
    feed: str, readings: Iterable[SourceResult], before: Mapping[str, SourceState], now: datetime
) -> Iterator[SourceState]:
    """How each source is now; of one that was not even asked, all is as the last look left it."""
    for reading in readings:
        state = before.get(reading.key)
        if not reading.retry_later:
            yield _state(feed, reading, state, now)
        elif state:
            yield _put_off(state, now + timedelta(seconds=reading.hints.wait))


def _put_off(state: SourceState, earliest: datetime) -> SourceState:
    if state.next_look and state.next_look >= earliest:
        return state
    return replace(state, next_look=earliest, why="its server wants to be left alone until then")


def _state(
    feed: str, reading: SourceResult, before: SourceState | None, now: datetime
) -> SourceState:
    """How a source is now; when it is looked at next is for the scheduler to decide."""
    if reading.failure is None:
        return SourceState(
            feed,
            reading.key,
            checked=now,
            succeeded=now,
            items=len(reading.items),
            pace=reading.hints,
        )
    before = before or SourceState(feed, reading.key, now, succeeded=None, items=0)
    return replace(
        before,
        checked=now,
        failure=reading.failure.reason,
        failing_since=min(before.failing_since or now, now),
        failures=before.failures + 1,
        next_look=None,
        pace=reading.hints,
        firm=reading.failure.firm,
    )


def finish_build(config: Config, tools: RunContext) -> tuple[str, ...]:
    """After the feeds.

    What is published about all of them; old state goes. The names of what was written.
    """
    written = write_index(config, tools)
    prune(config, tools)
    return written


def write_index(config: Config, tools: RunContext) -> tuple[str, ...]:
    """Write the page and the OPML about all feeds, and their health, as far as they change; their names.

    Others may write them, too, and no lock keeps them out: who was outrun looks again.
    """
    for _ in range(_TRIES - 1):
        with suppress(StaleWriteError):
            return tools.output.publish(index.index_files(config, tools))
    return tools.output.publish(index.index_files(config, tools))


def prune(config: Config, tools: RunContext) -> None:
    """Drop what is older than the config wants it to be remembered, and is not published any more."""
    now, settings = tools.clock(), config.feedpub
    tools.store.prune(
        now - settings.keep,
        index.LiveEntryIds(config, tools),
        pages=now - settings.keep_pages,
        robots=now - min(settings.keep, _ROBOTS_KEPT),
    )
    tools.store.leases.prune(())
