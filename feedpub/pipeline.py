"""The story of one regeneration: sources → articles → entries → files, and never a bad feed over a good one.

Ids and entries are stored before anything is published, validators and the record of the run after: a run that is cut
short at any instant is simply done again by the next one.
"""

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from feedpub import archiving, assembly, calm, corrections, fronts, looking, moved_articles, pings, recalling, steps
from feedpub.builder.identity import url_key
from feedpub.builder.matching import Arrival, Known, drop_false_claims
from feedpub.builder.merge import Merge, merge
from feedpub.config import Config, FeedConfig, FolderSource
from feedpub.counting import counted
from feedpub.discretion import discreet_outcome
from feedpub.errors import DamagedError, FeedpubError, NothingFound, OutrunError, StoreError
from feedpub.gathering import Listed, Reading, gather, listed, saved_file, source_key
from feedpub.lease import this_process
from feedpub.model import AliasKind, Entry, Feed, Outcome, Problem, Status
from feedpub.reading import Memory, Read, failed, read_all
from feedpub.repairing import propose
from feedpub.store import Calm, KeptPage, Run, SourceState
from feedpub.tools import Tools
from feedpub.walls import behind_walls

_ROBOTS_KEPT = timedelta(days=30)  # past its day, a robots.txt only stands in for one that cannot be read
_TRIES = 3  # at the pages about all feeds, where others write them, too


def publish(feed: FeedConfig, tools: Tools, *, only: Collection[str] | None = None) -> Outcome:
    """Regenerate one feed. What goes wrong is in the outcome; only a bug raises, and a state that is damaged.

    Args:
        feed: as the config has it.
        tools: what it works with.
        only: the keys of the sources to look at; all of them where it is left out. The others' articles stay.

    Raises:
        DamagedError: the state has to be built anew (`mending`) before anything more can be done.
    """
    began, started = time.monotonic(), tools.clock()
    fetcher = tools.fetcher.on_behalf(feed.name, tools.lease.left)
    tools = replace(tools, fetcher=fetcher, isolation=tools.isolation.for_run())
    try:
        with tools.browser.in_use():
            asked = calm.ask(feed, tools, only)
            if asked.nothing_new:
                return _record_calm(feed, asked, started, began, tools)
            mark(feed, tools)
            _recall(feed, tools)
            readings = looking.at_listings(feed, gather(feed, tools, only, asked.answers), tools)
            items = listed(readings, tools.settings.anchor, partial(tools.store.owners, feed.name))
            recalling.recall_keys(feed.name, items, tools.store, tools.clock())
            due = corrections.due(feed, items, tools)
            listed_now, items = items, [*items, *due.unlisted]
            reads = _read_articles(feed, items, due.entries, tools)
            readings = looking.at_articles(readings, items, reads, tools)
            reads = moved_articles.find_moves(feed, listed_now, reads, readings, tools)
        steps.tell_sources(feed.name, readings)
        outcome = _regenerate(feed, readings, _that_count(readings, items, reads, due.entries), tools)
        _propose(feed, readings, tools)
        requests = sum(reading.documents.requests for reading in readings) + sum(read.requests for read in reads)
        outcome = replace(discreet_outcome(outcome), requests=requests, seconds=time.monotonic() - began)
        _record(
            outcome,
            readings,
            started,
            tools,
            calm.after_run(feed, outcome, readings, zip(items, reads, strict=True), tools),
        )
    except DamagedError:
        raise
    except FeedpubError as error:
        problem = Problem(feed.name, str(error), fatal=True)
        outcome = Outcome(feed.name, Status.FAILED, problems=(problem,), seconds=time.monotonic() - began)
        outcome = _record_failure(outcome, started, tools)
    return outcome


def mark(feed: FeedConfig, tools: Tools) -> None:
    """Note that a run is under way: the next process knows it if this one dies of it. A queue knows by itself."""
    if not tools.settings.queue:
        tools.store.marks.begin(feed.name, this_process(), tools.clock())


def _recall(feed: FeedConfig, tools: Tools) -> None:
    """Learn again what is published and not known any more, before anybody is asked for it."""
    with tools.store.alone(feed.name):
        tools.lease.hold()
        recalling.recall(feed, tools.store, tools.publisher, tools.clock())


