"""Archive the entries that leave a feed's live document, so that they stay reachable (RFC 5005).

The store records which entries an archive holds before the archive's files are written. Every
format of an archive has exactly these entries, whenever its file is written.

The next run writes a missing file again: from the store, or, for entries that `keep` has removed
from the store, from another file of the archive. It rewrites an existing file only if `base_url`
has changed, so that readers need not fetch it twice.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Self

from feedpub.builder import assemble, parse_published, reuse
from feedpub.builder.parse_published import UnknownDocumentError
from feedpub.config import FeedConfig
from feedpub.core.log import fields
from feedpub.core.models import Entry, Feed
from feedpub.pipeline import pictures, restore
from feedpub.pipeline.context import RunContext
from feedpub.store import FeedTransaction, UnarchivedEntry

_MAX_PENDING_BYTES = 8 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredArchives:
    """The archives of a feed in the store.

    Attributes:
        numbers: their numbers, oldest first.
        unarchived: the entries that are in none, newest first.
    """

    numbers: tuple[int, ...]
    unarchived: tuple[UnarchivedEntry, ...]

    @classmethod
    def load(cls, transaction: FeedTransaction) -> Self:
        """Load the archives of a feed."""
        return cls(transaction.archive_numbers(), transaction.unarchived_entries())

    def find_first_published(self, live: Feed) -> list[str]:
        """Return the ids of the entries that a live document is the first one to have."""
        unpublished = {entry.id for entry in self.unarchived if not entry.is_published}
        return [entry.id for entry in live.entries if entry.id in unpublished]


def plan_archives(
    feed: FeedConfig, live: Feed, stored: StoredArchives, context: RunContext
) -> tuple[int, ...]:
    """Assign the entries that left the live document to new archives, without writing files.

    Returns:
        The numbers of all archives, oldest first.
    """
    shown = {entry.id for entry in live.entries}
    due = {entry.id for entry in stored.unarchived if entry.is_published or entry.id in shown}
    if others := [entry.id for entry in stored.unarchived if entry.id not in due]:
        entries = context.store.entries_by_id(feed.name, others)
        due.update(entry.id for entry in entries if assemble.admits(feed, entry))
    waiting = [entry for entry in reversed(stored.unarchived) if entry.id in due]
    groups = group_by_archive(
        [entry.id for entry in waiting],
        shown,
        feed.limit,
        {entry.id for entry in waiting if not entry.complete},
    )
    if not groups:
        return stored.numbers
    unused = _iter_unused_numbers(live, max(stored.numbers, default=0), context)
    members = dict(zip(unused, groups, strict=False))
    context.store.archives.add(feed.name, members)
    return (*stored.numbers, *members)


def archive_backfilled(
    feed: FeedConfig, live: Feed, ids: Collection[str], context: RunContext
) -> None:
    """Assign entries that a backfill added to new archives of their own, without writing files.

    The caller holds the feed's lock.

    Args:
        feed: the feed's settings.
        live: the live document.
        ids: the ids of the entries.
        context: the services that the run uses.
    """
    waiting = reversed(context.store.archives.unpublished(feed.name))
    members = [entry.id for entry in waiting if entry.id in ids and assemble.admits(feed, entry)]
    size = max(1, feed.limit // 2)
    groups = [members[start : start + size] for start in range(0, len(members), size)]
    if groups:
        newest = max(context.store.archives.numbers(feed.name), default=0)
        numbers = _iter_unused_numbers(live, newest, context)
        context.store.archives.add(feed.name, dict(zip(numbers, groups, strict=False)))


def group_by_archive(
    waiting: Sequence[str], live: Collection[str], limit: int, incomplete: Collection[str] = ()
) -> list[Sequence[str]]:
    """Group entries into new archives, oldest first, so that every entry is live or archived.

    All entries that are not live are archived. To fill the last archive up to half the size of the
    live document, the oldest live ones are archived, too; otherwise every new entry would create an
    archive of its own. Incomplete entries do not fill archives, because the rest of their text may
    still appear.

    Args:
        waiting: ids of the entries that no archive holds, oldest first.
        live: ids of the entries in the live document.
        limit: the maximum number of entries in the live document.
        incomplete: ids of entries with only a part of their text.

    Returns:
        The ids in each archive, oldest first.
    """
    size = max(1, limit // 2)
    gone = [id_ for id_ in waiting if id_ not in live]
    fillers = [id_ for id_ in waiting if id_ in live and id_ not in incomplete]
    archived = {*gone, *fillers[: -len(gone) % size]}
    members = [id_ for id_ in waiting if id_ in archived]
    return [members[start : start + size] for start in range(0, len(members), size)]


def _iter_unused_numbers(live: Feed, newest: int, context: RunContext) -> Iterator[int]:
    """Yield the numbers above the newest stored one that no file has."""
    for number in count(newest + 1):
        names = [live.archive_file(number, suffix) for suffix in reuse.FORMATS]
        if len(context.output.find_missing(names)) == len(names):
            yield number


def write_archives(
    feed: FeedConfig,
    live: Feed,
    numbers: Sequence[int],
    context: RunContext,
    before_writing: Callable[[], None],
) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Render the archive files that are missing or have an old `base_url`.

    The oldest archive is written first, so that no link leads to a missing file. The newest ones
    are left to the caller, who writes them with the live document: each write flushes the folder.

    Args:
        feed: the feed's settings.
        live: the live document.
        numbers: the numbers of the archives, oldest first.
        context: the services that the run uses.
        before_writing: called before each archive is written; raises if it must not be.

    Returns:
        The names of the files that were written, and the files to write before the live document.

    Raises:
        PublishError: a file cannot be written; later ones are not written either.
        StoreError: the state cannot be read.
    """
    due = _find_due_files(feed, live, numbers, context)
    written: list[str] = []
    pending: dict[str, bytes] = {}
    for previous, number in pairwise((None, *numbers)):
        if not number or not due:
            continue
        suffixes = [s for s in feed.formats if live.archive_file(number, s) in due]
        if suffixes:
            entries = _load_entries(feed, number, context)
            archive = assemble.build_archive(feed, context.settings, entries, number, previous)
            # An entry restored from a document of summaries has no text; its page stays.
            with_text = [entry for entry in archive.entries if entry.html]
            pending |= pictures.render_pictures(feed, live, with_text, context)
            pending |= assemble.render_pages(live, with_text, assemble.saved_folders(feed))
            pending |= reuse.render_documents(archive, suffixes)
            if sum(map(len, pending.values())) > _MAX_PENDING_BYTES:
                written += context.output.publish(pending, before_commit=before_writing)
                pending = {}
    return tuple(written), pending


