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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from feedpub.builder import assemble
from feedpub.builder.merge import MergeResult
from feedpub.config import Config, FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.budget import current_process_name
from feedpub.core.errors import CorruptStateError, FeedpubError, NoContentError, StaleWriteError
from feedpub.core.models import Entry, Failure, Feed, RunResult, RunStatus
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
from feedpub.pipeline.collect import (
    ListedItem,
    SourceResult,
    collect_items,
    list_sources,
    saved_file_path,
    source_digest,
)
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.merge import merge_entries
from feedpub.pipeline.read import (
    ItemResult,
    KnownItems,
    describe_unread,
    fallback_for,
    read_articles,
)
from feedpub.pipeline.save import (
    RunStart,
    log_sources,
    save_failed_run,
    save_proposals,
    save_run,
    save_unchanged_run,
    without_unread_changes,
)
from feedpub.store import CheckState

# After its day, a robots.txt is only used while a newer one cannot be fetched.
_ROBOTS_KEPT = timedelta(days=30)
_MAX_INDEX_ATTEMPTS = 3  # other processes may write the index files at the same time


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
            state = context.store.checks.load([feed.name], context.clock()).get(
                feed.name, CheckState()
            )
            fingerprint = unchanged.feed_fingerprint(feed, context.settings)
            probe = unchanged.probe_sources(feed, state, context, only, fingerprint)
            if probe.is_unchanged:
                return save_unchanged_run(feed, probe, state, start, context)
        mark_run(feed, context)
        restore_missing_entries(feed, context)

        source_results = list_sources(feed, context, only, probe.responses)
        source_results = anomalies.check_listings(feed, source_results, context)
        owners = partial(context.store.owners, feed.name)
        listed = collect_items(source_results, context.settings.anchor, owners)
        restore.restore_keys(feed.name, listed, context.store, context.clock())

        due = rechecks.due_rechecks(feed, listed, context)
        items = [*listed, *due.unlisted]
        changed = {result.key for result in source_results if result.has_new_settings}
        item_results = read_items(feed, items, due.entries, context, changed)
        source_results = anomalies.check_articles(source_results, items, item_results, context)
        item_results = moved_articles.find_moved_articles(
            feed, listed, item_results, source_results, context
        )
    log_sources(feed.name, source_results)
    usable = results_of_healthy_sources(source_results, items, item_results, due.entries)
    result = merge_and_write(feed, source_results, usable, context)
    context.budget.check_not_cancelled()
    states = [each.state for each in item_results]
    unmarked = mail.mark_stored_messages(items, states, context)
    result = replace(result, problems=(*result.problems, *unmarked))
    save_proposals(feed, source_results, context)
    result = replace(
        redact_result(result),
        requests=_count_requests(source_results, item_results),
        seconds=start.elapsed_seconds(),
    )
    probes = unchanged.plan_next_probe(
        feed, result, source_results, zip(items, item_results, strict=True), context
    )
    source_results = without_unread_changes(source_results, items, item_results)
    save_run(result, source_results, start, context, probes)
    return result


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