def _that_count(
    readings: Iterable[Reading], items: Sequence[Listed], reads: Sequence[Read], again: Collection[str]
) -> list[Read]:
    """What came of the articles of sources that are as usual, and of looks again: each was held against its entry."""
    broken = {reading.key for reading in readings if reading.problem}
    articles = zip(items, reads, strict=True)
    return [read for item, read in articles if item.source not in broken or item.key in again]


def _regenerate(feed: FeedConfig, readings: Sequence[Reading], reads: Sequence[Read], tools: Tools) -> Outcome:
    with tools.store.alone(feed.name):  # or two processes would mint two ids for one article
        tools.lease.hold()
        merged = _bring_in(feed, reads, tools)
        outcome = _publish(feed, readings, reads, _outcome(feed, readings, reads, merged), tools)
        removed = (read.arrival.article.removed for read in reads if read.arrival)
        tools.store.removals.add(feed.name, removed, tools.clock())
    return outcome


def _publish(
    feed: FeedConfig, readings: Sequence[Reading], reads: Sequence[Read], outcome: Outcome, tools: Tools
) -> Outcome:
    """Write what there is now, unless nothing came of any source."""
    if readings and all(reading.problem for reading in readings) and not outcome.updated:
        return replace(outcome, status=Status.FAILED)
    live = fronts.live_feed(feed, tools)
    if not live.entries and outcome.failed:
        none = Problem(feed.name, f"none of the {counted(outcome.failed, 'article')} listed could be read", fatal=True)
        return replace(outcome, status=Status.FAILED, problems=(*outcome.problems, none))
    written = write(feed, live, tools)
    problems = (*outcome.problems, *_left_out(feed, live, reads, tools))
    return replace(outcome, status=_status(readings, written), written=written, problems=problems)


def _left_out(feed: FeedConfig, live: Feed, reads: Iterable[Read], tools: Tools) -> Iterator[Problem]:
    """Name the pictures that are not published, of all saved articles that are still there."""
    files = {read.seen.key: path for read in reads if (path := saved_file(read.seen.key, tools.settings.anchor))}
    ids = tools.store.aliases(feed.name, list(files)) if files else {}
    entries = {entry.id: entry for entry in live.entries}
    for key, path in files.items():
        if entry := entries.get(ids.get(key, "")):
            for reason in assembly.left_out(live, entry, assembly.folders(feed)):
                yield Problem(str(path), reason)


def write(feed: FeedConfig, live: Feed, tools: Tools) -> tuple[str, ...]:
    """Write a feed's files as far as they change, its archives first; their names. To be called alone with the feed."""
    live = archiving.extend(feed, live, tools)
    archived = archiving.write(feed, live, tools, partial(_still_ours, tools))
    files = assembly.files(live, assembly.folders(feed))
    documents = pings.documents_in(feed.name, files) if tools.settings.websub_hubs else []
    changed = [name for name in documents if tools.publisher.read(name) != files[name]]
    with pings.announced(changed, tools.settings, tools.store, tools.clock):
        written = tools.publisher.publish(files, certain=partial(_begin_writing, live, tools))
    fronts.keep(feed, live, tools)
    return (*archived, *written)


def _still_ours(tools: Tools) -> None:
    """Ask whether the run still counts, and is still alone with its feed. Raises AbandonedError, StoreError."""
    tools.lease.hold()
    tools.store.hold()


def _begin_writing(live: Feed, tools: Tools) -> None:
    """Check that the run still counts, and note which entries readers get. Raises as `_still_ours` does."""
    _still_ours(tools)
    tools.store.archives.mark_published(live.name, [entry.id for entry in live.entries])


def _outcome(feed: FeedConfig, readings: Sequence[Reading], reads: Sequence[Read], merged: Merge) -> Outcome:
    """How it went so far, before anything is published."""
    skipped = sum(read.seen.state == "excluded" for read in reads)
    failed = sum(read.seen.state == "failed" for read in reads)
    return Outcome(
        feed.name,
        Status.UNCHANGED,
        new=merged.new,
        updated=merged.updated,
        kept=len(reads) - merged.new - merged.updated - skipped - failed,
        skipped=skipped,
        failed=failed,
        problems=_problems(readings, reads),
    )


