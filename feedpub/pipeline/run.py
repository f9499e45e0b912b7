"""Run one feed once: `run_feed` is the list of stages.

1. Probe the sources: if every due source answers 304 Not Modified, the run ends here.
2. List the sources (`collect`) and reject listings that look wrong (`anomalies`).
3. Read the articles that are new, changed or due for a recheck (`read`, `rechecks`).
4. Merge them into the stored entries (`merge`).
5. Write the feed's archives and files (`archives`, `index`).
6. Mark the messages of mail sources (`mail`), if that is configured.
7. Save the result of the run (`save`).

A source that fails adds nothing and removes nothing. Entries and their ids are stored before files
are written, validators and the result of the run afterwards. The next run therefore repeats a run
that was interrupted.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from feedpub.builder import assemble
from feedpub.builder.merge import MergeResult
from feedpub.builder.reuse import RenderRecord
from feedpub.config import Config, FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.budget import current_process_name
from feedpub.core.errors import CorruptStateError, FeedpubError, NoContentError, StaleWriteError
from feedpub.core.models import Failure, Feed, RunResult, RunStatus
from feedpub.core.redact import redact_result
from feedpub.core.text import pluralize
from feedpub.notify import websub
from feedpub.pipeline import (
    anomalies,
    archives,
    index,
    mail,
    moved_articles,
    pictures,
    rechecks,
    restore,
    unchanged,
)
from feedpub.pipeline.archives import StoredArchives
from feedpub.pipeline.collect import (
    ListedItem,
    SourceResult,
    collect_items,
    list_sources,
    saved_file_path,
    source_digest,
)
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.merge import plan_merge
from feedpub.pipeline.read import (
    ItemResult,
    KnownItems,
    ReadResult,
    describe_unread,
    fallback_for,
    read_articles,
)
from feedpub.pipeline.rechecks import DueRechecks
from feedpub.pipeline.repair import propose
from feedpub.pipeline.save import (
    RunStart,
    log_sources,
    save_failed_run,
    save_run,
    save_unchanged_run,
    without_unread_changes,
)
from feedpub.store import CheckState, FeedState, FeedTransaction, KnownKeys

# After its day, a robots.txt is only used while a newer one cannot be fetched.
_ROBOTS_KEPT = timedelta(days=30)
_MAX_INDEX_ATTEMPTS = 3  # other processes may write the index files at the same time


@dataclass(frozen=True, slots=True)
class Publication:
    """A feed that is about to be published.

    Attributes:
        live: the live document.
        archives: the feed's archives.
        record: what the published files were rendered from.
    """

    live: Feed
    archives: StoredArchives
    record: RenderRecord

    @property
    def first_published(self) -> list[str]:
        """Return the ids of the entries that no document had before."""
        return self.archives.find_first_published(self.live)


def run_feed(
    feed: FeedConfig,
    context: RunContext,
    *,
    only: Collection[str] | None = None,
    probe: unchanged.ProbeResult | None = None,
) -> RunResult:
    """Run one feed and return the result, failures included.

    Args:
        feed: the feed's settings.
        context: the services that the run uses.
        only: the keys of the sources to check; None checks all. Articles of other sources stay.
        probe: the responses of the sources, if they were probed already.

    Raises:
        CorruptStateError: the state has to be rebuilt first (`recovery.with_recovery`).
    """
    start = RunStart.now(context)
    fetcher = context.fetcher.for_run(feed.name, context.budget.remaining)
    context = replace(context, fetcher=fetcher, executor=context.executor.for_run())
    try:
        return _run_stages(feed, context, only, probe, start)
    except CorruptStateError:
        raise
    except FeedpubError as error:
        failure = Failure(feed.name, str(error), fatal=True)
        result = RunResult(feed.name, RunStatus.FAILED, problems=(failure,))
        return save_failed_run(replace(result, seconds=start.elapsed_seconds()), start, context)


def _run_stages(
    feed: FeedConfig,
    context: RunContext,
    only: Collection[str] | None,
    probe: unchanged.ProbeResult | None,
    start: RunStart,
) -> RunResult:
    with context.browser.is_in_use():
        if probe is None:
            checks = context.store.checks.load([feed.name], context.clock())
            before = checks.get(feed.name, CheckState())
            fingerprint = unchanged.feed_fingerprint(feed, context.settings)
            probe = unchanged.probe_sources(feed, before, context, only, fingerprint)
            if probe.is_unchanged:
                return save_unchanged_run(feed, probe, before, start, context)
        mark_run(feed, context)
        restore_missing_entries(feed, context)
        state, store, now = load_state(feed, context), context.store, context.clock()

        source_results = list_sources(feed, state, context, only, probe.responses)
        known = store.known_keys(feed.name, _get_keys(source_results))
        source_results = anomalies.check_listings(feed, source_results, state, known.keys, now)
        listed = collect_items(source_results, partial(store.owners, feed.name))
        if restore.restore_keys(feed.name, listed, known.entry_ids, store, now):
            known = store.known_keys(feed.name, _get_keys(source_results))

        due = rechecks.due_rechecks(feed, listed, state.rechecks, store)
        items = [*listed, *due.unlisted]
        changed = {result.key for result in source_results if result.has_new_settings}
        read = read_items(feed, items, due, known, context, changed)
        source_results = anomalies.check_articles(
            source_results, items, read.items, state, out_of_time=context.budget.expired
        )
        item_results = moved_articles.find_moved_articles(
            feed, listed, read.items, source_results, state, known.entry_ids, context
        )
    log_sources(feed.name, source_results)
    usable = results_of_healthy_sources(source_results, items, item_results, due.entries)
    result, publication, rendered = merge_and_write(feed, source_results, usable, state, context)
    context.budget.check_not_cancelled()
    states = [each.state for each in item_results]
    unmarked = mail.mark_stored_messages(items, states, context)
    result = replace(result, problems=(*result.problems, *unmarked))
    proposals = list(propose.propose_after_run(feed, source_results, state.sources, context))
    result = replace(
        redact_result(result),
        requests=_count_requests(source_results, item_results),
        seconds=start.elapsed_seconds(),
    )
    probes = unchanged.plan_next_probe(
        feed, result, source_results, zip(items, item_results, strict=True), context
    )
    source_results = without_unread_changes(source_results, items, item_results)
    save_run(
        result,
        start,
        context,
        feed=feed,
        state=state,
        source_results=source_results,
        read=ReadResult(usable, read.memories),
        proposals=proposals,
        published=publication.first_published if publication else (),
        rendered=rendered,
        probes=probes,
    )
    return result


def check_sources(
    feed: FeedConfig, context: RunContext, only: Collection[str]
) -> list[SourceResult]:
    """Return the results of some sources, with their anomalies, without reading any article."""
    state = load_state(feed, context)
    results = list_sources(feed, state, context, only)
    known = context.store.known_keys(feed.name, _get_keys(results))
    return anomalies.check_listings(feed, results, state, known.keys, context.clock())


def load_state(feed: FeedConfig, context: RunContext) -> FeedState:
    """Load the state of a feed, with the rechecks that are due now."""
    max_rechecks = rechecks.MAX_RECHECKS if feed.recheck else 0
    return context.store.feed_state(feed.name, context.clock(), max_rechecks)


def _get_keys(source_results: Iterable[SourceResult]) -> list[str]:
    """Return the keys of all listed items, and those of their guids."""
    keys = [each for result in source_results for each in result.keys]
    return [key for each in keys for key in (each.key, each.guid) if key]


def mark_run(feed: FeedConfig, context: RunContext) -> None:
    """Store that a run has begun, so that the next process knows if this one dies of it.

    A queue keeps track of its runs itself.
    """
    if not context.settings.queue:
        context.store.run_marks.begin(feed.name, current_process_name(), context.clock())


def restore_missing_entries(feed: FeedConfig, context: RunContext) -> None:
    """Read entries that are published but missing in the store back from the published files."""
    with context.store.feed_lock(feed.name):
        context.budget.check_not_cancelled()
        restore.restore(feed, context.store, context.output, context.clock())


def read_items(  # noqa: PLR0913, PLR0917 -- the items, and all that is known of them
    feed: FeedConfig,
    items: Sequence[ListedItem],
    due: DueRechecks,
    stored: KnownKeys,
    context: RunContext,
    changed_sources: Collection[str] = (),
) -> ReadResult:
    """Return the result of each item; only new, changed and due ones are read.

    Args:
        feed: the feed's settings.
        items: the items, listed ones and those that are only due for a recheck.
        due: the articles that are due for a recheck.
        stored: what is stored about the keys of the listed items.
        context: the services that the run uses.
        changed_sources: the keys of sources with new settings, which may let pages be read.
    """
    if due.unlisted:
        keys = [key for item in items for key in item.keys]
        stored = context.store.known_keys(feed.name, keys)
    known = KnownItems(
        states=stored.states,
        entry_ids=stored.entry_ids,
        filters=hashlib.sha256(f"{feed.include!r}{feed.exclude!r}".encode()).hexdigest()[:8],
        due=due.entries,
        now=None if context.retry else context.clock(),
        changed_sources=changed_sources,
    )
    read = read_articles(feed, items, known, context)
    for position, reason in anomalies.identical_pages(items, read.items).items():
        item = items[position]
        error = NoContentError(reason, item.address)
        read.items[position] = fallback_for(feed, item, error, known, context)
    return read


def results_of_healthy_sources(
    source_results: Iterable[SourceResult],
    items: Sequence[ListedItem],
    item_results: Sequence[ItemResult],
    due: Collection[str],
) -> list[ItemResult]:
    """Return the results of articles from healthy sources, and of rechecks.

    A recheck counts even if its source failed: it was compared with its own entry.
    """
    failed = {result.key for result in source_results if result.failure}
    return [
        result
        for item, result in zip(items, item_results, strict=True)
        if item.source not in failed or item.key in due
    ]


def merge_and_write(
    feed: FeedConfig,
    source_results: Sequence[SourceResult],
    item_results: Sequence[ItemResult],
    state: FeedState,
    context: RunContext,
) -> tuple[RunResult, Publication | None, bytes | None]:
    """Merge the articles into the stored entries and write the feed's files.

    The lock keeps two processes from creating two ids for one article.

    Returns:
        The result so far; the publication, None if every source failed; and the new record of what
        the files were rendered from, None if it has not changed.
    """
    with context.store.feed_lock(feed.name):
        context.budget.check_not_cancelled()
        merged, changes = plan_merge(feed, item_results, context)
        result = _summarize(feed, source_results, item_results, merged)
        all_failed = bool(source_results) and all(each.failure for each in source_results)
        with context.store.feed_transaction(feed.name) as transaction:
            transaction.save(changes)
            if all_failed and not result.updated:
                publication = None
            else:
                publication = _prepare_publication(
                    feed, state, source_results, transaction, context
                )
        unread = _find_other_unread(feed, source_results, item_results, state, context)
        result = replace(result, problems=(*result.problems, *unread))
        if publication is None:
            return replace(result, status=RunStatus.FAILED), None, None
        has_failure = any(each.failure for each in source_results)
        result, rendered = _write_if_usable(feed, item_results, result, publication, context)
        if has_failure and result.status is not RunStatus.FAILED:
            result = replace(result, status=RunStatus.PARTIAL)
        return result, publication, rendered


def _summarize(
    feed: FeedConfig,
    source_results: Sequence[SourceResult],
    item_results: Sequence[ItemResult],
    merged: MergeResult,
) -> RunResult:
    """Return the result of the run so far, before any file is written."""
    counts = Counter(result.state.state for result in item_results)
    skipped, failed = counts["excluded"], counts["failed"]
    failures = [result.failure for result in source_results if result.failure]
    failures += [result.failure for result in item_results if result.failure]
    return RunResult(
        feed.name,
        RunStatus.UNCHANGED,
        new=merged.new,
        updated=merged.updated,
        kept=len(item_results) - merged.new - merged.updated - skipped - failed,
        skipped=skipped,
        failed=failed,
        problems=tuple(failures),
    )


def _find_other_unread(
    feed: FeedConfig,
    source_results: Iterable[SourceResult],
    item_results: Iterable[ItemResult],
    state: FeedState,
    context: RunContext,
) -> Iterator[Failure]:
    """Yield the failures of unread items of sources that failed or were not checked.

    An item is unread as long as its source lists it.
    """
    read = {result.key for result in source_results if not result.failure}
    others = {source_key(source) for source in feed.source} - read
    known = {result.state.key for result in item_results}
    checked = {}
    for key, source in state.sources.items():
        if key in others and source.succeeded:
            checked[source_digest(key)] = source.succeeded
    for item, last_listed in context.store.unread_items(feed.name) if checked else ():
        last_check = checked.get(item.version.partition(" ")[0])
        if last_check and last_listed >= last_check and item.key not in known:
            yield describe_unread(item, item.url or item.key)


def _write_if_usable(
    feed: FeedConfig,
    item_results: Sequence[ItemResult],
    result: RunResult,
    publication: Publication,
    context: RunContext,
) -> tuple[RunResult, bytes | None]:
    """Write the feed's files, unless no article could be read.

    Returns:
        The result, and the new record as `publish` returns it.
    """
    live = publication.live
    if not live.entries and result.failed:
        reason = f"none of the {pluralize(result.failed, 'article')} listed could be read"
        failure = Failure(feed.name, reason, fatal=True)
        failed = replace(result, status=RunStatus.FAILED, problems=(*result.problems, failure))
        return failed, None
    written, record = publish(feed, publication, context)
    status = RunStatus.UPDATED if written else RunStatus.UNCHANGED
    if result.unread:
        status = RunStatus.PARTIAL
    missing = _find_unpublished_files(feed, live, item_results, context)
    problems = (*result.problems, *missing)
    return replace(result, status=status, written=written, problems=problems), record


def _find_unpublished_files(
    feed: FeedConfig, live: Feed, item_results: Iterable[ItemResult], context: RunContext
) -> Iterator[Failure]:
    """Yield a failure for each image of a live saved article that cannot be published."""
    files = {}
    for result in item_results:
        if path := saved_file_path(result.state.key, context.settings.anchor):
            files[result.state.key] = path
    ids = context.store.aliases(feed.name, list(files)) if files else {}
    entries = {entry.id: entry for entry in live.entries}
    for key, path in files.items():
        if entry := entries.get(ids.get(key, "")):
            for reason in assemble.describe_unpublished_images(
                live, entry, assemble.saved_folders(feed)
            ):
                yield Failure(str(path), reason)


def _prepare_publication(
    feed: FeedConfig,
    state: FeedState,
    source_results: Iterable[SourceResult],
    transaction: FeedTransaction,
    context: RunContext,
) -> Publication:
    """Build the live document from the entries as they are now, and record what it shows."""
    entries = transaction.live_entries(index.max_live_entries(feed))
    live = assemble.build_feed(feed, context.settings, entries)
    if channel := next((each.podcast for each in source_results if each.podcast), ()):
        live = replace(live, podcast=channel)  # newer than the stored one
    else:
        live = index.with_channel(live, state.sources.values())
    return record_publication(feed, live, transaction)


def record_publication(feed: FeedConfig, live: Feed, transaction: FeedTransaction) -> Publication:
    """Save the summary of a live document before it is written, and load the feed's archives."""
    transaction.save_summary(index.summarize(feed, live))
    record = RenderRecord.from_bytes(transaction.rendered_files())
    return Publication(live, StoredArchives.load(transaction), record)