def read_items(
    feed: FeedConfig,
    items: Sequence[ListedItem],
    due: Mapping[str, Entry],
    context: RunContext,
    changed_sources: Collection[str] = (),
) -> list[ItemResult]:
    """Return the result of each item; only new, changed and due ones are read.

    Args:
        feed: the feed's settings.
        items: the items, listed ones and those that are only due for a recheck.
        due: key → entry of each article that is due for a recheck.
        context: the services that the run uses.
        changed_sources: the keys of sources with new settings, which may let pages be read.
    """
    keys = [key for item in items for key in item.keys]
    known = KnownItems(
        states=context.store.item_states(feed.name, keys),
        entry_ids=context.store.aliases(feed.name, keys),
        filters=hashlib.sha256(f"{feed.include!r}{feed.exclude!r}".encode()).hexdigest()[:8],
        due=due,
        now=None if context.retry else context.clock(),
        changed_sources=changed_sources,
    )
    results = read_articles(feed, items, known, context)
    for position, reason in anomalies.identical_pages(items, results).items():
        item = items[position]
        error = NoContentError(reason, item.address)
        results[position] = fallback_for(feed, item, error, known, context)
    return results


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
    context: RunContext,
) -> RunResult:
    """Merge the articles into the stored entries and write the feed's files.

    The lock keeps two processes from creating two ids for one article.
    """
    with context.store.feed_lock(feed.name):
        context.budget.check_not_cancelled()
        merged = merge_entries(feed, item_results, context)
        result = _summarize(feed, source_results, item_results, merged)
        unread = _find_other_unread(feed, source_results, item_results, context)
        result = replace(result, problems=(*result.problems, *unread))
        result = _write_if_usable(feed, source_results, item_results, result, context)
        removed = (each.extracted.article.removed for each in item_results if each.extracted)
        context.store.removal_stats.add(feed.name, removed, context.clock())
    return result


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
    context: RunContext,
) -> Iterator[Failure]:
    """Yield the failures of unread items of sources that failed or were not checked.

    An item is unread as long as its source lists it.
    """
    read = {result.key for result in source_results if not result.failure}
    others = {source_key(source) for source in feed.source} - read
    known = {result.state.key for result in item_results}
    checked = {}
    for source in context.store.sources(feed.name) if others else ():
        if source.key in others and source.succeeded:
            checked[source_digest(source.key)] = source.succeeded
    for state, last_listed in context.store.unread_items(feed.name) if checked else ():
        last_check = checked.get(state.version.partition(" ")[0])
        if last_check and last_listed >= last_check and state.key not in known:
            yield describe_unread(state, state.url or state.key)


def _write_if_usable(
    feed: FeedConfig,
    source_results: Sequence[SourceResult],
    item_results: Sequence[ItemResult],
    result: RunResult,
    context: RunContext,
) -> RunResult:
    """Write the feed's files, unless every source failed or no article could be read."""
    has_failure = any(each.failure for each in source_results)
    if has_failure and all(each.failure for each in source_results) and not result.updated:
        return replace(result, status=RunStatus.FAILED)
    live = index.current_feed(feed, context)
    if channel := next((each.podcast for each in source_results if each.podcast), ()):
        live = replace(live, podcast=channel)  # newer than the stored one
    if not live.entries and result.failed:
        reason = f"none of the {pluralize(result.failed, 'article')} listed could be read"
        failure = Failure(feed.name, reason, fatal=True)
        return replace(result, status=RunStatus.FAILED, problems=(*result.problems, failure))
    written = write_feed(feed, live, context)
    status = RunStatus.UPDATED if written else RunStatus.UNCHANGED
    if has_failure or result.unread:
        status = RunStatus.PARTIAL
    missing = _find_unpublished_files(feed, live, item_results, context)
    problems = (*result.problems, *missing)
    return replace(result, status=status, written=written, problems=problems)


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


def write_feed(feed: FeedConfig, live: Feed, context: RunContext) -> tuple[str, ...]:
    """Write the files of a feed that changed, archives first, and return their names.

    The caller holds the feed's lock.
    """
    live = archives.plan_archives(feed, live, context)
    archived, files = archives.write_archives(
        feed, live, context, partial(ensure_lock_held, context)
    )
    record = index.load_record(feed.name, context)
    rendered = assemble.render_files(live, assemble.saved_folders(feed), record, context.output)
    files |= pictures.render_pictures(feed, live, live.entries, context)
    files |= rendered.files
    documents = websub.feed_documents(feed.name, files) if context.settings.websub_hubs else []
    changed = context.output.find_changed({name: files[name] for name in documents})

    def before_writing() -> None:
        ensure_lock_held(context)
        context.store.archives.mark_published(live.name, [entry.id for entry in live.entries])

    with websub.announce_changes(changed, context.settings, context.store, context.clock):
        written = context.output.publish(files, before_commit=before_writing)
    index.save_summary(feed, live, context)
    if rendered.record != record:
        context.store.summaries.save_rendered({feed.name: rendered.record.to_bytes()})
    return (*archived, *written)


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