def _read_articles(feed: FeedConfig, items: Sequence[Listed], again: Mapping[str, Entry], tools: Tools) -> list[Read]:
    """What becomes of all that is listed, and of what is looked at again though nobody lists it."""
    keys = [key for item in items for key in item.keys]
    rules = hashlib.sha256(f"{feed.include!r}{feed.exclude!r}".encode()).hexdigest()[:8]
    memory = Memory(tools.store.seen(feed.name, keys), tools.store.aliases(feed.name, keys), rules, again)
    reads = read_all(feed, items, memory, tools)
    for place, reason in behind_walls(items, reads).items():
        wall = NothingFound(reason, items[place].address)
        reads[place] = failed(feed, items[place], wall, memory, tools)
    return reads


def _bring_in(feed: FeedConfig, reads: Sequence[Read], tools: Tools) -> Merge:
    """Merge what was read into what is stored; from here on nothing of it can be lost."""
    now = tools.clock()
    arrived = [read for read in reads if read.arrival]
    listings = {url_key(source.url) for source in feed.source if not isinstance(source, FolderSource)}
    arrivals = drop_false_claims([read.arrival for read in arrived if read.arrival], listings)
    known = _known(feed, arrivals, tools)
    before = dict(known.entries)
    merged = merge(feed.name, tools.settings.base_url, known, arrivals, now)
    ids = dict(zip((read.seen.key for read in arrived), merged.ids, strict=True))
    steps.tell_articles(feed.name, reads, before, merged, ids)
    tools.store.commit_entries(
        feed.name,
        entries=merged.entries,
        aliases={key: alias.entry for key, alias in merged.aliases.items() if alias.kind is AliasKind.OWN},
        claims={key: alias for key, alias in merged.aliases.items() if alias.kind is not AliasKind.OWN},
        listed=[key for arrival in arrivals for key in arrival.keys],
        seen=[read.seen for read in reads],
        pages=_pages(arrived, ids, known),
        now=now,
    )
    return merged


def _pages(arrived: Iterable[Read], ids: Mapping[str, str], known: Known) -> dict[str, KeptPage]:
    """Entry id → what it is made of now; a teaser that came for an article whose text was there is not that."""
    pages: dict[str, KeptPage] = {}
    for read in arrived:
        if read.arrival and read.kept and (id_ := ids[read.seen.key]):
            entry = known.entries[id_]
            if entry.complete == read.arrival.article.complete:
                pages[entry.id] = read.kept
    return pages


def _known(feed: FeedConfig, arrivals: Sequence[Arrival], tools: Tools) -> Known:
    keys = {key for arrival in arrivals for key in (*arrival.keys, *(claim.key for claim in arrival.claims))}
    aliases = tools.store.all_aliases(feed.name, keys)
    ids = {alias.entry for alias in aliases.values()} | {arrival.moved_from for arrival in arrivals} - {""}
    entries = {id_: tools.store.entry(feed.name, id_) for id_ in ids}
    return Known(
        aliases=aliases,
        entries={id_: entry for id_, entry in entries.items() if entry},
        moments=tools.store.moments(feed.name),
        slugs=tools.store.slugs(feed.name),
        guids=tools.store.guid_keys(feed.name, ids),
        sources={source_key(source) for source in feed.source},
    )


def _problems(readings: Iterable[Reading], reads: Iterable[Read]) -> tuple[Problem, ...]:
    lost = [reading.problem for reading in readings if reading.problem]
    return (*lost, *(read.problem for read in reads if read.problem))


def _status(readings: Iterable[Reading], written: Sequence[str]) -> Status:
    if any(reading.problem for reading in readings):
        return Status.PARTIAL
    return Status.UPDATED if written else Status.UNCHANGED


def _propose(feed: FeedConfig, readings: Sequence[Reading], tools: Tools) -> None:
    """Keep how the config could be changed for sources whose lists are not found any more."""
    states = {state.key: state for state in tools.store.sources(feed.name)}
    proposals = list(propose.after_run(feed, readings, states, tools))
    well = {reading.key for reading in readings if not reading.problem}
    gone = states.keys() - {source_key(source) for source in feed.source}
    done = (well | gone) & tools.store.proposals.of(feed.name).keys()
    tools.lease.hold()
    if proposals or done:
        tools.store.proposals.keep(feed.name, proposals, done)