def write_feed(feed: FeedConfig, live: Feed, context: RunContext) -> tuple[str, ...]:
    """Write the files of a feed that changed, archives first, and return their names.

    The caller holds the feed's lock.
    """
    with context.store.feed_transaction(feed.name) as transaction:
        publication = record_publication(feed, live, transaction)
    written, record = publish(feed, publication, context)
    context.store.archives.mark_published(feed.name, publication.first_published)
    if record is not None:
        context.store.summaries.save_rendered({feed.name: record})
    return written


def publish(
    feed: FeedConfig, publication: Publication, context: RunContext
) -> tuple[tuple[str, ...], bytes | None]:
    """Write the files of a publication that changed, archives first.

    Returns:
        The names of the files, and the new record of what they were rendered from; None if it has
        not changed.
    """
    numbers = archives.plan_archives(feed, publication.live, publication.archives, context)
    live = replace(publication.live, previous=max(numbers, default=None))
    is_permitted = partial(ensure_lock_held, context)
    archived, files = archives.write_archives(feed, live, numbers, context, is_permitted)
    record, folders = publication.record, assemble.saved_folders(feed)
    rendered = assemble.render_files(live, folders, record, context.output)
    files |= pictures.render_pictures(feed, live, live.entries, context)
    files |= rendered.files
    documents = websub.feed_documents(feed.name, files) if context.settings.websub_hubs else []
    changed = context.output.find_changed({name: files[name] for name in documents})
    with websub.announce_changes(changed, context.settings, context.store, context.clock):
        written = context.output.publish(files, before_commit=is_permitted)
    new_record = rendered.record.to_bytes() if rendered.record != record else None
    return (*archived, *written), new_record