def _find_due_files(
    feed: FeedConfig, live: Feed, numbers: Iterable[int], context: RunContext
) -> set[str]:
    """Return the names of the archive files that are missing or outdated."""
    names: dict[str, list[str]] = {}
    for number in numbers:
        for suffix in feed.formats:
            names.setdefault(suffix, []).append(live.archive_file(number, suffix))
    missing = set(context.output.find_missing([name for row in names.values() for name in row]))
    return missing | _find_outdated(names, missing, live, context)


def _find_outdated(
    names: Mapping[str, Sequence[str]], missing: Collection[str], live: Feed, context: RunContext
) -> set[str]:
    """Return the files that were written with another `base_url`.

    The newest file of a format is always written last, so only that one is checked.

    Args:
        names: format → the names of its archives, oldest first.
        missing: the names of the files that do not exist.
        live: the live document.
        context: the services that the run uses.
    """
    outdated: set[str] = set()
    for suffix, row in names.items():
        existing = [name for name in row if name not in missing]
        for name in reversed(existing):
            if base := _read_base_url(name, suffix, context):
                if base != live.base_url:
                    outdated.update(existing)
                break
    return outdated


def _read_base_url(name: str, suffix: str, context: RunContext) -> str:
    """Return the `base_url` that an archive was written with; "" if it cannot be read."""
    with suppress(UnknownDocumentError):
        return parse_published.read_links(context.output.read(name) or b"", suffix).base
    return ""


def _load_entries(feed: FeedConfig, number: int, context: RunContext) -> Sequence[Entry]:
    """Return the entries of an archive, newest first.

    Entries that the store no longer has are read from the archive's files.
    """
    stored = context.store.archives.entries(feed.name, number)
    removed = context.store.archives.members(feed.name, number) - {entry.id for entry in stored}
    if not removed:
        return stored
    found = restore.read_archive(feed, number, removed, context)
    if lost := removed - {entry.id for entry in found}:
        reason = f"{len(lost)} of its entries are older than `keep`, and in none of its files"
        extra = fields(feed=feed.name, number=number, reason=reason)
        _log.warning("archive_incomplete", extra=extra)
    entries = [*stored, *found]
    return sorted(
        entries,
        key=lambda e: (-e.published.timestamp(), -e.first_seen.timestamp(), e.rank, e.id),
    )