def _record(
    outcome: Outcome,
    readings: Sequence[Reading],
    started: datetime,
    tools: Tools,
    calm_now: Mapping[str, Calm | None],
) -> None:
    """Remember the run, and what each source said, now that the feed is out."""
    tools.lease.hold()
    states = {state.key: state for state in tools.store.sources(outcome.feed)}
    tools.store.commit_run(
        Run(outcome, started),
        documents=[document for reading in readings for document in reading.documents.fresh if not reading.problem],
        sources=_states(outcome.feed, readings, states, started),
        looks=[reading.look for reading in readings if reading.look],
        calm=calm_now,
    )


def _record_calm(feed: FeedConfig, asked: calm.Asked, started: datetime, began: float, tools: Tools) -> Outcome:
    """Remember a run that brought nothing new."""
    tools.lease.hold()
    outcome, states = calm.looked_at(feed, asked, tools)
    outcome = replace(outcome, seconds=time.monotonic() - began)
    tools.store.commit_run(Run(outcome, started), sources=states, still=[state.key for state in states])
    return outcome


def _record_failure(outcome: Outcome, started: datetime, tools: Tools) -> Outcome:
    """Remember a run that came to nothing, where the state is not what fails; a run given up is no run any more."""
    if tools.lease.revoked:
        return outcome
    try:
        tools.store.commit_run(Run(outcome, started))
    except DamagedError:
        raise
    except StoreError as error:
        unsaid = Problem(outcome.feed, f"that this run failed could not be kept: {error}")
        return replace(outcome, problems=(*outcome.problems, unsaid))
    return outcome


def _states(
    feed: str, readings: Iterable[Reading], before: Mapping[str, SourceState], now: datetime
) -> Iterator[SourceState]:
    """How each source is now; of one that was not even asked, all is as the last look left it."""
    for reading in readings:
        state = before.get(reading.key)
        if not reading.postponed:
            yield _state(feed, reading, state, now)
        elif state:
            yield _put_off(state, now + timedelta(seconds=reading.pace.wait))


def _put_off(state: SourceState, earliest: datetime) -> SourceState:
    if state.next_look and state.next_look >= earliest:
        return state
    return replace(state, next_look=earliest, why="its server wants to be left alone until then")


def _state(feed: str, reading: Reading, before: SourceState | None, now: datetime) -> SourceState:
    """How a source is now; when it is looked at next is for the scheduler to decide."""
    if reading.problem is None:
        return SourceState(feed, reading.key, checked=now, succeeded=now, items=len(reading.items), pace=reading.pace)
    before = before or SourceState(feed, reading.key, now, succeeded=None, items=0)
    return replace(
        before,
        checked=now,
        failure=reading.problem.reason,
        failing_since=min(before.failing_since or now, now),
        failures=before.failures + 1,
        next_look=None,
        pace=reading.pace,
        firm=reading.problem.firm,
    )


def finish(config: Config, tools: Tools) -> tuple[str, ...]:
    """After the feeds: what is published about all of them; old state goes. The names of what was written."""
    written = show(config, tools)
    forget(config, tools)
    return written


def show(config: Config, tools: Tools) -> tuple[str, ...]:
    """Write the page and the OPML about all feeds, and their health, as far as they change; their names.

    Others may write them, too, and no lock keeps them out: who was outrun looks again.
    """
    for _ in range(_TRIES - 1):
        with suppress(OutrunError):
            return tools.publisher.publish(fronts.files(config, tools))
    return tools.publisher.publish(fronts.files(config, tools))


def forget(config: Config, tools: Tools) -> None:
    """Drop what is older than the config wants it to be remembered, and is not published any more."""
    now, settings = tools.clock(), config.feedpub
    tools.store.forget(
        now - settings.keep,
        fronts.LiveIds(config, tools),
        pages=now - settings.keep_pages,
        robots=now - min(settings.keep, _ROBOTS_KEPT),
    )
    tools.store.claims.forget(())