def ensure_lock_held(context: RunContext) -> None:
    """Check that the run was not cancelled and still holds the feed's lock.

    Raises:
        RunCancelledError: the run was cancelled.
        StoreError: the lock is lost.
    """
    context.budget.check_not_cancelled()
    context.store.check_lock()


def _count_requests(
    source_results: Iterable[SourceResult], item_results: Iterable[ItemResult]
) -> int:
    listing = sum(result.documents.requests for result in source_results)
    return listing + sum(result.requests for result in item_results)


def finish_build(config: Config, context: RunContext) -> tuple[str, ...]:
    """Write the index files and prune the state after the feeds ran.

    Returns:
        The names of the files that were written.
    """
    written = write_index(config, context)
    prune(config, context)
    return written


def finish_named_build(
    config: Config, feeds: Iterable[FeedConfig], context: RunContext, *, has_news: bool
) -> None:
    """Do what `finish_build` does after some feeds ran, and leave the other feeds alone.

    Args:
        config: the config.
        feeds: the feeds that ran.
        context: the services that the run uses.
        has_news: something was published, broke or recovered, so the index files may change.
    """
    if has_news or context.output.find_missing(["index.html"]):
        write_index(config, context)
    before = context.clock() - config.feedpub.keep
    for feed in feeds:
        context.store.prune_feed(feed.name, before, index.live_entry_ids(feed, context))


def write_index(config: Config, context: RunContext) -> tuple[str, ...]:
    """Write the index page, the OPML and the health feed, and return the names of changed files.

    No lock keeps other processes from writing them, too. If one was faster, they are rendered
    again.
    """
    for _ in range(_MAX_INDEX_ATTEMPTS - 1):
        with suppress(StaleWriteError):
            return _write_index_once(config, context)
    return _write_index_once(config, context)


def _write_index_once(config: Config, context: RunContext) -> tuple[str, ...]:
    rendered = index.render_index_files(config, context)
    written = context.output.publish(rendered.files)
    if rendered.records:
        context.store.summaries.save_rendered(rendered.records)
    return written


def prune(config: Config, context: RunContext) -> None:
    """Delete state that is older than the config keeps it and no longer published."""
    now, settings = context.clock(), config.feedpub
    context.store.prune(
        now - settings.keep,
        index.LiveEntryIds(config, context),
        snapshots=now - settings.keep_pages,
        robots=now - min(settings.keep, _ROBOTS_KEPT),
    )
    context.store.leases.prune(())
